"""Decides what becomes of the instances of a region: which have to go, which get traffic, how many are missing.

Separate because it only decides, from what is wanted and what is there: nothing is started or asked here, so every case can be tested.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from gennaker.plugins.local.balancer import Frontend, Server
from gennaker.plugins.local.records import Rules, Seen, WantedBalancer, WantedGroup

#: An instance that has to go is not ended before the balancer was asked once more for its connections.
SETTLE_MS = 100
#: Failed checks in a row until an instance is down.
FAILURES = 3
#: The longest pause before an instance that ends at once is started again.
_LONGEST_PAUSE_MS = 30_000
#: An instance that lived so long has worked.
_WORKED_MS = 10_000


class Crashes(Struct, kw_only=True):
    """Instances of a group that ended by themselves, soon after their start."""

    count: int = 0
    last: int = 0

    def note(self, lived: int, now: int) -> None:
        """One has ended."""
        self.count = 1 if lived > _WORKED_MS else self.count + 1
        self.last = now

    def allows(self, now: int) -> bool:
        """Another may be started now."""
        if self.count < 2:
            return True
        return now - self.last >= min(_LONGEST_PAUSE_MS, 500 << min(self.count - 2, 10))


def release(group: WantedGroup | None, instances: Iterable[Seen]) -> None:
    """Say which instances have to go: those that are asked to, those of a group that is not wanted, and what is too much."""
    mine = list(instances)
    if group is None or group.gone:
        for one in mine:
            one.leaving = True
        return
    for one in mine:
        if one.id in group.condemned:
            one.leaving = True
    staying = sorted((one for one in mine if not one.leaving), key=_worth)
    for one in staying[group.desired :]:
        one.leaving = True


def direct(group: WantedGroup | None, instances: Iterable[Seen], now: int) -> None:
    """Say which instances get traffic: those that had it before others, only such that are up, as many as are to serve."""
    mine = list(instances)
    able = sorted((one for one in mine if one.state == "Up" and not one.leaving), key=_worth)
    serving = {one.id for one in able[: group.serving if group and not group.gone else 0]}
    for one in mine:
        if one.id in serving:
            one.serves, one.drained_from = True, 0
        elif one.serves or not one.drained_from:
            one.serves, one.drained_from = False, now


def missing(group: WantedGroup, instances: Iterable[Seen]) -> int:
    """How many instances have to be started."""
    return 0 if group.gone else max(0, group.desired - sum(not one.leaving for one in instances))


def may_end(one: Seen, now: int, rules: Rules) -> bool:
    """An instance that has to go has no connections any more, or they took too long."""
    since = now - one.drained_from
    idle = one.connections == 0 and since >= SETTLE_MS
    return one.leaving and not one.serves and (idle or since >= rules.drain_seconds * 1000)


def frontends(
    balancers: Mapping[str, WantedBalancer], groups: Mapping[str, WantedGroup], instances: Sequence[Seen], listen: str
) -> list[Frontend]:
    """What the balancer is told: each instance that was started, and whether it takes connections.

    When none of a load balancer's instances is up, those that should be and that live are tried all the same.
    """
    found = []
    for name, wanted in balancers.items():
        behind = [
            one for one in instances if one.process and one.group in groups and name in groups[one.group].balancers
        ]
        accepting = {one.id for one in behind if one.serves}
        if not accepting:
            accepting = {one.id for one in _last_hope(groups, behind)}
        servers = tuple(Server(id=one.id, port=one.port, accepts=one.id in accepting) for one in behind)
        found.append(Frontend(name=name, host=listen, port=wanted.port, protocol=wanted.protocol, servers=servers))
    return found


def _last_hope(groups: Mapping[str, WantedGroup], behind: Sequence[Seen]) -> list[Seen]:
    return [one for one in behind if one.state == "Down" and not one.leaving and groups[one.group].serving]


def _worth(one: Seen) -> tuple[bool, bool, int, str]:
    """Those that are kept first: with traffic, up, old."""
    return (not one.serves, one.state != "Up", one.launched, one.id)
