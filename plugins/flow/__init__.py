"""Flow control: wait, manual judgment, child pipelines, webhooks."""

from collections.abc import Sequence

from gennaker.core.hookspecs import hookimpl
from gennaker.core.stage import Stage
from gennaker.plugins.flow.wait import Wait


@hookimpl
def gennaker_stages() -> Sequence[type[Stage]]:
    """The stage types of this plugin."""
    return [Wait]
