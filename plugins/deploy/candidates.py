"""What a rollback takes traffic from, and what it gives it back to.

Separate because it is pure, and people ask why: the answer says so. Source: reference engine §5.3, clouds §3.9.
"""

from collections.abc import Sequence

from msgspec import Struct

from gennaker.core.cloud.health import up_count
from gennaker.core.cloud.model import ServerGroup


class Candidate(Struct, frozen=True, kw_only=True):
    """A rollback of one region, or why there is none."""

    bad: ServerGroup | None = None
    restore: ServerGroup | None = None
    why: str


def candidate(
    groups: Sequence[ServerGroup], *, bad: str = "", restore: str = "", only_enabled: bool = False
) -> Candidate:
    """From the newest enabled server group (or `bad`) to the one that is named, or else the newest other one."""
    newest_first = sorted(groups, key=lambda group: (group.created, group.name), reverse=True)
    known = {group.name: group for group in newest_first}
    enabled = [group for group in newest_first if not group.disabled]
    if len(newest_first) < 2:
        return Candidate(why=f"there is nothing to go back to: the cluster has {', '.join(known) or 'no server group'}")
    if not enabled:
        return Candidate(why="no server group is enabled, so there is none to take traffic from")
    if bad and bad not in known:
        return Candidate(why=f"there is no server group {bad}; the cluster has {', '.join(known)}")
    source = (
        known[bad]
        if bad
        else next(group for group in enabled if group.name != restore)
        if any(group.name != restore for group in enabled)
        else None
    )
    if source is None:
        return Candidate(why=f"{restore} is the only enabled server group already")
    if restore:
        return _named(known, source, restore)
    others = [group for group in newest_first if group.name != source.name]
    if only_enabled:
        others = [group for group in others if not group.disabled]
    if not others:
        return Candidate(bad=source, why=f"no other server group than {source.name} is enabled")
    chosen = others[0]
    state = (
        f"{'disabled' if chosen.disabled else 'enabled'}, {up_count(chosen)} of {chosen.capacity.desired} instances up"
    )
    return Candidate(bad=source, restore=chosen, why=f"{chosen.name} is the newest other server group ({state})")


def healthy_percentage(desired: int) -> int:
    """How many per cent of a restored server group must be up, when nobody says."""
    return 100 if desired < 10 else 90 if desired < 20 else 95


def _named(known: dict[str, ServerGroup], source: ServerGroup, name: str) -> Candidate:
    if name not in known:
        return Candidate(bad=source, why=f"there is no server group {name}; the cluster has {', '.join(known)}")
    if name == source.name:
        return Candidate(bad=source, why=f"{name} is the one to roll back; expected another one to go back to")
    return Candidate(bad=source, restore=known[name], why=f"{name} was named")
