"""Every change of a definition: its revision, for people, and its fact in the log, for programs.

Separate from `definitions` because all kinds are recorded in the same way.
"""

from typing import Literal

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from gennaker.core.model.ids import shard_of
from gennaker.core.services import Json
from gennaker.core.store import entries
from gennaker.core.store.database import shards_of
from gennaker.core.store.entries import Entry
from gennaker.core.store.statement import Insert, Sql
from gennaker.core.store.tables import revision as table

Kind = Literal["application", "pipeline", "project", "template"]

_INSERT = Insert(table)
_LAST = Sql("SELECT coalesce(max(sequence), 0) FROM entry WHERE execution = ?")
_NEWEST = Sql("SELECT body FROM revision WHERE subject = ? ORDER BY number DESC LIMIT ?")


class Edit(Struct, frozen=True, kw_only=True):
    """Who did what to which definition, when (epoch milliseconds)."""

    kind: Kind
    action: Literal["saved", "deleted"]
    #: What the log calls it: a pipeline's, project's or template's id, an application's name.
    id: str
    definition: Json
    user: str
    at: int
    #: What the fact tells besides.
    more: Json = {}


def record(connection: Connection, edit: Edit) -> None:
    """Append the fact to the log, and keep the revision of what was saved."""
    subject = f"{edit.kind}:{edit.id}"
    application = edit.definition.get("application", edit.id if edit.kind == "application" else "")
    fact = {
        "type": f"{edit.kind}.{edit.action}",
        "user": edit.user,
        "id": edit.id,
        "name": edit.definition.get("name", edit.id),
        "application": application,
        **edit.more,
    }
    number = tell(connection, subject, fact, edit.at)
    if edit.action == "saved":
        _INSERT(connection, [(subject, number, edit.at, edit.user, msgspec.json.encode(edit.definition))])


def tell(connection: Connection, subject: str, fact: Json, at: int) -> int:
    """Append a fact about what is no execution to the log, in the order of its shard; returns its number."""
    position = entries.take_position(connection, shard := shard_of(subject, shards_of(connection)))
    number: int = _LAST(connection, subject).scalar_one() + 1
    entry = Entry(
        shard=shard,
        position=position,
        execution=subject,
        sequence=number,
        count=1,
        at=at,
        application=fact.get("application", ""),
        cause="",
        body=msgspec.json.encode([fact]),
    )
    entries.append(connection, [entry])
    return number


def newest(connection: Connection, kind: Kind, id_: str, limit: int) -> list[Json]:
    """What was saved of a definition, newest first."""
    return [msgspec.json.decode(row[0]) for row in _NEWEST(connection, f"{kind}:{id_}", limit)]
