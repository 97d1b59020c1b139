"""Traffic guards: nobody takes the last healthy server group of a guarded cluster away.

Separate because every stage that takes something away asks it, with what is there at that moment. Source: reference clouds §3.10.
"""

from collections.abc import Sequence
from typing import Any

from gennaker.core.cloud.health import up_count
from gennaker.core.cloud.model import ServerGroup
from gennaker.core.cloud.names import parse
from gennaker.core.stage import Run
from gennaker.plugins.deploy.settings import Settings

Json = dict[str, Any]


def refusal(run: Run, what: str, leaving: Sequence[ServerGroup], cluster: Sequence[ServerGroup]) -> str:
    """Why an operation (`what`, such as `destroy`) must not take these groups of a cluster in one place; empty when it may."""
    if not leaving:
        return ""
    settings = run.services.settings if isinstance(run.services.settings, Settings) else Settings()
    one = leaving[0]
    name = parse(one.name)
    if not guarded(guards_for(run, settings, name.app), one.account, one.region, name.cluster):
        return ""
    return lacking(what, leaving, cluster, settings.min_capacity_ratio)


def guards_for(run: Run, settings: Settings, name: str) -> list[Json]:
    """The guards of the application that the cluster belongs to, whoever asks. A worker that cannot look takes every cluster for guarded, unless it is told otherwise."""
    if run.services.definitions is None:
        return [{"account": "*", "location": "*", "stack": "*", "detail": "*"}] if settings.assume_guarded else []
    application = run.services.definitions.application(name)
    guards = (application or {}).get("trafficGuards")
    return [guard for guard in guards if isinstance(guard, dict)] if isinstance(guards, list) else []


def guarded(guards: Sequence[Json], account: str, location: str, cluster: str) -> bool:
    """Whether a cluster is guarded: of the guards that fit, the most precise (account, then location, stack, detail) decides."""
    name = parse(cluster)
    here = {"account": account, "location": location, "stack": name.stack, "detail": name.detail}
    fitting = [guard for guard in guards if all((guard.get(key) or "") in ("*", value) for key, value in here.items())]
    if not fitting:
        return False
    best = max(fitting, key=lambda guard: [(guard.get(key) or "") != "*" for key in here])
    return best.get("enabled", True) is not False


def lacking(what: str, leaving: Sequence[ServerGroup], cluster: Sequence[ServerGroup], ratio: float) -> str:
    """Why too little of a guarded cluster would be left; empty when enough is."""
    going = {group.name for group in leaving}
    up = {group.name: up_count(group) for group in cluster}
    now = sum(up.values())
    then = sum(count for name, count in up.items() if name not in going)
    if now == 0 or then / now > ratio:
        return ""
    sizes = {group.capacity.desired for group in leaving}
    pinned = all(group.capacity.pinned for group in leaving) and len(sizes) == 1
    if then > 0 and len(leaving) > 1 and pinned:
        return ""
    one = leaving[0]
    return (
        f"a traffic guard does not allow to {what} {', '.join(sorted(going))}: cluster {parse(one.name).cluster} in "
        f"{one.account}/{one.region} has {now} healthy instances and would be left with {then}; expected more than "
        f"{ratio:.0%} of them"
    )
