"""Which server group of a cluster is meant: `current`, `previous`, `oldest`, `largest` or `fail`.

Separate because these words have rules, and four ways to find nothing. Source: reference clouds §1.2, F.2.
"""

from collections.abc import Sequence

from gennaker.core.cloud.model import ServerGroup
from gennaker.core.errors import InvalidRequest, NotFound

#: All that a target is called, by stages and by people.
_NAMES = {
    "current": "current",
    "newest": "current",
    "current_asg": "current",
    "previous": "previous",
    "ancestor": "previous",
    "ancestor_asg": "previous",
    "oldest": "oldest",
    "oldest_asg": "oldest",
    "largest": "largest",
    "fail": "fail",
}


def choose(groups: Sequence[ServerGroup], target: str, *, where: str, validate_oldest: bool = True) -> ServerGroup:
    """The server group that a target means; `where` names the cluster in errors. Raises InvalidRequest, NotFound."""
    meant = _NAMES.get(target.lower().removesuffix("_dynamic"))
    if meant is None:
        raise InvalidRequest(f"{target!r} is no target; expected one of {', '.join(_NAMES)}", "target")
    newest_first = sorted(groups, key=lambda group: (group.created, group.name), reverse=True)
    if not newest_first:
        raise NotFound(f"No server group found in {where}")
    if meant == "previous" and len(newest_first) < 2:
        raise NotFound(f"No previous server group in {where}: {newest_first[0].name} is the only one")
    if meant == "oldest" and validate_oldest and len(newest_first) < 2:
        raise NotFound(f"{newest_first[0].name} is the only server group in {where}, so it is not the oldest")
    if meant == "fail" and len(newest_first) > 1:
        names = ", ".join(group.name for group in newest_first)
        raise NotFound(f"Exactly one server group is expected in {where}, and there are {len(newest_first)}: {names}")
    if meant == "largest":
        return max(newest_first, key=lambda group: len(group.instances))
    return newest_first[{"current": 0, "previous": 1, "oldest": -1, "fail": 0}[meant]]
