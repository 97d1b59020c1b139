"""The rules that are pure: targets, guards, sizes, waits, candidates, as tables."""

import pytest
from msgspec.structs import replace

from gennaker.core.cloud.model import Capacity, Health, Image, Instance, ServerGroup
from gennaker.core.errors import InvalidRequest
from gennaker.core.model.work import Work
from gennaker.core.run import Run
from gennaker.core.services import Services
from gennaker.core.testing.memory_cloud import MemoryCloud
from gennaker.plugins.deploy.candidates import candidate, healthy_percentage
from gennaker.plugins.deploy.guard import guarded, lacking, refusal
from gennaker.plugins.deploy.settings import Settings
from gennaker.plugins.deploy.sizes import Wish, resized
from gennaker.plugins.deploy.strategies.rolling import steps
from gennaker.plugins.deploy.target import choose
from gennaker.plugins.deploy.waiting import poll_s, sources_for, wanted_down, wanted_share, wanted_up


def group(number: int, up: int = 1, *, size: int | None = None, disabled: bool = False) -> ServerGroup:
    healths = (Health(type="LoadBalancer", state="Up"),)
    desired = up if size is None else size
    return ServerGroup(
        name=f"shop-web-v{number:03d}",
        provider="memory",
        account="prod",
        region="here",
        created=number,
        capacity=Capacity(min=desired, max=desired, desired=desired),
        disabled=disabled,
        instances=tuple(Instance(id=f"i-{number}-{each}", healths=healths) for each in range(up)),
        image=Image(id=f"img-{number}", name=f"v{number}", provider="memory"),
    )


@pytest.mark.parametrize(
    ("count", "target", "found"),
    [
        (1, "previous", None),
        (1, "oldest", None),
        (1, "newest", 0),
        (1, "fail", 0),
        (2, "fail", None),
        (3, "current", 2),
        (3, "ancestor", 1),
        (3, "oldest", 0),
        (3, "largest", 2),
        (0, "current", None),
    ],
)
def test_a_target_is_one_of_the_cluster(count: int, target: str, found: int | None) -> None:
    groups = [group(number) for number in range(count)]
    if found is None:
        with pytest.raises(InvalidRequest):
            choose(groups, target, where="shop-web")
    else:
        assert choose(groups, target, where="shop-web").created == found


@pytest.mark.parametrize(
    ("ups", "leaving", "ratio", "allowed"),
    [
        ([3, 3], [0], 0.0, True),
        ([3, 3], [0, 1], 0.0, False),
        ([4, 2], [0], 0.4, False),
        ([4, 2], [0], 0.3, True),
        ([0, 0], [0, 1], 0.0, True),
        ([3, 3, 1], [0, 1], 0.4, True),  # all that leave are pinned at the same size
        ([3, 2, 1], [0, 1], 0.4, False),
    ],
)
def test_a_guard_counts_what_is_left(ups: list[int], leaving: list[int], ratio: float, allowed: bool) -> None:
    groups = [group(number, up) for number, up in enumerate(ups)]
    reason = lacking("destroy", [groups[index] for index in leaving], groups, ratio)
    assert (reason == "") is allowed


@pytest.mark.parametrize(
    ("guards", "holds"),
    [
        ([], False),
        ([{"account": "*", "location": "*", "stack": "*", "detail": "*"}], True),
        ([{"account": "prod", "location": "*", "stack": "web"}], True),  # no detail fits no detail only
        ([{"account": "prod", "location": "*"}], False),
        ([{"account": "test", "location": "*", "stack": "*", "detail": "*"}], False),
        (
            [
                {"account": "prod", "location": "*", "stack": "*", "detail": "*", "enabled": False},
                {"account": "*", "location": "here", "stack": "web", "detail": "*", "enabled": True},
            ],
            False,  # the account is more precise than all the rest
        ),
        (
            [
                {"account": "*", "location": "*", "stack": "*", "detail": "*", "enabled": False},
                {"account": "*", "location": "here", "stack": "*", "detail": "*", "enabled": True},
            ],
            True,
        ),
    ],
)
def test_which_guard_holds(guards: list[dict[str, object]], holds: bool) -> None:
    assert guarded(guards, "prod", "here", "shop-web") is holds


@pytest.mark.parametrize(
    ("desired", "percentage", "target"),
    [(10, None, 10), (10, 95, 10), (1, 10, 1), (10, 0, 0), (0, 100, 0), (3, 50, 2), (10, 84, 8), (0, 50, 0)],
)
def test_how_many_must_be_up(desired: int, percentage: float | None, target: int) -> None:
    assert wanted_up(desired, percentage) == target


def test_shares_are_rounded_up() -> None:
    some = group(1, 7)
    assert [wanted_share(some, each) for each in (0, 50, 100)] == [0, 4, 7]
    assert [wanted_down(some, each) for each in (0, 25, 50, 100)] == [0, 2, 4, 7]


def test_a_group_that_only_its_cloud_looks_at_is_judged_by_that() -> None:
    platform = Instance(id="i", healths=(Health(type="Amazon", state="Unknown", platform=True),))
    bare = ServerGroup(
        name="a", provider="p", account="a", region="r", created=0, capacity=Capacity(min=1, max=1, desired=1)
    )
    alone = replace(bare, instances=(platform,))
    assert sources_for(alone, None) == {"Amazon"}
    assert sources_for(replace(alone, load_balancers=("front",)), None) is None
    assert sources_for(alone, []) == []


NOW = Capacity(min=2, max=8, desired=4)


@pytest.mark.parametrize(
    ("wish", "size"),
    [
        (Wish(action="scale_up", percentage=50), (3, 6, 12)),
        (Wish(action="scale_down", percentage=60), (0, 1, 3)),
        (Wish(action="scale_down", number=9), (0, 0, 0)),
        (Wish(action="scale_up"), (2, 4, 8)),
        (Wish(capacity={"desired": 8}), (2, 8, 8)),
        (Wish(capacity={"max": 1}), (1, 1, 1)),
        (Wish(capacity={"min": 9}), (9, 9, 9)),
        (Wish(capacity={"min": 1, "max": 7, "desired": 7}, percentage=25, pin=True), (2, 2, 2)),
        (Wish(capacity={"min": 7, "max": 7, "desired": 7}, percentage=100, unpin_to=3), (3, 7, 7)),
        (Wish(pin_least=True), (4, 4, 8)),
        (Wish(unpin_to=5), (2, 4, 8)),
        (Wish(unpin_to=1), (1, 4, 8)),
        (Wish(action="scale_to_server_group", percentage=50), (3, 3, 9)),
        (Wish(action="scale_to_cluster"), (5, 6, 9)),
        (Wish(action="scale_to_cluster", percentage=50), (5, 9, 9)),
        (Wish(action="scale_to_cluster", number=2), (5, 8, 9)),
    ],
)
def test_a_wish_comes_to_a_size(wish: Wish, size: tuple[int, int, int]) -> None:
    other = Capacity(min=5, max=9, desired=6)
    found = resized(wish, NOW, other, [NOW, other])
    assert (found.min, found.desired, found.max) == size


@pytest.mark.parametrize(
    "wish",
    [Wish(action="sideways"), Wish(capacity={"desired": 9}), Wish(capacity={"min": -1, "desired": 0})],
)
def test_sizes_that_cannot_be(wish: Wish) -> None:
    with pytest.raises(InvalidRequest):
        resized(wish, NOW, None, [])


def test_steps_rise_to_a_hundred() -> None:
    assert steps([25, 50], "x") == [25, 50, 100]
    assert steps("50,100", "x") == [50, 100]
    assert steps(None, "x") == [100]
    for wrong in ([50, 25], [0], [150], ["half"]):
        with pytest.raises(InvalidRequest):
            steps(wrong, "targetPercentages")


class TestCandidates:
    def test_the_newest_other_one(self) -> None:
        found = candidate([group(1), group(2, disabled=True), group(3)])
        assert found.bad
        assert found.restore
        assert (found.bad.created, found.restore.created) == (3, 2)
        assert "newest other server group (disabled, 1 of 1 instances up)" in found.why

    def test_only_an_enabled_one(self) -> None:
        found = candidate([group(1), group(2, disabled=True), group(3)], only_enabled=True)
        assert found.restore
        assert found.restore.created == 1

    def test_the_one_that_is_named(self) -> None:
        found = candidate([group(1, disabled=True), group(2, disabled=True), group(3)], restore="shop-web-v001")
        assert found.bad
        assert found.restore
        assert (found.bad.created, found.restore.created) == (3, 1)

    @pytest.mark.parametrize(
        ("groups", "options", "why"),
        [
            ([group(1)], {}, "nothing to go back to: the cluster has shop-web-v001"),
            ([], {}, "no server group"),
            ([group(1, disabled=True), group(2, disabled=True)], {}, "no server group is enabled"),
            ([group(1), group(2)], {"bad": "shop-web-v009"}, "there is no server group shop-web-v009"),
            ([group(1), group(2)], {"restore": "shop-web-v009"}, "there is no server group shop-web-v009"),
            (
                [group(1, disabled=True), group(2)],
                {"restore": "shop-web-v002"},
                "the only enabled server group already",
            ),
            ([group(1, disabled=True), group(2)], {"only_enabled": True}, "no other server group than shop-web-v002"),
        ],
    )
    def test_no_way_back(self, groups: list[ServerGroup], options: dict[str, object], why: str) -> None:
        found = candidate(groups, **options)  # type: ignore[arg-type]
        assert found.restore is None
        assert why in found.why

    def test_how_many_must_be_up(self) -> None:
        assert [healthy_percentage(each) for each in (1, 9, 10, 19, 20)] == [100, 100, 90, 90, 95]


@pytest.mark.parametrize(("assumed", "refused"), [(True, True), (False, False)])
def test_a_worker_that_cannot_read_the_guards_takes_every_cluster_for_guarded(assumed: bool, refused: bool) -> None:
    work = Work(
        execution="E",
        stage="S",
        kind="task",
        name="t",
        round=1,
        attempt=1,
        key="k",
        at=0,
        answer_by=1,
        not_after=1,
        shard=0,
        type="destroyServerGroup",
        application="shop",
    )
    run = Run(work, Services(settings=Settings(assume_guarded=assumed)))
    assert bool(refusal(run, "destroy", [group(1)], [group(1)])) is refused
    assert refusal(run, "destroy", [group(1)], [group(1), group(2)]) == ""
    assert refusal(run, "destroy", [], []) == ""


def test_a_ratio_that_would_stop_everything_is_refused() -> None:
    with pytest.raises(ValueError, match=r"less than 0\.5"):
        Settings(min_capacity_ratio=0.5)


@pytest.mark.parametrize(
    ("elapsed", "looked_at", "seconds"),
    [
        (0, None, 1),
        (8, None, 4),
        (40, None, 10),
        (1799, None, 10),
        (1800, None, 60),
        (3600, None, 120),
        (0, 2.0, 0.2),
        (3, 2.0, 1.5),
        (40, 2.0, 2),
        (0, 0.1, 0.1),
        (40, 0.1, 1),
        (0, 30.0, 1),
        (40, 30.0, 10),
        (1800, 2.0, 60),
    ],
)
def test_a_look_comes_again_as_often_as_the_cloud_bears_it(
    elapsed: int, looked_at: float | None, seconds: float
) -> None:
    cloud = MemoryCloud(lambda: 0)
    cloud.poll_s = looked_at or 0.0
    given = {
        "kind": "task",
        "name": "wait",
        "round": 0,
        "attempt": 1,
        "key": "k",
        "answer_by": 0,
        "not_after": 0,
        "shard": 0,
    }
    work = Work(execution="E", stage="S", at=elapsed * 1000, type="resizeServerGroup", provider="memory", **given)
    run = Run(work, Services(clouds={"memory": cloud} if looked_at else {}))
    assert poll_s(run) == seconds
