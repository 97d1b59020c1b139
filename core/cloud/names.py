"""Names of server groups: `app-stack-detail-v003`, taken apart and put together.

Separate because every provider, the stages and the inventory must read the same name in the same way. Source: reference clouds §1.1.
"""

import re
from collections.abc import Mapping

from msgspec import Struct

from gennaker.core.errors import InvalidRequest

_PUSH = re.compile(r"(?P<cluster>.+)-v(?P<sequence>[0-9]{3,6})")
_PART = re.compile(r"[A-Za-z0-9._^~]+")
_DETAIL = re.compile(r"[A-Za-z0-9._^~-]+")
#: Sequences wrap: after 999 comes 000.
_SEQUENCES = 1000


class Moniker(Struct, frozen=True, kw_only=True):
    """What a name says."""

    app: str
    stack: str = ""
    detail: str = ""
    cluster: str
    #: None for a name without `-vNNN`.
    sequence: int | None = None


def parse(name: str) -> Moniker:
    """Take a name of a server group or cluster apart; an empty stack between two hyphens is none."""
    push = _PUSH.fullmatch(name)
    cluster = push["cluster"] if push else name
    app, _, rest = cluster.partition("-")
    stack, _, detail = rest.partition("-")
    sequence = int(push["sequence"]) if push else None
    return Moniker(app=app, stack=stack, detail=detail, cluster=cluster, sequence=sequence)


def cluster_name(app: str, stack: str = "", detail: str = "") -> str:
    """The cluster's name. Raises InvalidRequest for characters that a name cannot hold."""
    for part, value, pattern in (
        ("application", app, _PART),
        ("stack", stack, _PART),
        ("freeFormDetails", detail, _DETAIL),
    ):
        if (value or part == "application") and not pattern.fullmatch(value):
            raise InvalidRequest(f"{value!r} cannot be part of a name; expected letters, digits, '.' and '_'", part)
    if detail:
        return f"{app}-{stack}-{detail}"
    return f"{app}-{stack}" if stack else app


def next_name(cluster: str, taken: Mapping[str, int]) -> str:
    """The name of a cluster's next server group; `taken` is the names of its groups to when each was created (epoch milliseconds).

    Raises InvalidRequest when all thousand are taken.
    """
    used = {sequence(name) for name in taken}
    if not taken:
        return f"{cluster}-v000"
    newest = max(taken, key=lambda name: (taken[name], name))
    first = (sequence(newest) + 1) % _SEQUENCES
    for step in range(_SEQUENCES):
        number = (first + step) % _SEQUENCES
        if number not in used:
            return f"{cluster}-v{number:03d}"
    raise InvalidRequest(f"all {_SEQUENCES} names of cluster {cluster} are taken; destroy server groups of it first")


def cluster_lock(provider: str, account: str, region: str, cluster: str) -> str:
    """What the lock of a cluster is called: whoever changes it has it meanwhile."""
    return f"cluster {provider}:{account}:{region}:{cluster}"


def sequence(name: str) -> int:
    """The number in a name; a name without one counts as 0."""
    return parse(name).sequence or 0
