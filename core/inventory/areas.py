"""The accounts and regions that workers can look at: who is due, who failed, who is not heard of any more.

Separate from `rows` because this is about looking, not about what is there. An area that fails is asked ever more rarely; one whose
worker is silent is not asked, and is forgotten after a day.
"""

import random
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from gennaker.core.cloud.inventory import Json
from gennaker.core.cloud.model import Account
from gennaker.core.inventory.facts import Areas, Kind, Looked, Wanted
from gennaker.core.store.statement import Insert, Sql, as_bytes, body, update_all
from gennaker.core.store.tables import inventory_account, inventory_area

#: A request that was not answered for so long is lost.
LOST_MS = 300_000
#: An area is asked while its worker was heard of within this time, and forgotten after the other.
HEARD_MS = 600_000
FORGET_MS = 86_400_000
#: No area waits longer than this for another try.
_LONGEST_MS = 600_000
#: Images change rarely: they are read in every so-many-th look.
_IMAGES_EVERY = 10
_KINDS: tuple[Kind, ...] = ("serverGroups", "loadBalancers", "securityGroups")

_PUT_ACCOUNT = Insert(
    inventory_account, on_conflict=f"(name) DO UPDATE SET {update_all(('provider', 'heard', 'body'))}"
)
_PUT_AREA = Insert(
    inventory_area, on_conflict=f"(account, region) DO UPDATE SET {update_all(('provider', 'poll_ms', 'heard'))}"
)
_DUE = Sql(
    "SELECT provider, account, region, poll_ms, looks, failures FROM inventory_area WHERE due <= ? AND heard > ? "
    "AND (asked <= answered OR asked < ?) ORDER BY due LIMIT ? {lock}"
)
_ANY_DUE = Sql("SELECT 1 FROM inventory_area WHERE due <= ? AND heard > ? AND (asked <= answered OR asked < ?) LIMIT 1")
_ASK = Sql("UPDATE inventory_area SET due = ?, asked = ?, looks = looks + 1 WHERE account = ? AND region = ?")
_GOOD = Sql(
    "UPDATE inventory_area SET answered = ?, succeeded = ?, failures = 0, error = '', counts = ? WHERE account = ? AND region = ?"
)
_BAD = Sql(
    "UPDATE inventory_area SET answered = ?, due = ?, failures = failures + 1, error = ?, counts = ? WHERE account = ? AND region = ?"
)
_STATE = Sql("SELECT poll_ms, failures FROM inventory_area WHERE account = ? AND region = ? {lock}")
_ALL = Sql(
    "SELECT account, region, provider, poll_ms, heard, due, answered, failures, succeeded, error, counts "
    "FROM inventory_area ORDER BY account, region"
)
_ACCOUNTS = Sql("SELECT body FROM inventory_account ORDER BY name")
_SILENT = Sql("SELECT account, region FROM inventory_area WHERE heard < ?")
_FORGET_ACCOUNTS = Sql("DELETE FROM inventory_account WHERE heard < ?")
_OF_AREA = ("inventory_area", "inventory_look", "inventory_item", "inventory_instance")


def announce(connection: Connection, areas: Areas, now: int) -> None:
    """A worker can look there. An area that is new is due at once."""
    named = sorted(areas.accounts, key=lambda one: one.name)
    if not named:
        return
    rows = [(one.name, areas.provider, now, msgspec.json.encode(one)) for one in named]
    _PUT_ACCOUNT(connection, rows)
    fresh = [
        (one.name, region, areas.provider, areas.poll_ms, now, 0, 0, 0, 0, 0, 0, "", b"{}")
        for one in named
        for region in regions(one)
    ]
    _PUT_AREA(connection, fresh)


def regions(account: Account) -> Sequence[str]:
    """Where an account is looked at; one that has no regions has one place without a name."""
    return sorted(set(account.regions)) or [""]


def due(connection: Connection, now: int) -> bool:
    """Whether anything is to be looked at now."""
    return _ANY_DUE(connection, now, now - HEARD_MS, now - LOST_MS).first() is not None


def ask(connection: Connection, now: int, limit: int = 50) -> list[Wanted]:
    """What is to be looked at now; each is due again after its time, give or take a tenth, so that they spread."""
    found = _DUE(connection, now, now - HEARD_MS, now - LOST_MS, limit).all()
    wanted = []
    for provider, account, region, poll_ms, looks, _ in found:
        _ASK(connection, now + _spread(poll_ms), now, account, region)
        kinds = (*_KINDS, "images") if looks % _IMAGES_EVERY == 0 else _KINDS
        wanted.append(Wanted(provider=provider, account=account, region=region, kinds=kinds))
    return wanted


def looked(connection: Connection, fact: Looked, now: int) -> None:
    """A look has ended; after a failure the next one waits twice as long as the one before."""
    if fact.application:
        return
    row = _STATE(connection, fact.account, fact.region).first()
    if row is None:
        return
    counts = body(msgspec.json.encode(fact.counts), connection)
    if not fact.error:
        _GOOD(connection, now, now, counts, fact.account, fact.region)
        return
    poll_ms, failures = row
    wait = min(poll_ms * 2 ** min(failures + 1, 20), max(poll_ms, _LONGEST_MS))
    _BAD(connection, now, now + _spread(wait), fact.error, counts, fact.account, fact.region)


def status(connection: Connection, now: int) -> list[Json]:
    """How looking goes, for people and programs."""
    found = []
    for account, region, provider, poll_ms, heard, due, answered, failures, succeeded, error, counts in _ALL(
        connection
    ):
        silent = heard < now - HEARD_MS
        if silent and not error:
            error = "no worker that has this account was heard of for ten minutes"
        found.append(
            {
                "account": account,
                "region": region,
                "provider": provider,
                "pollMs": poll_ms,
                "state": "silent" if silent else "failing" if failures else "waiting" if not succeeded else "ok",
                "succeeded": succeeded or None,
                "answered": answered or None,
                "next": None if silent else due,
                "failures": failures,
                "error": error,
                "counts": msgspec.json.decode(as_bytes(counts)),
            }
        )
    return found


def accounts(connection: Connection) -> list[Account]:
    """The accounts that workers have told of, by name."""
    return [msgspec.json.decode(as_bytes(row[0]), type=Account) for row in _ACCOUNTS(connection)]


def forget(connection: Connection, now: int) -> int:
    """Strike out the areas that nobody was heard of for a day, with what they had; returns how many."""
    silent = _SILENT(connection, now - FORGET_MS).all()
    for account, region in silent:
        for table in _OF_AREA:
            Sql(f"DELETE FROM {table} WHERE account = ? AND region = ?")(connection, account, region)
    _FORGET_ACCOUNTS(connection, now - FORGET_MS)
    return len(silent)


def _spread(milliseconds: int) -> int:
    return int(milliseconds * random.uniform(0.9, 1.1))
