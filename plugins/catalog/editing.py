"""What all these stage types share: reading what they are given, and telling what came of a change.

Separate because each change of a definition may be made twice (rule 10), and fails for the same reasons.
"""

import base64
import binascii
import uuid
from collections.abc import Callable
from typing import Any

import msgspec

from gennaker.core.errors import GennakerError, InvalidRequest, Unavailable
from gennaker.core.services import Definitions, Json
from gennaker.core.stage import Outcome, Retryable, Run

#: What the server adds: two definitions that differ only here are the same.
_OWN = frozenset({"id", "index", "createTs", "updateTs", "lastModified", "lastModifiedBy", "regenerateCronTriggerIds"})


def changed(run: Run, change: Callable[[Definitions], Json]) -> Outcome:
    """Make a change; what it returns is merged into the stage's context. A refusal fails the task, an outage is tried again."""
    definitions = run.services.definitions
    if definitions is None:
        return run.failed("this process has no definitions; run the worker where the database is configured")
    try:
        return run.succeeded(change(definitions))
    except Unavailable as error:
        raise Retryable(str(error)) from error
    except GennakerError as error:
        return run.failed(str(error))


def new_id(run: Run, *parts: str) -> str:
    """The id of what this call creates: the same when it is made again, so that nothing is created twice."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "\x1f".join((run.key, *parts))))


def made_already(run: Run, given: Json, stored: Json | None) -> bool:
    """The call was made before, and what is stored is what it was to store."""
    if not run.again or stored is None:
        return False
    return _plain(given) == _plain(stored)


def read_object(value: Any, key: str) -> Json:
    """An object, as it is or as base64 of its JSON. Raises InvalidRequest."""
    found = _read(value, key)
    if not isinstance(found, dict):
        raise InvalidRequest("must be a JSON object, or base64 of one", key)
    return found


def read_list(value: Any, key: str) -> list[Json]:
    """A list of objects, as it is or as base64 of its JSON. Raises InvalidRequest."""
    found = _read(value, key)
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise InvalidRequest("must be a list of JSON objects, or base64 of one", key)
    return found


def _read(value: Any, key: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(base64.b64decode("".join(value.split()), validate=True))
    except (binascii.Error, msgspec.DecodeError) as error:
        raise InvalidRequest(f"is no base64 of JSON ({error})", key) from error


def _plain(definition: Json) -> Json:
    return {key: value for key, value in definition.items() if key not in _OWN}
