"""Which executions a search finds.

Separate from `executions` because it reads the projection only.
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, TextClause, select, text

from gennaker.core.services import Search
from gennaker.core.store.tables import execution as table


def ids(connection: Connection, search: Search) -> list[str]:
    """The ids that a search finds, in its order."""
    if search.per_pipeline is None:
        statement = _ordered(select(table.c.id), search).where(*_conditions(search))
        return list(connection.execute(statement.limit(search.limit).offset(search.offset)).scalars())
    found: list[tuple[int, str]] = []
    for pipeline in search.pipeline_ids or _pipelines(connection, search):
        newest = select(table.c.build_time, table.c.id).where(table.c.pipeline_config_id == pipeline)
        newest = newest.where(*_conditions(search)).order_by(table.c.build_time.desc(), table.c.id.desc())
        found += [(time, id_) for time, id_ in connection.execute(newest.limit(search.per_pipeline))]
    found.sort(reverse=not search.oldest_first)
    return [id_ for _, id_ in found[search.offset : search.offset + search.limit]]


def _pipelines(connection: Connection, search: Search) -> list[str]:
    statement = select(table.c.pipeline_config_id).distinct()
    if search.application:
        statement = statement.where(table.c.application == search.application)
    return list(connection.execute(statement).scalars())


def _ordered(statement: Select[Any], search: Search) -> Select[Any]:
    columns = (table.c.build_time, table.c.id)
    return statement.order_by(*(column.asc() if search.oldest_first else column.desc() for column in columns))


def _conditions(search: Search) -> list[ColumnElement[bool] | TextClause]:
    conditions: list[ColumnElement[bool] | TextClause] = []
    for column, wanted in (
        (table.c.application, search.application),
        (table.c.name, search.name),
        (table.c.kind, search.kind),
        (table.c.event_id, search.event_id),
    ):
        if wanted:
            conditions.append(column == wanted)
    for many, values in (
        (table.c.pipeline_config_id, search.pipeline_ids),
        (table.c.status, tuple(map(str, search.statuses))),
        (table.c.trigger_type, search.trigger_types),
    ):
        if values:
            conditions.append(many.in_(values))
    # In words that the planners find in the conditions of the partial indexes.
    if search.event_id:
        conditions.append(text("event_id <> ''"))
    if search.statuses and not any(status.complete for status in search.statuses):
        conditions.append(text("active"))
    if search.built_from is not None:
        conditions.append(table.c.build_time >= search.built_from)
    if search.built_to is not None:
        conditions.append(table.c.build_time <= search.built_to)
    return conditions
