"""Which server group of a cluster is meant: newest, the one before it, oldest, largest, the only one.

Separate because stages, images and rollbacks choose in the same way. Source: reference engine §5.3, clouds §1.2.
"""

from collections.abc import Sequence

from gennaker.core.cloud.model import ServerGroup
from gennaker.core.errors import InvalidRequest

_WORDS = {
    "current": "current",
    "newest": "current",
    "ancestor": "previous",
    "previous": "previous",
    "oldest": "oldest",
    "largest": "largest",
    "fail": "fail",
}


def target_of(word: str) -> str:
    """The plain word for a target such as `current_asg_dynamic`. Raises InvalidRequest."""
    plain = word.lower().removesuffix("_dynamic").removesuffix("_asg")
    if plain not in _WORDS:
        raise InvalidRequest(f"{word!r} names no server group; expected one of {', '.join(_WORDS)}", "target")
    return _WORDS[plain]


def choose(groups: Sequence[ServerGroup], word: str, *, where: str, validate_oldest: bool = True) -> ServerGroup:
    """The server group that a word means among those of one cluster and region. Raises InvalidRequest when there is none such."""
    target = target_of(word)
    newest_first = sorted(groups, key=lambda group: (group.created, group.name), reverse=True)
    if not newest_first:
        raise InvalidRequest(f"there is no server group in {where}", "target")
    names = ", ".join(group.name for group in newest_first)
    if len(newest_first) == 1 and (target == "previous" or (target == "oldest" and validate_oldest)):
        raise InvalidRequest(f"{where} has only {names}, so there is no {target} server group", "target")
    if target == "fail" and len(newest_first) > 1:
        raise InvalidRequest(f"{where} has several server groups where one was expected: {names}", "target")
    if target == "previous":
        return newest_first[1]
    if target == "oldest":
        return newest_first[-1]
    if target == "largest":
        return max(newest_first, key=lambda group: len(group.instances))
    return newest_first[0]
