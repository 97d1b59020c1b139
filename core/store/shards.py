"""Who owns which part of the log, and since when (rules 1 to 3).

Separate from `batch`: a lease is taken now and then, a batch is written all the time.
"""

from msgspec import Struct
from sqlalchemy import Connection

from gennaker.core.errors import Refused
from gennaker.core.model.events import EVENT_FORMAT
from gennaker.core.store.statement import Sql


class Shard(Struct, frozen=True, kw_only=True):
    """One shard. Times are epoch milliseconds."""

    id: int
    #: Grows at every change of owner: the fence.
    epoch: int
    owner: str | None
    lease_until: int
    #: The position of the last entry.
    position: int
    #: Everything up to here is confirmed by the broker.
    published_upto: int
    #: The highest event format in it.
    format: int


_COLUMNS = "id, epoch, owner, lease_until, position, published_upto, format"
_ALL = Sql(f"SELECT {_COLUMNS} FROM shard ORDER BY id")
_ONE = Sql(f"SELECT {_COLUMNS} FROM shard WHERE id = ? {{lock}}")
_POSITION = Sql("SELECT position FROM shard WHERE id = ?")
_CLAIM = Sql(f"UPDATE shard SET epoch = epoch + 1, owner = ?, lease_until = ? WHERE id = ? RETURNING {_COLUMNS}")
_RENEW = Sql("UPDATE shard SET lease_until = ? WHERE owner = ? RETURNING id, epoch")
_RELEASE = Sql(
    "UPDATE shard SET owner = NULL, lease_until = 0, published_upto = GREATEST(published_upto, ?) WHERE id = ? AND epoch = ?"
)


def read(connection: Connection) -> list[Shard]:
    """Every shard, by number."""
    return [Shard(**row) for row in _ALL(connection).mappings()]


def position(connection: Connection, shard: int) -> int:
    """The position of the last entry of a shard."""
    last: int = _POSITION(connection, shard).scalar_one()
    return last


def claim(
    connection: Connection, shard: int, owner: str, now: int, lease_ms: int, *, steal: bool = False
) -> Shard | None:
    """Take a shard that is free, whose lease ran out, or that is ours already; None while it is another's.

    `steal` takes it in any case: for whoever knows that the owner is dead (`Database.hold`). On SQLite another's living lease raises
    Refused, for there is room for one engine only. Raises Refused as well when the shard holds events that this release does not know
    (rule 22).
    """
    held = Shard(**_ONE(connection, shard).mappings().one())
    if held.format > EVENT_FORMAT:
        raise Refused(
            f"shard {shard} holds events of format {held.format} and this release knows formats up to {EVENT_FORMAT}; "
            "run the release that wrote them, or a later one"
        )
    if not steal and held.owner not in (None, owner) and held.lease_until > now:
        if connection.dialect.name != "sqlite":
            return None
        raise Refused(
            f"engine {held.owner} holds this SQLite file for {(held.lease_until - now) / 1000:.1f} s more; "
            "run one engine, or use PostgreSQL for several"
        )
    return Shard(**_CLAIM(connection, owner, now + lease_ms, shard).mappings().one())


def renew(connection: Connection, owner: str, epochs: dict[int, int], now: int, lease_ms: int) -> set[int]:
    """Extend the leases of an owner; returns those of `epochs` (shard to epoch) that are still its own."""
    ours = {row.id: row.epoch for row in _RENEW(connection, now + lease_ms, owner)}
    return {shard for shard, epoch in epochs.items() if ours.get(shard) == epoch}


def release(connection: Connection, shard: int, epoch: int, published_upto: int = 0) -> None:
    """Give a shard back, and say how much of it is published; does nothing when it is another's by now."""
    _RELEASE(connection, published_upto, shard, epoch)
