"""Writes what was seen, so that nothing depends on the order in which it is told (reference clouds §1.3).

Separate because these are the rules. Each item carries the start of the look that saw or missed it last, and only a later look changes
it. What a whole look lacks is stale: it is shown no more, but its row stays until another look misses it too, so that an earlier look
that is told late does not bring it back.
"""

import hashlib
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from gennaker.core.inventory.facts import Item, Seen
from gennaker.core.store.statement import Insert, Sql, update_all
from gennaker.core.store.tables import inventory_instance, inventory_item, inventory_look

_CHANGES = ("provider", "name", "application", "cluster", "at", "stale", "digest", "body")
_AREA = "account = ? AND region = ?"
_OF_KIND = f"kind = ? AND {_AREA}"
#: How many ids are named in one statement.
_MANY = 500

_LOOKS = Sql(f"SELECT application, started, got FROM inventory_look WHERE {_OF_KIND}")
_FIRST = Insert(inventory_look, on_conflict="(account, region, kind, application) DO NOTHING")
_HOLD = Sql(f"SELECT started FROM inventory_look WHERE {_OF_KIND} AND application = '' {{lock}}")
_PUT_LOOK = Insert(
    inventory_look, on_conflict=f"(account, region, kind, application) DO UPDATE SET {update_all(('started', 'got'))}"
)
_DROP_LOOKS = Sql(f"DELETE FROM inventory_look WHERE {_OF_KIND} AND application <> '' AND started <= ?")
_PUT = Insert(
    inventory_item,
    on_conflict=f"(kind, account, region, id) DO UPDATE SET {update_all(_CHANGES)} WHERE inventory_item.at <= excluded.at",
)
_PUT_INSTANCES = Insert(
    inventory_instance,
    on_conflict=f"(account, region, id) DO UPDATE SET {update_all(('provider', 'server_group'))}",
)
_DROP_STALE_INSTANCES = Sql(
    f"DELETE FROM inventory_instance WHERE {_AREA} AND server_group IN "
    f"(SELECT id FROM inventory_item WHERE kind = 'serverGroups' AND {_AREA} AND stale = ?)"
)


def keep(connection: Connection, seen: Seen) -> None:
    """Write a part of a look; with its last part, also what the whole lacks. The same part again changes nothing."""
    area = (seen.kind, seen.account, seen.region)
    where = (seen.account, seen.region, seen.kind)
    # Whoever writes of this kind here holds this row, so that parts that come at once are counted one after another.
    _FIRST(connection, [(*where, "", 0, "[]")])
    _HOLD(connection, *area)
    looks = {application: (started, got) for application, started, got in _LOOKS(connection, *area)}
    started, got = looks.get(seen.application, (0, "[]"))
    if seen.started < max(started, looks[""][0]):
        return
    parts: set[int] = set(msgspec.json.decode(got)) if started == seen.started else set()
    if seen.part in parts:
        return
    # A look at one application that began later knows better about it.
    newer = {name for name, (at, _) in looks.items() if name and at > seen.started}
    _write(connection, seen, [item for item in seen.items if item.application not in newer])
    parts.add(seen.part)
    _PUT_LOOK(connection, [(*where, seen.application, seen.started, msgspec.json.encode(sorted(parts)).decode())])
    if len(parts) == seen.parts:
        _sweep(connection, seen)


def _write(connection: Connection, seen: Seen, items: Sequence[Item]) -> None:
    area = (seen.kind, seen.account, seen.region)
    for start in range(0, len(items), _MANY):
        some = {item.id: item for item in items[start : start + _MANY]}
        digests = {id_: _digest(item) for id_, item in some.items()}
        marks = ", ".join("?" * len(digests))
        known = Sql(f"SELECT id, digest, stale, at FROM inventory_item WHERE {_OF_KIND} AND id IN ({marks})")
        there = {row[0]: row for row in known(connection, *area, *digests)}
        late = {id_ for id_, row in there.items() if row[3] > seen.started}
        same = {id_ for id_, row in there.items() if row[1] == digests[id_] and not row[2]} - late
        changed = [item for id_, item in some.items() if id_ not in late | same]
        if same:
            marks = ", ".join("?" * len(same))
            Sql(f"UPDATE inventory_item SET at = ? WHERE {_OF_KIND} AND at < ? AND id IN ({marks})")(
                connection, seen.started, *area, seen.started, *sorted(same)
            )
        if changed:
            _PUT(connection, [_row(seen, item, digests[item.id]) for item in changed])
            if seen.kind == "serverGroups":
                _write_instances(connection, seen, changed)


def _digest(item: Item) -> str:
    return hashlib.blake2b(bytes(item.body), digest_size=16).hexdigest()


def _row(seen: Seen, item: Item, digest: str) -> tuple[object, ...]:
    return (
        seen.kind,
        seen.account,
        seen.region,
        item.id,
        seen.provider,
        item.name,
        item.application,
        item.cluster,
        seen.started,
        0,
        digest,
        bytes(item.body),
    )


def _write_instances(connection: Connection, seen: Seen, groups: Sequence[Item]) -> None:
    marks = ", ".join("?" * len(groups))
    drop = Sql(f"DELETE FROM inventory_instance WHERE {_AREA} AND server_group IN ({marks})")
    drop(connection, seen.account, seen.region, *(group.id for group in groups))
    owners = {id_: group.id for group in groups for id_ in group.instances}
    if owners:
        rows = [(seen.account, seen.region, id_, seen.provider, group) for id_, group in owners.items()]
        _PUT_INSTANCES(connection, rows)


def _sweep(connection: Connection, seen: Seen) -> None:
    """The look is whole: what it lacks is stale, and what was stale before goes."""
    area = (seen.kind, seen.account, seen.region)
    scope, names = (" AND application = ?", (seen.application,)) if seen.application else ("", ())
    Sql(f"DELETE FROM inventory_item WHERE {_OF_KIND} AND stale <> 0 AND stale < ?{scope}")(
        connection, *area, seen.started, *names
    )
    Sql(f"UPDATE inventory_item SET stale = ?, at = ? WHERE {_OF_KIND} AND stale = 0 AND at < ?{scope}")(
        connection, seen.started, seen.started, *area, seen.started, *names
    )
    if seen.kind == "serverGroups":
        _DROP_STALE_INSTANCES(connection, *area[1:], *area[1:], seen.started)
    if not seen.application:
        _DROP_LOOKS(connection, *area, seen.started)
