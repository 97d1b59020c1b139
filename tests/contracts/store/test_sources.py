"""Reports of sources, on both databases."""

from typing import Any

import pytest

from gennaker.core.errors import NotFound
from gennaker.core.runtime.live import LogLive
from gennaker.core.store.database import Database
from gennaker.core.store.sources import SqlSources

REPORT: dict[str, Any] = {
    "name": "team",
    "state": "synced",
    "version": "main@1",
    "checked": 1,
    "synced": 1,
    "changes": [],
}


def facts(database: Database, name: str = "team") -> list[str]:
    return [one.type for one in LogLive(database).of_execution(f"source:{name}")]


def test_the_newest_report_of_each_is_kept_by_name(database: Database) -> None:
    sources = SqlSources(database, lambda: 5)
    assert sources.reports() == []
    sources.tell({**REPORT, "name": "z"})
    sources.tell(REPORT)
    sources.tell({**REPORT, "checked": 2})
    assert sources.reports() == [{**REPORT, "checked": 2}, {**REPORT, "name": "z"}]


def test_only_what_is_new_goes_to_the_log(database: Database) -> None:
    sources = SqlSources(database, lambda: 5)
    for checked in range(3):
        sources.tell({**REPORT, "checked": checked, "synced": checked})
    sources.tell({**REPORT, "changes": ["changed shop/release"]})
    sources.tell(REPORT)
    sources.tell({**REPORT, "state": "failed", "reason": "gone"})
    sources.tell({**REPORT, "state": "problems", "problems": ["x"]})
    assert facts(database) == ["source.synced", "source.synced", "source.failed", "source.failed"]


def test_a_report_that_knows_less_keeps_when_all_was_well_and_the_version(database: Database) -> None:
    sources = SqlSources(database, lambda: 5)
    sources.tell(REPORT)
    sources.tell({"name": "team", "state": "failed", "reason": "gone", "checked": 2, "synced": None, "version": ""})
    found = sources.reports()[0]
    assert (found["state"], found["synced"], found["version"], found["checked"]) == ("failed", 1, "main@1", 2)


def test_a_source_is_forgotten_until_it_is_followed_again(database: Database) -> None:
    sources = SqlSources(database, lambda: 5)
    sources.tell(REPORT)
    sources.forget("team", user="ann")
    assert sources.reports() == []
    with pytest.raises(NotFound, match=r"Source not found \(name: team\)"):
        sources.forget("team", user="ann")
    sources.tell(REPORT)
    assert sources.reports() == [REPORT]
    assert facts(database) == ["source.synced", "source.forgotten", "source.synced"]
