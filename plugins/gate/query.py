"""Query parameters as Gate reads them: comma lists, statuses, triggers to match.

Separate because several nouns list executions, and all read the same parameters.
"""

import base64
import binascii
import fnmatch
import glob
from collections.abc import Iterable
from typing import Annotated, Any, TypeAlias

import msgspec
from fastapi import Query

from gennaker.core.errors import InvalidRequest
from gennaker.core.model.execution import Execution
from gennaker.core.model.status import Status
from gennaker.core.services import Json

#: The largest time that fits a database's integer; clients send it for "no end".
FOREVER = 2**63 - 1
#: No list is longer than this.
MOST = 5000
#: Lists show executions of this many days, and the newest few of a pipeline whose executions are all older.
HISTORY_DAYS = 14
OLD_EXECUTIONS = 2
_DAY = 24 * 60 * 60 * 1000
#: Spinnaker has these too; here nothing is ever in them.
_LEGACY = frozenset({"SUSPENDED", "BUFFERED"})

#: `?x=a,b` and `?x=a&x=b` are the same.
Words: TypeAlias = Annotated[list[str], Query()]
Limit: TypeAlias = Annotated[int, Query(ge=1, le=MOST)]
Moment: TypeAlias = Annotated[int, Query(ge=0, le=FOREVER)]
NO_WORDS: list[str] = []


def words(given: Iterable[str]) -> tuple[str, ...]:
    """The items of a comma list, in order, each once."""
    return tuple(dict.fromkeys(word for part in given for item in part.split(",") if (word := item.strip())))


def statuses(given: Iterable[str]) -> tuple[Status, ...]:
    """The statuses of a comma list. Raises InvalidRequest for one that does not exist."""
    found: list[Status] = []
    for word in words(given):
        name = word.upper()
        if name in _LEGACY:
            continue
        if name not in Status.__members__:
            raise InvalidRequest(f"{word!r} is no status; expected some of {', '.join(Status)}", "statuses")
        found.append(Status[name])
    return tuple(found)


def recent(executions: list[Execution], now: int) -> list[Execution]:
    """What a list shows: the last 14 days and whatever has not ended, or else the newest two of each pipeline."""
    since = now - HISTORY_DAYS * _DAY
    shown: list[Execution] = []
    groups: dict[str | None, list[Execution]] = {}
    for execution in executions:
        groups.setdefault(execution.pipeline_config_id, []).append(execution)
    for group in groups.values():
        newest_first = sorted(group, key=lambda one: one.build_time, reverse=True)
        young = [one for one in newest_first if one.build_time >= since or not one.status.complete]
        shown += young or newest_first[:OLD_EXECUTIONS]
    return sorted(shown, key=lambda one: (one.build_time, one.id), reverse=True)


def since(now: int) -> int:
    """The beginning of what lists of tasks show."""
    return now - HISTORY_DAYS * _DAY


def wanted_trigger(encoded: str) -> Json:
    """The trigger to match: base64 of a JSON object; empty = any. Raises InvalidRequest."""
    if not encoded:
        return {}
    padded = encoded.replace("-", "+").replace("_", "/") + "=" * (-len(encoded) % 4)
    try:
        wanted = msgspec.json.decode(base64.b64decode(padded, validate=True))
    except (binascii.Error, msgspec.DecodeError) as error:
        raise InvalidRequest("must be base64 of a JSON object", "trigger") from error
    if not isinstance(wanted, dict):
        raise InvalidRequest("must be base64 of a JSON object, not of another value", "trigger")
    return wanted


def matches(wanted: Any, actual: Any) -> bool:
    """Whether `wanted` is a part of `actual`.

    Texts are equal without case, or `wanted` is a pattern whose only sign is `.*` (Spinnaker takes any regular expression there; one
    of a stranger could keep the processor busy for hours). An object's keys must all match; each item of a list another item.
    """
    if isinstance(wanted, dict):
        return isinstance(actual, dict) and all(matches(value, actual.get(key)) for key, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(actual, list) and _each_another(wanted, list(actual))
    if isinstance(wanted, str) and isinstance(actual, str):
        return wanted.casefold() == actual.casefold() or _pattern(wanted, actual)
    if isinstance(wanted, bool) or isinstance(actual, bool):
        return wanted is actual
    return bool(wanted == actual)


def _each_another(wanted: list[Any], actual: list[Any]) -> bool:
    for value in wanted:
        found = next((index for index, item in enumerate(actual) if matches(value, item)), None)
        if found is None:
            return False
        del actual[found]
    return True


def _pattern(pattern: str, text: str) -> bool:
    if ".*" not in pattern:
        return False
    return fnmatch.fnmatchcase(text, "*".join(glob.escape(part) for part in pattern.split(".*")))
