"""The newest report of each source that is followed, and facts in the log about what was new in one.

Separate from `definitions` because a report is no definition: it has no revisions, and whoever follows may be another process than who shows.
"""

from collections.abc import Callable

import msgspec
from sqlalchemy import Connection

from gennaker.core.errors import NotFound
from gennaker.core.services import Json
from gennaker.core.store.database import Database
from gennaker.core.store.locks import lock
from gennaker.core.store.revisions import tell
from gennaker.core.store.statement import Insert, Sql, update_all
from gennaker.core.store.tables import setting

_PREFIX = "source:"
_ALL = Sql("SELECT value FROM setting WHERE name LIKE ? ORDER BY name")
_ONE = Sql("SELECT value FROM setting WHERE name = ?")
_PUT = Insert(setting, on_conflict=f"(name) DO UPDATE SET {update_all(('value',))}")
_DROP = Sql("DELETE FROM setting WHERE name = ?")
#: What is different in every report, or told by itself.
_NO_NEWS = frozenset({"checked", "synced", "changes"})
#: What a report that does not know it says after the one before.
_KEPT = ("synced", "version")


class SqlSources:
    """`services.Sources` over a database. `clock` gives epoch milliseconds."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock

    def tell(self, report: Json) -> None:
        """Keep the newest report; the log gets one that says something new, as `source.synced` or `source.failed`. Raises Unavailable."""

        def keep(connection: Connection) -> None:
            lock(connection, "definitions")
            subject = f"{_PREFIX}{report['name']}"
            row = _ONE(connection, subject).scalar()
            before: Json = msgspec.json.decode(row) if row else {}
            whole = {**report, **{key: report.get(key) or before.get(key) for key in _KEPT}}
            if whole.get("changes") or _news(before) != _news(whole):
                fact = {**whole, "type": "source.synced" if whole["state"] == "synced" else "source.failed"}
                tell(connection, subject, fact, self._clock())
            _PUT(connection, [(subject, msgspec.json.encode(whole).decode())])

        self._database.transact(keep)

    def reports(self) -> list[Json]:
        """The newest report of each, by name."""
        with self._database.reading() as connection:
            return [msgspec.json.decode(row[0]) for row in _ALL(connection, f"{_PREFIX}%")]

    def forget(self, name: str, *, user: str) -> None:
        """Show it no longer, until somebody follows it again. Raises NotFound."""

        def forget(connection: Connection) -> None:
            lock(connection, "definitions")
            subject = f"{_PREFIX}{name}"
            if _ONE(connection, subject).scalar() is None:
                raise NotFound(f"Source not found (name: {name})")
            _DROP(connection, subject)
            tell(connection, subject, {"type": "source.forgotten", "name": name, "user": user}, self._clock())

        self._database.transact(forget)


def _news(report: Json) -> Json:
    return {key: value for key, value in report.items() if key not in _NO_NEWS}
