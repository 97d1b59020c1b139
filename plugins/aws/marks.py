"""Tags, and AWS's answers in Spinnaker's JSON.

Separate because every resource is tagged and told in the same way.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TypeVar

from gennaker.core.cloud.provider import KEY_TAG, Operation

T = TypeVar("T")
#: The server group that a launch template was made for, and its cluster.
GROUP_TAG, CLUSTER_TAG = "gennaker:group", "gennaker:cluster"
#: What AWS takes in the value of a tag.
_NOT_IN_VALUES = re.compile(r"[^\w .:/=+@-]")
_LONGEST_VALUE = 256
_CAPITALS = re.compile(r"[A-Z]+")


def key_value(operation: Operation) -> str:
    """The effect key as the value of a tag."""
    key = operation.key
    return key if len(key) <= _LONGEST_VALUE and not _NOT_IN_VALUES.search(key) else digest(key)


def own_tags(operation: Operation) -> dict[str, str]:
    """What tells why something was made."""
    told = {"application": operation.application, "user": operation.user, "execution": operation.execution}
    tags = {
        f"gennaker:{name}": _NOT_IN_VALUES.sub("_", value)[:_LONGEST_VALUE] for name, value in told.items() if value
    }
    return {KEY_TAG: key_value(operation), **tags}


def digest(*parts: str) -> str:
    """A short name for texts, the same for the same ones: for client tokens and parts of names."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def tag_list(tags: Mapping[str, str | int | float]) -> list[dict[str, str]]:
    """Tags as AWS takes them."""
    return [{"Key": key, "Value": str(value)} for key, value in tags.items()]


def tag_map(tags: Iterable[Mapping[str, Any]] | None) -> dict[str, str]:
    """Tags as AWS gives them, by key."""
    return {str(tag["Key"]): str(tag.get("Value") or "") for tag in tags or ()}


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most `size`."""
    left = iter(items)
    while part := list(islice(left, size)):
        yield part


def millis(value: Any) -> int:
    """A time of AWS (an object, or text) as epoch milliseconds; 0 for none."""
    if isinstance(value, str) and value:
        value = datetime.fromisoformat(value.replace("Z", "+00:00"))
    if not isinstance(value, datetime):
        return 0
    return round((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp() * 1000)


def spinnaker(value: Any) -> Any:
    """An answer as Spinnaker's JSON has it: keys begin in lower case (`vpczoneIdentifier`), times are epoch milliseconds."""
    if isinstance(value, Mapping):
        return {lowered(str(key)): spinnaker(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [spinnaker(item) for item in value]
    return millis(value) if isinstance(value, datetime) else value


def lowered(key: str) -> str:
    """A key with its leading capitals in lower case."""
    found = _CAPITALS.match(key)
    return found[0].lower() + key[found.end() :] if found else key


def raised(value: Any) -> Any:
    """Spinnaker's JSON in AWS's words: keys begin with a capital; what is null or empty is left out."""
    if isinstance(value, Mapping):
        return {
            str(key)[:1].upper() + str(key)[1:]: raised(item) for key, item in value.items() if item not in (None, "")
        }
    if isinstance(value, list | tuple):
        return [raised(item) for item in value]
    return value
