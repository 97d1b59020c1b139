"""Which looks follow a task of a cloud's stage."""

from typing import Any

import pytest
from tiny_cloud import TinyCloud

from gennaker.core.cloud.stage import CloudStage, bind
from gennaker.core.model.messages import Outcome
from gennaker.core.model.status import Status
from gennaker.core.model.work import Work
from gennaker.core.runtime.after_work import after_work
from gennaker.core.stage import Stage, task


class Destroy(CloudStage, type="destroyServerGroup"):
    """Destroys."""

    needs = ("destroy",)

    @task
    def go(self, run: Any) -> Outcome:
        return run.succeeded()


class Wall(CloudStage, type="upsertSecurityGroup"):
    """Changes a firewall."""

    needs = ("firewall",)


class Waiting(CloudStage, type="waitForUp"):
    """Only waits."""


class Plain(Stage, type="plain"):
    """Knows no cloud."""


class Noting:
    """A looker that notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def refresh(self, *asked: Any) -> None:
        self.asked.append(asked)


def follow(stage: type[Stage], context: dict[str, Any], status: Status = Status.SUCCEEDED, kind: str = "task") -> Any:
    looker = Noting()
    bound = bind(stage, TinyCloud()) if issubclass(stage, CloudStage) else stage
    fields = {"execution": "E", "stage": "S", "name": "go", "round": 0, "attempt": 1, "shard": 0, "key": "k"}
    times = {"at": 0, "answer_by": 0, "not_after": 0}
    work = Work(kind=kind, type=stage.type, application="shop", context=context, **fields, **times)  # type: ignore[arg-type]
    after_work(looker)(bound, work, Outcome(status=status))  # type: ignore[arg-type]
    return looker.asked


PROD = {"credentials": "prod"}
BOTH = ["serverGroups", "loadBalancers"]


@pytest.mark.parametrize(
    ("context", "regions"),
    [
        (PROD, []),
        ({"account": "prod", "region": "north"}, ["north"]),
        ({**PROD, "regions": ["north", "south", 7]}, ["north", "south"]),
        ({**PROD, "availabilityZones": {"north": ["a"]}}, ["north"]),
    ],
)
def test_the_regions_that_the_stage_names_are_looked_at(context: dict[str, Any], regions: list[str]) -> None:
    assert follow(Destroy, context) == [("tiny", "prod", regions, "shop", BOTH)]


def test_what_failed_may_have_changed_something_too() -> None:
    assert len(follow(Destroy, PROD, Status.TERMINAL)) == 1
    assert len(follow(Destroy, PROD, kind="cancel")) == 1


def test_a_change_of_firewalls_has_them_read_too() -> None:
    assert follow(Wall, PROD)[0][-1] == [*BOTH, "securityGroups"]


@pytest.mark.parametrize(
    ("stage", "context", "status", "kind"),
    [
        (Destroy, PROD, Status.RUNNING, "task"),
        (Destroy, PROD, Status.SUCCEEDED, "plan"),
        (Destroy, {"region": "north"}, Status.SUCCEEDED, "task"),
        (Destroy, {"credentials": 5}, Status.SUCCEEDED, "task"),
        (Waiting, PROD, Status.SUCCEEDED, "task"),
        (Plain, PROD, Status.SUCCEEDED, "task"),
    ],
)
def test_nothing_is_looked_at_after_what_changes_nothing(
    stage: type[Stage], context: dict[str, Any], status: Status, kind: str
) -> None:
    assert follow(stage, context, status, kind) == []
