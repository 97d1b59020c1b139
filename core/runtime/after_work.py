"""Has the inventory look again where a cloud's stage has just done something.

Separate because the worker knows no clouds. It follows from the end of any task, so that no author of a stage can forget it; polling
finds what this misses.
"""

from collections.abc import Callable, Iterator
from typing import Any

from gennaker.core.cloud.stage import CloudStage
from gennaker.core.inventory.facts import Kind
from gennaker.core.inventory.looker import Looker
from gennaker.core.model.messages import Outcome
from gennaker.core.model.status import Status
from gennaker.core.model.work import Work
from gennaker.core.stage import Stage

#: What an operation may have changed besides server groups and load balancers, by what its stage needs of a cloud.
_MORE: dict[str, Kind] = {"firewall": "securityGroups", "tagImage": "images"}

Finished = Callable[[type[Stage], Work, Outcome], None]


def after_work(looker: Looker) -> Finished:
    """What a worker calls when a task has ended, however it ended: also what failed may have changed something."""

    def finished(stage: type[Stage], work: Work, outcome: Outcome) -> None:
        if (
            not issubclass(stage, CloudStage)
            or not stage.needs
            or work.kind == "plan"
            or outcome.status is Status.RUNNING
        ):
            return
        context = {**work.context, **outcome.context}
        account = context.get("credentials") or context.get("account")
        if isinstance(account, str) and account:
            kinds: list[Kind] = ["serverGroups", "loadBalancers"]
            kinds += [_MORE[need] for need in stage.needs if need in _MORE]
            looker.refresh(stage.provider, account, list(_regions(context)), work.application, kinds)

    return finished


def _regions(context: dict[str, Any]) -> Iterator[str]:
    """The regions that a stage names, in one of the ways that stages do."""
    if isinstance(region := context.get("region"), str):
        yield region
    for key in ("regions", "availabilityZones"):
        if isinstance(many := context.get(key), list | dict):
            yield from (one for one in many if isinstance(one, str))
