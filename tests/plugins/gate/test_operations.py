"""What operators and probes ask."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from msgspec.structs import replace


def test_the_daemon_tells_its_version_health_and_metrics(client: httpx.Client) -> None:
    assert client.get("/version").json()["version"]
    health = client.get("/health")
    assert (health.status_code, health.json()["status"]) == (200, "UP")
    assert health.json()["components"] == {"database": {"status": "UP"}}
    metrics = client.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert metrics.text == "gennaker_up 1\n"


def test_health_is_told_while_every_other_thread_waits(serve: Any, world: Any) -> None:
    waiting, over = threading.Semaphore(0), threading.Event()

    class Stuck:
        def applications(self) -> list[Any]:
            waiting.release()
            over.wait(10)
            return []

    with serve(replace(world.services, definitions=Stuck())) as client, ThreadPoolExecutor(60) as callers:
        answers = [callers.submit(client.get, "/applications") for _ in range(60)]
        for _ in range(40):
            assert waiting.acquire(timeout=10)
        try:
            assert client.get("/health", timeout=5).json()["status"] == "UP"
        finally:
            over.set()
        assert {answer.result().status_code for answer in answers} == {200}


def test_stage_types_are_listed(client: httpx.Client) -> None:
    assert [one["type"] for one in client.get("/stageTypes").json()] == ["pipeline", "wait"]


def test_the_bus_and_its_dead_letters(client: httpx.Client, world: Any) -> None:
    assert client.get("/bus").json()["transport"] == "memory"
    assert [one["id"] for one in client.get("/bus/deadLetters").json()] == ["a", "b"]
    assert len(client.get("/bus/deadLetters?limit=1").json()) == 1
    assert client.get("/bus/deadLetters/a").json()["reason"] == "bad"
    assert client.post("/bus/deadLetters/a/requeue").json() == {"requeued": 1}
    assert client.post("/bus/deadLetters/a/requeue").status_code == 404
    assert client.post("/bus/deadLetters/requeue", json={"ids": ["b", "z"]}).json() == {"requeued": 1}
    assert client.post("/bus/deadLetters/requeue", json={"ids": "b"}).status_code == 400
    world.letters.kept["c"] = {"id": "c"}
    assert client.delete("/bus/deadLetters/c").status_code == 200
    assert client.delete("/bus/deadLetters/c").status_code == 404


def test_the_interface_is_described_without_anything_from_elsewhere(client: httpx.Client) -> None:
    page = client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "/pipelines/{application}/{name}" in page.text
    assert "<script" not in page.text
    assert "http://" not in page.text
    assert client.get("/openapi.json").json()["openapi"].startswith("3.")


def test_every_answer_tells_browsers_to_be_careful(client: httpx.Client) -> None:
    for path in ("/version", "/nowhere"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
