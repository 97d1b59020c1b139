"""Pipeline templates in SQL: a row for each tag, which moves, and one for each digest, which never changes.

Separate from `definitions` because versions are kept only here; the rules of a document are in `gennaker.core.templates`.
All functions run in the caller's transaction; those that write, behind its lock of the definitions.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection

from gennaker.core.errors import Conflict, InvalidRequest, NotFound, Refused
from gennaker.core.services import Json
from gennaker.core.store import revisions
from gennaker.core.store.revisions import Edit
from gennaker.core.store.statement import Insert, Sql, update_all
from gennaker.core.store.tables import template as table
from gennaker.core.templates.document import LATEST, TAGS, check_digest, check_tag, scopes_of, template_to_store
from gennaker.core.templates.reference import SCHEME, Reference, used_by

_DIGEST = "sha256:"
_ONE = Sql("SELECT body FROM template WHERE id = ? AND version = ?")
_NAMED = Sql("SELECT body FROM template WHERE version = ? ORDER BY id")
_ALL = Sql("SELECT id, version, body FROM template ORDER BY id, version")
_VERSIONS = Sql("SELECT version FROM template WHERE id = ?")
_PUT = Insert(table, on_conflict=f"(id, version) DO UPDATE SET {update_all(('body',))}")
_KEEP = Insert(table, on_conflict="(id, version) DO NOTHING")
_DROP = Sql("DELETE FROM template WHERE id = ? AND version = ?")
_DROP_ALL = Sql("DELETE FROM template WHERE id = ?")
#: Narrows down what is decoded; what a pipeline really names is read from its JSON.
_MENTIONING = Sql("SELECT body FROM pipeline WHERE CAST(body AS TEXT) LIKE ? ESCAPE '!' ORDER BY id")
#: So many pipelines are named in a refusal.
_SHOWN = 5


def latest(connection: Connection, scopes: Iterable[str]) -> list[Json]:
    """The template that each `latest` is, by id; those of these scopes if any are given."""
    wanted = set(scopes)
    found = [msgspec.json.decode(row[0]) for row in _NAMED(connection, LATEST)]
    return [each for each in found if not wanted or not wanted.isdisjoint(scopes_of(each))]


def versions(connection: Connection, scopes: Iterable[str]) -> dict[str, list[Json]]:
    """Id to its versions: one with each tag, then the digests."""
    wanted = set(scopes)
    found: dict[str, list[tuple[int, Json]]] = {}
    for id_, version, body in _ALL(connection):
        template = msgspec.json.decode(body)
        if not wanted or not wanted.isdisjoint(scopes_of(template)):
            tagged = {"tag": version} if version in TAGS else {}
            place = TAGS.index(version) if tagged else len(TAGS)
            found.setdefault(id_, []).append((place, {**template, **tagged}))
    return {id_: [each for _, each in sorted(many, key=lambda one: one[0])] for id_, many in found.items()}


def one(connection: Connection, id_: str, *, tag: str, digest: str) -> Json | None:
    """One version, `latest` if none is named. Raises InvalidRequest for a tag and a digest at once."""
    row: Any = _ONE(connection, id_, _version(tag, digest)).first()
    return None if row is None else msgspec.json.decode(row[0])


def save(connection: Connection, given: Json, *, user: str, now: int, tag: str, create: bool) -> Json:
    """Store it under its tag, under `latest` and under its digest. Raises InvalidRequest, Conflict (`create`), NotFound (not so)."""
    tag = check_tag(tag)
    stored = template_to_store(given, user=user, now=now)
    id_ = stored["id"]
    there = [row[0] for row in _VERSIONS(connection, id_)]
    if create and tag in there:
        raise Conflict(f"a template {id_}:{tag} already exists; update it, or choose another id or tag")
    if not create and not there:
        raise NotFound(f"Pipeline template not found (id: {id_})")
    body = msgspec.json.encode(stored)
    _KEEP(connection, [(id_, f"{_DIGEST}{stored['digest']}", body)])
    _PUT(connection, [(id_, each, body) for each in dict.fromkeys((tag, LATEST))])
    _record(connection, "saved", stored, user, now, {"tag": tag, "digest": stored["digest"]})
    return stored


def delete(connection: Connection, id_: str, *, user: str, now: int, tag: str, digest: str) -> None:
    """Remove a tag, a digest, or all of a template. Raises Refused while pipelines are made from what would go."""
    whole = not tag and not digest
    version = _version(tag, digest)
    there = [row[0] for row in _VERSIONS(connection, id_)]
    if not there or (not whole and version not in there):
        return
    users = [each for each in dependents(connection, id_) if whole or _version_of(used_by(each)) == version]
    if users:
        named = ", ".join(f"{each['application']}/{each['name']}" for each in users[:_SHOWN])
        more = f" and {len(users) - _SHOWN} more" if len(users) > _SHOWN else ""
        name = id_ if whole else f"{id_}@{version}" if digest else f"{id_}:{version}"
        raise Refused(f"the template {name} is used by {named}{more}; change or delete these pipelines first")
    row: Any = _ONE(connection, id_, there[0] if whole else version).first()
    removed = msgspec.json.decode(row[0])
    if whole:
        _DROP_ALL(connection, id_)
    else:
        _DROP(connection, id_, version)
    _record(
        connection, "deleted", removed, user, now, {} if whole else {"digest" if digest else "tag": digest or version}
    )


def dependents(connection: Connection, id_: str) -> list[Json]:
    """The pipelines that name any version of a template."""
    escaped = id_.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    found = [msgspec.json.decode(row[0]) for row in _MENTIONING(connection, f"%{SCHEME}{escaped}%")]
    return [each for each in found if (used := used_by(each)) is not None and used.id == id_]


def _version(tag: str, digest: str) -> str:
    if tag and digest:
        raise InvalidRequest("a template is named by a tag or by a digest; expected one of them", "tag, digest")
    return f"{_DIGEST}{check_digest(digest)}" if digest else check_tag(tag)


def _version_of(reference: Reference | None) -> str:
    return "" if reference is None else _version("" if reference.digest else reference.tag, reference.digest)


def _record(connection: Connection, action: Any, template: Json, user: str, now: int, more: Json) -> None:
    edit = Edit(kind="template", action=action, id=template["id"], definition=template, user=user, at=now, more=more)
    revisions.record(connection, edit)
