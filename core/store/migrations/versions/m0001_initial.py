"""The schema of the first release."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = ("expand",)
depends_on = None

_BODY = sa.LargeBinary().with_variant(sa.Text(), "postgresql")
_COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _column(spec: str) -> sa.Column[object]:
    """`name:kind`, kind one of text, number, flag, body; with `?` it may be null, with `!` it is part of the key."""
    name, kind = spec.rstrip("?!").split(":")
    types: dict[str, Any] = {
        "text": sa.String(),
        "number": sa.BigInteger(),
        "flag": sa.Boolean(),
        "body": _BODY,
    }
    return sa.Column(
        name, types[kind], nullable=spec.endswith("?"), primary_key=spec.endswith("!"), autoincrement=False
    )


def _table(name: str, columns: str, **options: Any) -> None:
    op.create_table(name, *(_column(spec) for spec in columns.split()), **options)


def _log() -> None:
    _table("setting", "name:text! value:text")
    _table(
        "shard",
        "id:number! epoch:number owner:text? lease_until:number position:number published_upto:number format:number",
    )
    _table(
        "entry",
        "shard:number! position:number! execution:text sequence:number count:number at:number "
        "application:text cause:text body:body",
    )
    op.create_index("entry_of_execution", "entry", ["execution", "sequence"], unique=True)
    _table("snapshot", "execution:text! sequence:number fold_version:number body:body")


def _executions() -> None:
    _table(
        "execution",
        "id:text! shard:number kind:text application:text name:text pipeline_config_id:text status:text "
        "build_time:number start_time:number? end_time:number? due_at:number? active:flag slot:text round:number "
        "sequence:number trigger_type:text event_id:text parent:text?",
        postgresql_with={"fillfactor": "75"},
    )
    for name, columns, where in (
        ("execution_active", ["build_time", "id"], "active"),
        ("execution_by_time", ["build_time", "id"], None),
        ("execution_of_application", ["application", "build_time", "id"], None),
        ("execution_of_pipeline", ["application", "pipeline_config_id", "build_time"], None),
        ("execution_of_config", ["pipeline_config_id", "build_time"], None),
        ("execution_of_event", ["event_id"], "event_id <> ''"),
        ("execution_of_parent", ["parent"], "parent IS NOT NULL"),
    ):
        partial: dict[str, Any] = (
            {} if where is None else {"postgresql_where": sa.text(where), "sqlite_where": sa.text(where)}
        )
        op.create_index(name, "execution", columns, **partial)
    _table(
        "tombstone",
        "execution:text! application:text pipeline_config_id:text status:text build_time:number removed_at:number",
    )


def _messages() -> None:
    op.create_table(
        "command",
        sa.Column("id", _COUNTER, primary_key=True, autoincrement=True),
        *map(_column, ["shard:number", "execution:text", "message_id:text", "at:number", "body:body"]),
        sqlite_autoincrement=True,
    )
    op.create_index("command_message", "command", ["message_id"], unique=True)
    op.create_index("command_of_shard", "command", ["shard", "id"])
    op.create_index("command_of_execution", "command", ["execution"])
    _table("accepted_key", "key:text! execution:text at:number")
    _table("slot", "pipeline:text! most:number keep_waiting:flag holders:body waiters:body")


def _operation() -> None:
    _table("process", "id:text! host:text pid:number version:text roles:body started:number seen:number")
    _table("stage_type", "key:text! process:text at:number body:body")
    _table("dead_letter", "id:text! queue:text type:text subject:text reason:text traceback:text at:number body:body")
    op.create_index("dead_letter_by_time", "dead_letter", ["at"])


def _definitions() -> None:
    _table("application", "name_key:text! body:body")
    _table("pipeline", "id:text! application:text name_key:text strategy:flag body:body")
    op.create_index("pipeline_name", "pipeline", ["application", "strategy", "name_key"], unique=True)
    _table("project", "id:text! name_key:text body:body")
    op.create_index("project_name", "project", ["name_key"], unique=True)
    _table("revision", "subject:text! number:number! at:number user_name:text body:body")


def upgrade() -> None:
    """Create every table."""
    _log()
    _executions()
    _messages()
    _operation()
    _definitions()
