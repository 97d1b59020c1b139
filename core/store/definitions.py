"""Applications, pipelines, projects and templates in SQL.

Separate from `definitions_check`, which holds the rules; here is only where they are kept.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection

from gennaker.core.definitions_check import (
    application_to_store,
    check_id,
    in_order,
    name_key,
    pipeline_to_store,
    project_to_store,
)
from gennaker.core.errors import Conflict, InvalidRequest
from gennaker.core.services import Json
from gennaker.core.store import revisions, templates
from gennaker.core.store.database import Database
from gennaker.core.store.locks import lock
from gennaker.core.store.revisions import Edit
from gennaker.core.store.statement import Insert, Sql, update_all
from gennaker.core.store.tables import application as application_table
from gennaker.core.store.tables import pipeline as pipeline_table
from gennaker.core.store.tables import project as project_table

T = TypeVar("T")

_APPLICATIONS = Sql("SELECT body FROM application ORDER BY name_key")
_APPLICATION = Sql("SELECT body FROM application WHERE name_key = ?")
_PUT_APPLICATION = Insert(application_table, on_conflict=f"(name_key) DO UPDATE SET {update_all(('body',))}")
_DROP_APPLICATION = Sql("DELETE FROM application WHERE name_key = ?")

_ALL_PIPELINES = Sql("SELECT body FROM pipeline WHERE strategy = ?")
_PIPELINES = Sql("SELECT body FROM pipeline WHERE strategy = ? AND application = ?")
_PIPELINES_OF = Sql("SELECT body FROM pipeline WHERE application = ? ORDER BY id")
_PIPELINE = Sql("SELECT body FROM pipeline WHERE id = ?")
_NAMED = Sql("SELECT body FROM pipeline WHERE application = ? AND strategy = ? AND name_key = ?")
_PUT_PIPELINE = Insert(
    pipeline_table,
    on_conflict=f"(id) DO UPDATE SET {update_all(('application', 'name_key', 'strategy', 'body'))}",
)
_DROP_PIPELINE = Sql("DELETE FROM pipeline WHERE id = ?")

_PROJECTS = Sql("SELECT body FROM project ORDER BY name_key")
_PROJECT = Sql("SELECT body FROM project WHERE id = ?")
_PROJECT_NAMED = Sql("SELECT body FROM project WHERE name_key = ?")
_PUT_PROJECT = Insert(project_table, on_conflict=f"(id) DO UPDATE SET {update_all(('name_key', 'body'))}")
_DROP_PROJECT = Sql("DELETE FROM project WHERE id = ?")


def _random_id() -> str:
    return str(uuid.uuid4())


class SqlDefinitions:
    """`services.Definitions` over a database. `clock` gives epoch milliseconds, `new_id` an id that was never used."""

    def __init__(self, database: Database, clock: Callable[[], int], new_id: Callable[[], str] = _random_id) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id

    def applications(self) -> list[Json]:
        """All applications, by name."""
        return self._many(_APPLICATIONS)

    def application(self, name: str) -> Json | None:
        """One application, its name compared without case."""
        return self._one(_APPLICATION, name_key(name))

    def save_application(self, application: Json, *, user: str) -> Json:
        """Create or change; keys that are not given stay. Raises InvalidRequest."""

        def save(connection: Connection) -> Json:
            now = self._clock()
            name = application.get("name")
            existing = _first(connection, _APPLICATION, name_key(name)) if isinstance(name, str) else None
            stored = application_to_store(application, existing, user=user, now=now)
            _PUT_APPLICATION(connection, [(stored["name"], msgspec.json.encode(stored))])
            edit = Edit(kind="application", action="saved", id=stored["name"], definition=stored, user=user, at=now)
            revisions.record(connection, edit)
            return stored

        return self._change(save)

    def application_history(self, name: str, limit: int = 20) -> list[Json]:
        """Revisions of an application, newest first; they outlive it."""
        with self._database.reading() as connection:
            return revisions.newest(connection, "application", name_key(name), limit)

    def delete_application(self, name: str, *, user: str) -> None:
        """Remove it with its pipelines and strategies. Removing what is not there does nothing."""

        def delete(connection: Connection) -> None:
            key = name_key(name)
            for pipeline in _all(connection, _PIPELINES_OF, key):
                self._drop_pipeline(connection, pipeline, user)
            if (stored := _first(connection, _APPLICATION, key)) is not None:
                _DROP_APPLICATION(connection, key)
                edit = Edit(
                    kind="application", action="deleted", id=key, definition=stored, user=user, at=self._clock()
                )
                revisions.record(connection, edit)

        self._change(delete)

    def pipelines(self, application: str | None = None, *, strategies: bool = False) -> list[Json]:
        """Pipelines by application, index and name, each with its place as `index`."""
        if application is None:
            return in_order(self._many(_ALL_PIPELINES, strategies))
        return in_order(self._many(_PIPELINES, strategies, name_key(application)))

    def pipeline(self, id_: str) -> Json | None:
        """One pipeline or strategy, by id."""
        return self._one(_PIPELINE, id_)

    def pipeline_named(self, application: str, name: str, *, strategy: bool = False) -> Json | None:
        """One pipeline, by name without case."""
        return self._one(_NAMED, name_key(application), strategy, name_key(name))

    def save_pipeline(self, pipeline: Json, *, user: str, stale_check: bool = False) -> Json:
        """Create or replace. Raises InvalidRequest; Conflict for a name that is taken or a change of what is not the newest."""

        def save(connection: Connection) -> Json:
            id_ = check_id(pipeline)
            existing = _first(connection, _PIPELINE, id_) if id_ else None
            stored = pipeline_to_store(
                pipeline,
                existing,
                user=user,
                now=self._clock(),
                new_id=self._new_id,
                stale_check=stale_check,
            )
            self._put_pipeline(connection, stored, user)
            return stored

        return self._change(save)

    def delete_pipeline(self, id_: str, *, user: str) -> None:
        """Remove a pipeline or strategy; its executions and revisions stay. Removing what is not there does nothing."""

        def delete(connection: Connection) -> None:
            if (stored := _first(connection, _PIPELINE, id_)) is not None:
                self._drop_pipeline(connection, stored, user)

        self._change(delete)

    def reorder(self, application: str, indices: Mapping[str, int], *, user: str, strategies: bool = False) -> None:
        """Set the display order, by pipeline id. Raises InvalidRequest for an id that is not one of the application's."""

        def reorder(connection: Connection) -> None:
            found = {each["id"]: each for each in _all(connection, _PIPELINES, strategies, name_key(application))}
            for id_, index in indices.items():
                if id_ not in found:
                    raise InvalidRequest(f"{id_!r} is no pipeline of application {application!r}", "idsToIndices")
                if not isinstance(index, int) or isinstance(index, bool):
                    raise InvalidRequest(f"{index!r} is no place in an order", f"idsToIndices.{id_}")
                self._put_pipeline(connection, {**found[id_], "index": index}, user)

        self._change(reorder)

    def history(self, id_: str, limit: int = 20) -> list[Json]:
        """Revisions of a pipeline, newest first; they outlive it."""
        with self._database.reading() as connection:
            return revisions.newest(connection, "pipeline", id_, limit)

    def projects(self) -> list[Json]:
        """All projects, by name."""
        return self._many(_PROJECTS)

    def project(self, id_or_name: str) -> Json | None:
        """One project, by id, else by name without case."""
        return self._one(_PROJECT, id_or_name) or self._one(_PROJECT_NAMED, name_key(id_or_name))

    def save_project(self, project: Json, *, user: str) -> Json:
        """Create or replace. Raises InvalidRequest, and Conflict for a name that is taken."""

        def save(connection: Connection) -> Json:
            id_, now = check_id(project), self._clock()
            existing = _first(connection, _PROJECT, id_) if id_ else None
            stored = project_to_store(project, existing, user=user, now=now, new_id=self._new_id)
            namesake = _first(connection, _PROJECT_NAMED, name_key(stored["name"]))
            if namesake is not None and namesake["id"] != stored["id"]:
                raise Conflict(f"a project with name {namesake['name']} already exists")
            _PUT_PROJECT(connection, [(stored["id"], name_key(stored["name"]), msgspec.json.encode(stored))])
            edit = Edit(kind="project", action="saved", id=stored["id"], definition=stored, user=user, at=now)
            revisions.record(connection, edit)
            return stored

        return self._change(save)

    def delete_project(self, id_: str, *, user: str) -> None:
        """Remove it. Removing what is not there does nothing."""

        def delete(connection: Connection) -> None:
            if (stored := _first(connection, _PROJECT, id_)) is not None:
                _DROP_PROJECT(connection, id_)
                edit = Edit(kind="project", action="deleted", id=id_, definition=stored, user=user, at=self._clock())
                revisions.record(connection, edit)

        self._change(delete)

    def templates(self, scopes: Iterable[str] = ()) -> list[Json]:
        """The latest of each template, by id; with scopes, those that have one of them."""
        with self._database.reading() as connection:
            return templates.latest(connection, scopes)

    def template_versions(self, scopes: Iterable[str] = ()) -> dict[str, list[Json]]:
        """Id to all that is kept of a template: tags, then digests."""
        with self._database.reading() as connection:
            return templates.versions(connection, scopes)

    def template(self, id_: str, *, tag: str = "", digest: str = "") -> Json | None:
        """One template, its latest unless a tag or a digest is named. Raises InvalidRequest."""
        with self._database.reading() as connection:
            return templates.one(connection, id_, tag=tag, digest=digest)

    def template_dependents(self, id_: str) -> list[Json]:
        """The pipelines that name any version of a template."""
        with self._database.reading() as connection:
            return templates.dependents(connection, id_)

    def template_history(self, id_: str, limit: int = 20) -> list[Json]:
        """Revisions of a template, whatever their tags, newest first; they outlive it."""
        with self._database.reading() as connection:
            return revisions.newest(connection, "template", id_, limit)

    def save_template(self, template: Json, *, user: str, tag: str = "", create: bool = False) -> Json:
        """Store under tag, `latest` and digest. Raises InvalidRequest; Conflict when `create` finds the tag, NotFound when not so."""
        now = self._clock()
        return self._change(lambda c: templates.save(c, template, user=user, now=now, tag=tag, create=create))

    def delete_template(self, id_: str, *, user: str, tag: str = "", digest: str = "") -> None:
        """Remove a tag, a digest or all; nothing if it is not there. Raises Refused while pipelines are made from it."""
        now = self._clock()
        self._change(lambda c: templates.delete(c, id_, user=user, now=now, tag=tag, digest=digest))

    def _put_pipeline(self, connection: Connection, stored: Json, user: str) -> None:
        application, name, strategy = (
            name_key(stored["application"]),
            name_key(stored["name"]),
            stored.get("strategy") is True,
        )
        namesake = _first(connection, _NAMED, application, strategy, name)
        if namesake is not None and namesake["id"] != stored["id"]:
            raise Conflict(
                f"a pipeline with name {namesake['name']} already exists in application {stored['application']}"
            )
        _PUT_PIPELINE(connection, [(stored["id"], application, name, strategy, msgspec.json.encode(stored))])
        edit = Edit(kind="pipeline", action="saved", id=stored["id"], definition=stored, user=user, at=self._clock())
        revisions.record(connection, edit)

    def _drop_pipeline(self, connection: Connection, stored: Json, user: str) -> None:
        _DROP_PIPELINE(connection, stored["id"])
        edit = Edit(kind="pipeline", action="deleted", id=stored["id"], definition=stored, user=user, at=self._clock())
        revisions.record(connection, edit)

    def _change(self, work: Callable[[Connection], T]) -> T:
        def alone(connection: Connection) -> T:
            lock(connection, "definitions")  # so that what was read stays true until it is written
            return work(connection)

        return self._database.transact(alone)

    def _one(self, statement: Sql, *values: object) -> Json | None:
        with self._database.reading() as connection:
            return _first(connection, statement, *values)

    def _many(self, statement: Sql, *values: object) -> list[Json]:
        with self._database.reading() as connection:
            return _all(connection, statement, *values)


def _first(connection: Connection, statement: Sql, *values: object) -> Json | None:
    row: Any = statement(connection, *values).first()
    return None if row is None else msgspec.json.decode(row[0])


def _all(connection: Connection, statement: Sql, *values: object) -> list[Json]:
    return [msgspec.json.decode(row[0]) for row in statement(connection, *values)]
