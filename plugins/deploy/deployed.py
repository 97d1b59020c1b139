"""What was deployed in an execution so far, cluster by cluster, so that later stages leave it alone.

Separate because a worker sees other stages through their outputs only. Source: reference clouds §3.7.
"""

from collections.abc import Sequence
from typing import Any

from gennaker.core.cloud.model import ServerGroup
from gennaker.core.stage import Run

Json = dict[str, Any]
#: Spinnaker's key for the server groups that a stage made, by region.
GROUPS = "deploy.server.groups"


def told(run: Run, key: str, name: str) -> Json:
    """The outputs of a stage that has made a server group: all that this execution made in the cluster whose lock is `key`."""
    known = [each for each in names(run, key) if each != name]
    return {f"deployed {key}": [*known, name]}


def names(run: Run, key: str) -> list[str]:
    """The server groups that earlier stages made in a cluster."""
    found = run.context.get(f"deployed {key}")
    return [str(each) for each in found] if isinstance(found, list) else []


def preserved(groups: Sequence[ServerGroup], names: Sequence[str]) -> set[str]:
    """The names of those that were deployed, and of all that came after the first of them."""
    mine = [group.created for group in groups if group.name in names]
    return {group.name for group in groups if mine and group.created >= min(mine)} | set(names)
