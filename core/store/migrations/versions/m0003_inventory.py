"""The inventory of the clouds."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BODY = sa.LargeBinary().with_variant(sa.Text(), "postgresql")
#: Rows that every look touches: with room beside them PostgreSQL changes them in place.
_ROOM = {"fillfactor": "75"}


def _column(spec: str) -> sa.Column[object]:
    """`name:kind`, kind one of text, number, body; with `!` it is part of the key."""
    name, kind = spec.rstrip("!").split(":")
    types: dict[str, Any] = {"text": sa.String(), "number": sa.BigInteger(), "body": _BODY}
    return sa.Column(name, types[kind], nullable=False, primary_key=spec.endswith("!"), autoincrement=False)


def _table(name: str, columns: str, **options: Any) -> None:
    op.create_table(name, *(_column(spec) for spec in columns.split()), **options)


def upgrade() -> None:
    """Create the tables."""
    _table("inventory_account", "name:text! provider:text heard:number body:body")
    _table(
        "inventory_area",
        "account:text! region:text! provider:text poll_ms:number heard:number due:number asked:number answered:number "
        "looks:number failures:number succeeded:number error:text counts:body",
        postgresql_with=_ROOM,
    )
    _table("inventory_look", "account:text! region:text! kind:text! application:text! started:number got:text")
    _table(
        "inventory_item",
        "kind:text! account:text! region:text! id:text! provider:text name:text application:text cluster:text at:number "
        "stale:number digest:text body:body",
        postgresql_with=_ROOM,
    )
    op.create_index("inventory_item_of_application", "inventory_item", ["application", "kind", "account"])
    _table("inventory_instance", "account:text! region:text! id:text! provider:text server_group:text")
    op.create_index("inventory_instance_of_group", "inventory_instance", ["account", "region", "server_group"])
