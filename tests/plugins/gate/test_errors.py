"""What goes wrong is told in Gate's shape, with the place."""

import json
import logging
import socket
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from gennaker.core.errors import Unavailable
from gennaker.core.services import HealthReport, Services


def told(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert {"timestamp", "status", "error", "message"} <= set(body)
    assert body["status"] == status
    message: str = body["message"]
    return message


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{\n  "a": 1,\n  "b": oops\n}', "line 3, column 8"),
        (b'{"a"', "line 1, column 5"),
        (b'{"a": 1}x', "trailing characters (line 1"),
        (b"\xff", "line 1, column"),
        ("{\n\"é\": 'x'}".encode(), "line 2, column 6"),
    ],
)
def test_malformed_json_names_line_and_column(client: httpx.Client, body: bytes, place: str) -> None:
    assert place in told(client.post("/pipelines", content=body), 400)


def test_a_body_of_the_wrong_kind_is_refused(client: httpx.Client) -> None:
    assert "JSON object, not a list" in told(client.post("/pipelines", content=b"[]"), 400)
    assert "JSON object, not nothing" in told(client.post("/pipelines", content=b""), 400)
    assert "JSON list, not an object" in told(client.post("/pipelines/bulksave", content=b"{}"), 400)


@pytest.mark.parametrize("depth", [200, 900, 100_000])
def test_a_body_that_is_nested_too_deeply_is_refused(client: httpx.Client, depth: int) -> None:
    for opening, closing in ((b'{"a":', b"}"), (b"[", b"]")):
        deep = b'{"a":' + opening * depth + b"1" + closing * depth + b"}"
        assert "nested too deeply" in told(client.post("/pipelines", content=deep), 400)
    bearable = {"application": "a", "name": "b", "stages": [], "x": json.loads("[" * 190 + "]" * 190)}
    assert client.post("/pipelines", json=bearable).status_code == 200


def test_a_large_body_is_taken_whole(client: httpx.Client) -> None:
    stages = [{"type": "wait", "refId": str(number), "text": "x" * 1000} for number in range(400)]
    assert client.post("/pipelines", json={"application": "a", "name": "b", "stages": stages}).status_code == 200
    assert len(client.get("/applications/a/pipelineConfigs/b").json()["stages"]) == 400


def test_a_nul_character_is_refused_where_it_stands(client: httpx.Client) -> None:
    body = b'{"application": "a", "name": "b", "stages": [{"type": "x\\u0000"}]}'
    assert "the body.stages[0].type" in told(client.post("/pipelines", content=body), 400)
    assert "NUL" in told(client.get("/pipelines/a%00b"), 400)
    assert "NUL" in told(client.get("/applications?owner=%00"), 400)
    escaped = b'{"application": "a", "name": "b \\\\u0000", "stages": []}'
    assert client.post("/pipelines", content=escaped).status_code == 200


def test_a_large_body_is_refused_by_its_length_and_as_it_arrives(serve: Any) -> None:
    with serve(max_body=10_000) as client:
        assert "10000 bytes" in told(client.post("/pipelines", content=b" " * 10_001), 413)
        assert "server.max_body" in told(client.post("/pipelines", content=iter([b" " * 4096] * 50)), 413)
        assert client.post("/pipelines", content=b" " * 10_000).status_code == 400
        assert client.get("/version").status_code == 200


def test_fifty_megabytes_are_refused_clearly(client: httpx.Client) -> None:
    assert "larger than" in told(client.post("/pipelines", content=b" " * 50_000_000), 413)


def test_a_client_that_asks_first_does_not_send_its_large_body(client: httpx.Client) -> None:
    host, port = client.base_url.host, client.base_url.port or 0
    with socket.create_connection((host, port), timeout=5) as connection:
        connection.sendall(
            b"POST /pipelines HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 413")


def test_what_is_not_there_is_told_in_the_same_shape(client: httpx.Client) -> None:
    assert "nothing at GET /nowhere" in told(client.get("/nowhere"), 404)
    assert "nothing at PATCH /version" in told(client.patch("/version"), 405)


def test_bad_query_values_are_named(client: httpx.Client) -> None:
    assert "query limit" in told(client.get("/executions?executionIds=a&limit=0"), 400)
    assert "query expand" in told(client.get("/executions?executionIds=a&expand=perhaps"), 400)


def test_what_cannot_be_reached_is_503_and_may_work_later(serve: Any, world: Any) -> None:
    class Away:
        def sequence(self, execution: str) -> None:
            raise Unavailable("the database does not answer")

    down = lambda: HealthReport(up=False, components={"database": {"status": "DOWN"}})  # noqa: E731
    with serve(replace(world.services, executions=Away(), health=down)) as client:
        answer = client.get("/pipelines/E1")
        assert told(answer, 503) == "the database does not answer"
        assert answer.headers["retry-after"] == "1"
        health = client.get("/health")
        assert (health.status_code, health.json()["status"]) == (503, "DOWN")


def test_a_service_that_this_process_lacks_is_named(serve: Any) -> None:
    with serve(Services()) as client:
        for path, word in (
            ("/applications", "definitions"),
            ("/pipelines/E1", "executions"),
            ("/pipelines/E1/why", "explanations"),
            ("/pipelines/E1/events", "live"),
            ("/events", "live events"),
            ("/bus", "bus"),
            ("/metrics", "metrics"),
        ):
            assert word in told(client.get(path), 503)
        assert "control" in told(client.put("/pipelines/E1/cancel"), 503)
        assert client.get("/health").json() == {"status": "UP", "components": {}}


def test_a_mistake_of_ours_is_logged_and_not_shown(serve: Any, world: Any, caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def applications(self) -> None:
            raise RuntimeError("password=hunter2")

    with caplog.at_level(logging.ERROR), serve(replace(world.services, definitions=Broken())) as client:
        message = told(client.get("/applications"), 500)
    assert "hunter2" not in message
    assert "GET /applications failed" in caplog.text
