"""One artifact in Spinnaker's JSON, brought to one form.

Separate because artifacts come from webhooks, people, stages and plugins, and are compared field by field. Source: reference §7.
"""

from collections.abc import Iterable
from typing import Any

from gennaker.core.errors import InvalidRequest

Json = dict[str, Any]

#: The fields that are text.
TEXTS = ("type", "name", "version", "location", "reference", "artifactAccount", "provenance", "uuid")


def normal(artifact: Any, where: str = "artifact") -> Json:
    """The artifact with its known fields; what else it has goes into `metadata`, `kind` is dropped, and so is what is null.

    Raises InvalidRequest for what is no artifact, with the place `where`.
    """
    if not isinstance(artifact, dict):
        raise InvalidRequest(f"expected an artifact (an object), found {type(artifact).__name__}", where)
    found: Json = {}
    for key in TEXTS:
        value = artifact.get(key)
        if value is None:
            continue
        if isinstance(value, dict | list):
            raise InvalidRequest(f"expected text, found {type(value).__name__}", f"{where}.{key}")
        found[key] = str(value).lower() if isinstance(value, bool) else str(value)
    metadata = artifact.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise InvalidRequest(f"expected an object, found {type(metadata).__name__}", f"{where}.metadata")
    known = {*TEXTS, "metadata", "customKind", "kind"}
    found["customKind"] = artifact.get("customKind") in (True, "true")
    found["metadata"] = {**metadata, **{key: value for key, value in artifact.items() if key not in known}}
    return found


def normal_list(artifacts: Any, where: str) -> list[Json]:
    """A list of artifacts in their one form, each once. Raises InvalidRequest with the place."""
    if artifacts is None:
        return []
    if not isinstance(artifacts, list | tuple):
        raise InvalidRequest(f"expected a list of artifacts, found {type(artifacts).__name__}", where)
    return distinct(normal(one, f"{where}[{i}]") for i, one in enumerate(artifacts))


def distinct(artifacts: Iterable[Json]) -> list[Json]:
    """Each artifact once, in the order of the first time."""
    found: list[Json] = []
    seen: set[tuple[str | None, ...]] = set()
    for one in artifacts:
        key = tuple(one.get(text) for text in TEXTS)
        if key not in seen or one not in found:
            found.append(one)
            seen.add(key)
    return found


def told(artifact: Json) -> str:
    """An artifact as a message shows it: type, and what of name, version and reference says which."""
    name = str(artifact.get("name") or artifact.get("reference") or "")
    name = name if len(name) <= 60 else f"{name[:57]}…"
    version = f" {artifact['version']}" if artifact.get("version") else ""
    return f"{artifact.get('type') or 'an artifact'} {name}{version}".strip()
