"""The inventory as it is asked: `services.Inventory` over a database.

Separate from `rows` because readers know nothing of looks; they see what is not stale.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec
from sqlalchemy import Connection

from gennaker.core.cloud.inventory import Found, Json, Place
from gennaker.core.cloud.model import Account, Firewall, Image, Instance, LoadBalancer, ServerGroup
from gennaker.core.inventory import areas
from gennaker.core.inventory.facts import Kind
from gennaker.core.inventory.items import Thing
from gennaker.core.store.database import Database
from gennaker.core.store.statement import Sql, as_bytes

T = TypeVar("T", ServerGroup, LoadBalancer, Firewall, Image)
#: All bodies as one text: row by row SQLite would let other threads run after each, and wait for them.
_GATHER = {"sqlite": "group_concat(CAST(body AS TEXT), ',')", "postgresql": "string_agg(body, ',')"}

_CLUSTERS = Sql(
    "SELECT DISTINCT account, cluster FROM inventory_item "
    "WHERE application = ? AND kind = 'serverGroups' AND stale = 0 ORDER BY account, cluster"
)
_OWNER = Sql(
    "SELECT item.body FROM inventory_instance AS one JOIN inventory_item AS item ON item.kind = 'serverGroups' "
    "AND item.account = one.account AND item.region = one.region AND item.id = one.server_group AND item.stale = 0 "
    "WHERE one.account = ? AND one.region = ? AND one.id = ?"
)
_SEARCH = Sql(
    "SELECT kind, provider, account, region, name, id, application, cluster FROM inventory_item "
    "WHERE kind = ? AND stale = 0 AND (lower(name) LIKE ? ESCAPE '!' OR lower(id) LIKE ? ESCAPE '!') "
    "ORDER BY account, region, name LIMIT ?"
)
_SEARCH_INSTANCES = Sql(
    "SELECT one.provider, one.account, one.region, one.id, item.application, item.cluster, one.server_group "
    "FROM inventory_instance AS one JOIN inventory_item AS item ON item.kind = 'serverGroups' AND item.account = one.account "
    "AND item.region = one.region AND item.id = one.server_group AND item.stale = 0 "
    "WHERE lower(one.id) LIKE ? ESCAPE '!' ORDER BY one.account, one.region, one.id LIMIT ?"
)


class SqlInventory:
    """`services.Inventory`. `clock` gives epoch milliseconds."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock

    def accounts(self) -> list[Account]:
        """The accounts of all clouds, by name."""
        with self._database.reading() as connection:
            return areas.accounts(connection)

    def areas(self) -> list[Json]:
        """How looking goes, for each account and region."""
        with self._database.reading() as connection:
            return areas.status(connection, self._clock())

    def clusters(self, application: str) -> dict[str, list[str]]:
        """The names of an application's clusters, by account."""
        found: dict[str, list[str]] = {}
        with self._database.reading() as connection:
            for account, cluster in _CLUSTERS(connection, application.lower()):
                found.setdefault(account, []).append(cluster)
        return found

    def server_groups(self, place: Place) -> list[ServerGroup]:
        """The server groups there."""
        with self._database.reading() as connection:
            return _things(connection, "serverGroups", place, ServerGroup)

    def load_balancers(self, place: Place) -> list[LoadBalancer]:
        """The load balancers there; those of an application are named after it or have server groups of it."""
        with self._database.reading() as connection:
            if not place.application:
                return _things(connection, "loadBalancers", place, LoadBalancer)
            named = _things(connection, "loadBalancers", place, LoadBalancer)
            groups = _things(connection, "serverGroups", Place(application=place.application), ServerGroup)
            members = {(group.account, group.region, group.name) for group in groups}
            anywhere = msgspec.structs.replace(place, application="")
            for account, region in sorted({(group.account, group.region) for group in groups}):
                if (place.account or account) == account and (place.region or region) == region:
                    there = msgspec.structs.replace(anywhere, account=account, region=region)
                    named += [
                        one
                        for one in _things(connection, "loadBalancers", there, LoadBalancer)
                        if any((account, region, name) in members for name in one.server_groups)
                    ]
        found = {(one.account, one.region, one.name): one for one in named}
        return [found[key] for key in sorted(found)]

    def firewalls(self, place: Place) -> list[Firewall]:
        """The firewalls there."""
        with self._database.reading() as connection:
            return _things(connection, "securityGroups", place, Firewall)

    def images(self, place: Place, text: str = "") -> list[Image]:
        """The images there; with `text` those that have it in their name (`*` stands for anything), or as id."""
        more: tuple[str, tuple[str, ...]] = ("", ())
        if text:
            more = ("(lower(name) LIKE ? ESCAPE '!' OR id = ?)", (_pattern(text, star=True), text))
        with self._database.reading() as connection:
            return _things(connection, "images", place, Image, more)

    def instance(self, account: str, region: str, id_: str) -> tuple[ServerGroup, Instance] | None:
        """An instance and its server group."""
        with self._database.reading() as connection:
            row = _OWNER(connection, account, region, id_).first()
        if row is None:
            return None
        group = msgspec.json.decode(as_bytes(row[0]), type=ServerGroup)
        return next(((group, one) for one in group.instances if one.id == id_), None)

    def search(self, text: str, kind: str, limit: int) -> list[Found]:
        """What has a text in its name or id, without case."""
        pattern = _pattern(text)
        with self._database.reading() as connection:
            if kind == "instances":
                rows = _SEARCH_INSTANCES(connection, pattern, limit)
                return [
                    Found(
                        kind=kind,
                        provider=provider,
                        account=account,
                        region=region,
                        name=id_,
                        id=id_,
                        application=application,
                        cluster=cluster,
                        server_group=group,
                    )
                    for provider, account, region, id_, application, cluster, group in rows
                ]
            found = _SEARCH(connection, kind, pattern, pattern, limit).mappings()
            return [Found(**row) for row in found]


def _things(
    connection: Connection, kind: Kind, place: Place, type_: type[T], more: tuple[str, Iterable[str]] = ("", ())
) -> list[T]:
    conditions = ["kind = ?", "stale = 0"]
    values: list[str] = [kind]
    for column in ("provider", "account", "region", "cluster"):
        if value := getattr(place, column):
            conditions.append(f"{column} = ?")
            values.append(value)
    if place.application:
        conditions.append("application = ?")
        values.append(place.application.lower())
    if place.name:
        by_id = "" if kind == "serverGroups" else "name = ? OR "
        conditions.append(f"({by_id}id = ?)")
        values += [place.name] * (2 if by_id else 1)
    if more[0]:
        conditions.append(more[0])
        values += more[1]
    gather = _GATHER[connection.dialect.name]
    question = Sql(f"SELECT {gather} FROM inventory_item WHERE {' AND '.join(conditions)}")
    bodies = question(connection, *values).scalar()
    found: list[T] = msgspec.json.decode(f"[{bodies or ''}]", type=list[type_])  # type: ignore[valid-type]
    return sorted(found, key=_in_order)


def _in_order(thing: Thing) -> tuple[str, str, str, str]:
    return (thing.account, thing.region, thing.name, "" if isinstance(thing, ServerGroup | LoadBalancer) else thing.id)


def _pattern(text: str, *, star: bool = False) -> str:
    """A LIKE pattern for a part of a text; with `star` a text that has one is the whole, and `*` stands for anything."""
    escaped = text.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    if star and "*" in text:
        return escaped.replace("*", "%")
    return f"%{escaped}%"
