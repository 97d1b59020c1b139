"""Stage type `manualJudgment`.

Separate because it waits for a person: it is called when somebody changes the stage, never by the clock.
"""

from typing import Any

from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, Stage, task

_THREE_DAYS_S = 3 * 24 * 3600


class ManualJudgment(
    Stage,
    type="manualJudgment",
    quick=True,
    asks=True,
    restart_clears=("judgmentStatus", "judgmentInput", "lastModifiedBy"),
):
    """Wait until a person says whether the pipeline goes on.

    It is answered by a PATCH of the stage with `judgmentStatus` (and `judgmentInput`). A stop is a failure, so the failure options of
    the stage decide what it means.
    """

    examples = ({"instructions": "Ship it?", "judgmentInputs": [{"value": "to all"}, {"value": "to some"}]},)

    instructions: str = field("instructions", "what the person is asked, as Markdown or HTML", default="")
    inputs: list[Any] = field("judgmentInputs", "the choices, each `{value}`", default=[])
    status: str = field("judgmentStatus", "the answer: continue or stop", default="")
    chosen: Any = field("judgmentInput", "the choice that was made", default=None)
    roles: list[str] = field("selectedStageRoles", "roles of which the person needs one; stored", default=[])
    required_roles: list[str] = field("requiredJudgmentRoles", "the same, and wins; stored", default=[])
    propagate: bool = field(
        "propagateAuthenticationContext", "later stages are to run as the person who answered; stored", default=False
    )
    notify: bool = field("sendNotifications", "tell people about it; stored", default=False)
    notifications: list[Any] = field("notifications", "whom to tell, and how; stored", default=[])

    @task(timeout=_THREE_DAYS_S, overridable=True, effect="none")
    def wait_for_judgment(self, run: Run) -> Outcome:
        """Look whether it was answered."""
        answer = self.status.strip().lower()
        if answer == "continue":
            return run.succeeded()
        if answer == "stop":
            return run.failed(f"{run.last_modified.get('user') or 'somebody'} judged: stop")
        return run.running()
