"""The daemon ended by `kill -9` in every step of a red/black deployment and of a rollback, while people ask."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from traffic.theatre import WHERE, Theatre, audience

pytestmark = pytest.mark.timeout(280)
BACK = {**WHERE, "type": "rollbackCluster", "name": "back", "cluster": "shop-web", "regions": ["here"]}


def killed_through(theatre: Theatre, ref: str) -> tuple[int, dict[str, Any]]:
    """End the daemon whenever a task is first seen to run, start it again whenever it has ended; how often, and the end of the execution."""
    kills, seen = 0, set[tuple[str, str]]()
    daemon = theatre.daemon
    while True:
        assert daemon.process is not None
        if daemon.process.poll() is not None:
            kills += 1
            daemon.launch()
        try:
            told = daemon.http.get(ref).json()
        except httpx.TransportError:
            continue
        execution = told.get("execution", told)
        if execution["status"] not in ("NOT_STARTED", "RUNNING"):
            return kills, execution
        running = {
            (stage["name"], task["name"])
            for stage in execution["stages"]
            for task in stage["tasks"]
            if task["status"] == "RUNNING"
        }
        if running - seen:
            seen |= running
            daemon.kill()


def test_the_daemon_killed_in_every_step_of_red_black_and_of_its_rollback(
    new_theatre: Callable[..., Theatre], shown: Callable[[str], None]
) -> None:
    theatre = new_theatre()
    assert theatre.deploy("v1")["status"] == "SUCCEEDED"
    (theatre.orders / "kill").touch()
    with audience(theatre) as show:
        kills, ended = killed_through(theatre, f"/pipelines/{theatre.begin('v2', strategy='redblack')}")
        assert ended["status"] == "SUCCEEDED", ended
        assert theatre.groups == {"shop-web-v000": "off 2", "shop-web-v001": "on 2"}
        assert kills >= 8
        answer = theatre.daemon.http.post("/tasks", json={"application": "shop", "description": "back", "job": [BACK]})
        kills_back, ended = killed_through(theatre, answer.json()["ref"])
        assert ended["status"] == "SUCCEEDED", ended
        assert theatre.groups == {"shop-web-v000": "on 2", "shop-web-v001": "off 2"}
        assert kills_back >= 8
    assert theatre.strangers() == []
    shown(f"{kills} kills while it deployed, {kills_back} while it went back\n{show.check()}")
