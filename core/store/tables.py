"""Every table, on one screen. Times are epoch milliseconds; bodies are JSON, bytes in SQLite and text in PostgreSQL.

Separate from `migrations`, which says how a database came to look like this, with what only one of the databases knows (fill factors,
conditions of indexes); a test holds the two together.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text
from sqlalchemy.types import TypeEngine

metadata = MetaData()

Body: TypeEngine[bytes] = LargeBinary().with_variant(Text(), "postgresql")
#: Counts itself up; SQLite does that for INTEGER only.
Counter: TypeEngine[int] = BigInteger().with_variant(Integer(), "sqlite")


def _text(name: str, *, key: bool = False, null: bool = False) -> Column[str]:
    return Column(name, String, primary_key=key, nullable=null)


def _number(name: str, *, key: bool = False, null: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, nullable=null, autoincrement=False)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False)


def _body(name: str = "body") -> Column[bytes]:
    return Column(name, Body, nullable=False)


def _counter(name: str) -> Column[int]:
    return Column(name, Counter, primary_key=True, autoincrement=True)


def _partial(name: str, *columns: str, where: str) -> Index:
    # `postgresql_where` would load SQLAlchemy's whole PostgreSQL dialect into a process that uses SQLite.
    return Index(name, *columns, info={"where": where})


# fmt: off
setting = Table("setting", metadata, _text("name", key=True), _text("value"))

# The log and who may append to it (rules 1 to 4).
shard = Table("shard", metadata, _number("id", key=True), _number("epoch"), _text("owner", null=True), _number("lease_until"),
              _number("position"), _number("published_upto"), _number("format"))
entry = Table("entry", metadata, _number("shard", key=True), _number("position", key=True), _text("execution"), _number("sequence"),
              _number("count"), _number("at"), _text("application"), _text("cause"), _body(),
              Index("entry_of_execution", "execution", "sequence", unique=True))
snapshot = Table("snapshot", metadata, _text("execution", key=True), _number("sequence"), _number("fold_version"), _body())

# What lists and filters need of an execution, written with its entries. `due_at` changes with almost every entry, so it is in no
# index: PostgreSQL then updates the row in place.
execution = Table("execution", metadata, _text("id", key=True), _number("shard"), _text("kind"), _text("application"), _text("name"),
                  _text("pipeline_config_id"), _text("status"), _number("build_time"), _number("start_time", null=True),
                  _number("end_time", null=True), _number("due_at", null=True), _flag("active"), _text("slot"), _number("round"),
                  _number("sequence"), _text("trigger_type"), _text("event_id"), _text("parent", null=True),
                  _partial("execution_active", "build_time", "id", where="active"),
                  Index("execution_by_time", "build_time", "id"),
                  Index("execution_of_application", "application", "build_time", "id"),
                  Index("execution_of_pipeline", "application", "pipeline_config_id", "build_time"),
                  Index("execution_of_config", "pipeline_config_id", "build_time"),
                  _partial("execution_of_event", "event_id", where="event_id <> ''"),
                  _partial("execution_of_parent", "parent", where="parent IS NOT NULL"))
Table("tombstone", metadata, _text("execution", key=True), _text("application"), _text("pipeline_config_id"), _text("status"),
                  _number("build_time"), _number("removed_at"))

# What executions are told (rules 5 to 7) and how many of a pipeline may run (rule 17).
command = Table("command", metadata, _counter("id"), _number("shard"), _text("execution"), _text("message_id"), _number("at"), _body(),
                Index("command_message", "message_id", unique=True), Index("command_of_shard", "shard", "id"),
                Index("command_of_execution", "execution"))
accepted_key = Table("accepted_key", metadata, _text("key", key=True), _text("execution"), _number("at"))
slot = Table("slot", metadata, _text("pipeline", key=True), _number("most"), _flag("keep_waiting"), _body("holders"), _body("waiters"))

# Who is there and what they can do.
process = Table("process", metadata, _text("id", key=True), _text("host"), _number("pid"), _text("version"), _body("roles"),
                _number("started"), _number("seen"))
stage_type = Table("stage_type", metadata, _text("key", key=True), _text("process"), _number("at"), _body())
dead_letter = Table("dead_letter", metadata, _text("id", key=True), _text("queue"), _text("type"), _text("subject"), _text("reason"),
                    _text("traceback"), _number("at"), _body(), Index("dead_letter_by_time", "at"))

# Applications, pipelines, projects and templates; `name_key` is the name as it is compared, `version` a tag or `sha256:` with a digest.
application = Table("application", metadata, _text("name_key", key=True), _body())
pipeline = Table("pipeline", metadata, _text("id", key=True), _text("application"), _text("name_key"), _flag("strategy"), _body(),
                 Index("pipeline_name", "application", "strategy", "name_key", unique=True))
project = Table("project", metadata, _text("id", key=True), _text("name_key"), _body(), Index("project_name", "name_key", unique=True))
template = Table("template", metadata, _text("id", key=True), _text("version", key=True), _body())
revision = Table("revision", metadata, _text("subject", key=True), _number("number", key=True), _number("at"), _text("user_name"), _body())

# What the clouds have, as of `at`; `stale` is when it was missed first, 0 = it is there. Looks are what was read when, in how many parts.
inventory_account = Table("inventory_account", metadata, _text("name", key=True), _text("provider"), _number("heard"), _body())
inventory_area = Table("inventory_area", metadata, _text("account", key=True), _text("region", key=True), _text("provider"),
                       _number("poll_ms"), _number("heard"), _number("due"), _number("asked"), _number("answered"), _number("looks"),
                       _number("failures"), _number("succeeded"), _text("error"), _body("counts"))
inventory_look = Table("inventory_look", metadata, _text("account", key=True), _text("region", key=True), _text("kind", key=True),
                       _text("application", key=True), _number("started"), _text("got"))
inventory_item = Table("inventory_item", metadata, _text("kind", key=True), _text("account", key=True), _text("region", key=True),
                       _text("id", key=True), _text("provider"), _text("name"), _text("application"), _text("cluster"), _number("at"),
                       _number("stale"), _text("digest"), _body(),
                       Index("inventory_item_of_application", "application", "kind", "account"))
inventory_instance = Table("inventory_instance", metadata, _text("account", key=True), _text("region", key=True), _text("id", key=True),
                       _text("provider"), _text("server_group"), Index("inventory_instance_of_group", "account", "region", "server_group"))
# fmt: on
