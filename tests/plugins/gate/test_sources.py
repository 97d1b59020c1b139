"""Sources that are followed, over HTTP."""

from typing import Any

import httpx
from msgspec.structs import replace

REPORT = {"name": "team", "state": "problems", "problems": ["shop/a.yaml:3: x"], "version": "main@1", "synced": 1}


def test_the_newest_report_of_each_source_is_told(client: httpx.Client, world: Any) -> None:
    assert client.get("/sources").json() == []
    world.services.sources.tell({**REPORT, "state": "synced"})
    world.services.sources.tell(REPORT)
    assert client.get("/sources").json() == [REPORT]


def test_a_source_is_forgotten(client: httpx.Client, world: Any) -> None:
    world.services.sources.tell(REPORT)
    answer = client.delete("/sources/team")
    assert (answer.status_code, answer.content) == (200, b"")
    assert client.get("/sources").json() == []
    assert client.delete("/sources/team").json()["message"] == "Source not found (name: team)"


def test_a_process_without_a_database_says_so(serve: Any, world: Any) -> None:
    with serve(replace(world.services, sources=None)) as client:
        answer = client.get("/sources")
    assert (answer.status_code, answer.json()["message"]) == (503, "this process offers no sources")


def test_strategies_of_all_applications_are_listed(client: httpx.Client) -> None:
    for application in ("one", "two"):
        client.post("/strategies", json={"application": application, "name": "slow", "stages": []})
        client.post("/pipelines", json={"application": application, "name": "p", "stages": []})
    found = client.get("/strategyConfigs").json()
    assert [(one["application"], one["name"]) for one in found] == [("one", "slow"), ("two", "slow")]
