"""Which health providers count for a stage.

Separate because every stage that waits has this task. Source: reference clouds §3.11.
"""

from gennaker.core.cloud.provider import Cloud
from gennaker.core.stage import Outcome, Run

NAMES = "interestingHealthProviderNames"


def determined(run: Run, cloud: Cloud) -> Outcome:
    """What the stage says; else the cloud's own word alone, where the application wants it so; else all."""
    if isinstance(run.context.get(NAMES), list) or run.services.definitions is None or not cloud.platform_health:
        return run.succeeded()
    application = run.services.definitions.application(run.application) or {}
    only = application.get("platformHealthOnly") in (True, "true")
    if only and application.get("platformHealthOnlyShowOverride") in (True, "true"):
        return run.succeeded(context={NAMES: [cloud.platform_health]})
    return run.succeeded()
