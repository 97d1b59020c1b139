"""When an instance is up or down, and how healthy a server group is. Source: reference clouds §3.11.

Separate because stages, guards, inventory and pages must agree on it, whatever the cloud.
"""

from collections.abc import Collection, Iterable

from gennaker.core.cloud.model import Health, Instance, ServerGroup, State

_BAD = frozenset({"Down", "OutOfService", "Starting", "Draining"})
_ORDER: tuple[State, ...] = ("Starting", "Down", "OutOfService", "Draining", "Failed")


def is_up(instance: Instance, sources: Collection[str] | None = None) -> bool:
    """Whether it serves. `sources`: health types that count; None = all, empty = it is taken to be up without a look."""
    if sources is not None and not sources:
        return True
    healths = _counted(instance.healths, sources)
    if any(health.state in _BAD for health in healths):
        return False
    if any(health.state == "Up" for health in healths):
        return True
    return sources is not None and any(health.platform and health.state != "Down" for health in healths)


def is_down(instance: Instance, sources: Collection[str] | None = None) -> bool:
    """Whether it certainly does not serve: not the opposite of up, an instance may be neither."""
    healths = _counted(instance.healths, sources)
    if not healths:
        return sources is None
    if len(healths) == 1 and healths[0].platform and healths[0].state == "Unknown":
        return True
    states = {health.state for health in healths}
    return bool(states & {"Down", "OutOfService", "Starting"}) and not states & {"Up", "Draining"}


def state_of(instance: Instance) -> State:
    """One word for all its healths: any bad one wins, the cloud's own `Unknown` does not count beside others."""
    states = {health.state for health in instance.healths if not (health.platform and health.state == "Unknown")}
    for state in _ORDER:
        if state in states:
            return state
    return "Up" if states == {"Up"} else "Unknown"


def up_count(group: ServerGroup, sources: Collection[str] | None = None) -> int:
    """How many of its instances are up."""
    return sum(is_up(instance, sources) for instance in group.instances)


def is_active(group: ServerGroup) -> bool:
    """It gets traffic, or could: not disabled, or with an instance that is up."""
    return not group.disabled or up_count(group) > 0


def counts(instances: Iterable[Instance]) -> dict[str, int]:
    """`instanceCounts` of Spinnaker's JSON."""
    found = {
        "total": 0,
        "up": 0,
        "down": 0,
        "unknown": 0,
        "outOfService": 0,
        "starting": 0,
        "succeeded": 0,
        "failed": 0,
    }
    names = {"Up": "up", "Down": "down", "OutOfService": "outOfService", "Starting": "starting"}
    names |= {"Succeeded": "succeeded", "Failed": "failed"}
    for instance in instances:
        found["total"] += 1
        found[names.get(state_of(instance), "unknown")] += 1
    return found


def _counted(healths: tuple[Health, ...], sources: Collection[str] | None) -> list[Health]:
    return [health for health in healths if sources is None or health.type in sources]
