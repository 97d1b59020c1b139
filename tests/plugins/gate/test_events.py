"""The live stream: filters, resuming, slow and vanishing clients."""

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from gennaker.core.authoriser import Authoriser
from gennaker.core.model import events as e
from gennaker.core.model.status import Status
from gennaker.core.services import Services
from gennaker.plugins.gate.app import create_app
from gennaker.plugins.gate.feed import EventStream, Feed, Filter

STARTED = (e.ExecutionStarted(), e.StageStarted(stage="s1", tasks=("wait",)))
ENDED = (*STARTED, e.StageFinished(stage="s1", status=Status.SUCCEEDED), e.ExecutionFinished(status=Status.SUCCEEDED))


def blocks(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    """Server-sent events; a comment has the key of the empty text."""
    block: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            block[name] = value.strip()
        elif block:
            yield block
            block = {}


def take(answer: httpx.Response, count: int) -> list[dict[str, Any]]:
    """The next events, comments left out."""
    found: list[dict[str, Any]] = []
    for block in blocks(answer.iter_lines()):
        if "data" in block:
            found.append({**json.loads(block["data"]), "cursor": block["id"], "event": block["event"]})
        if len(found) == count:
            break
    return found


def test_rule_21_the_stream_goes_on_after_the_last_event_id(client: httpx.Client, world: Any) -> None:
    beginning = world.live.now()
    world.happened("E1", *ENDED)
    with client.stream("GET", "/events", headers={"Last-Event-ID": beginning}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        first = take(answer, 2)
    assert [one["id"] for one in first] == ["E1:1", "E1:2"]
    assert first[0]["event"] == first[0]["type"] == "execution.requested"
    world.happened("E2")
    with client.stream("GET", "/events", headers={"Last-Event-ID": first[-1]["cursor"]}) as answer:
        rest = take(answer, 4)
    assert [one["id"] for one in rest] == ["E1:3", "E1:4", "E1:5", "E2:1"]


def test_without_a_cursor_the_stream_begins_now(client: httpx.Client, world: Any) -> None:
    world.happened("E1")
    with client.stream("GET", "/events") as answer:
        lines = answer.iter_lines()
        assert next(blocks(lines))["id"] == world.live.now()
        world.happened("E2")
        assert json.loads(next(blocks(lines))["data"])["subject"] == "E2"


def test_news_in_this_process_arrive_at_once_and_definitions_are_news_too(serve: Any, world: Any) -> None:
    with serve() as client, client.stream("GET", "/events") as answer:
        lines = answer.iter_lines()
        next(blocks(lines))
        world.definitions.save_application({"name": "app", "email": "a@b.c"}, user="ann")
        world.live.news()
        event = json.loads(next(blocks(lines))["data"])
    assert (event["type"], event["subject"], event["data"]["user"]) == ("application.saved", "application:app", "ann")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("application=APP", ["E1:1", "E1:2", "E1:3"]),
        ("execution=E2", ["E2:1"]),
        ("types=stage.*,execution.started", ["E1:2", "E1:3"]),
        ("application=app&types=execution.requested", ["E1:1"]),
    ],
)
def test_filters_leave_the_rest_out(client: httpx.Client, world: Any, query: str, expected: list[str]) -> None:
    beginning = world.live.now()
    world.happened("E1", *STARTED)
    world.happened("E2", application="other")
    with client.stream("GET", f"/events?{query}&cursor={beginning}") as answer:
        assert [one["id"] for one in take(answer, len(expected))] == expected


@pytest.mark.parametrize("cursor", ["x", "!!!", "MTow.", "MjowLDA", "MTotMQ"])
def test_what_is_no_cursor_is_refused_before_the_stream_begins(client: httpx.Client, cursor: str) -> None:
    answer = client.get("/events", headers={"Last-Event-ID": cursor})
    assert answer.status_code == 400
    assert "Last-Event-ID" in answer.json()["message"]


class Listener:
    """One ASGI client, without a socket."""

    def __init__(self, stream: EventStream) -> None:
        self.sent: list[bytes] = []
        self.gone = asyncio.Event()
        #: Cleared, the client takes nothing more.
        self.takes = asyncio.Event()
        self.takes.set()
        self.done = asyncio.ensure_future(stream({"type": "http"}, self.receive, self.send))

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        await self.takes.wait()
        self.sent.append(message.get("body", b""))

    @property
    def text(self) -> str:
        return b"".join(self.sent).decode()

    async def until(self, text: str) -> None:
        async with asyncio.timeout(5):
            while text not in self.text:
                await asyncio.sleep(0.01)

    async def leave(self) -> None:
        self.gone.set()
        await self.done


def test_a_client_that_goes_is_forgotten_and_the_last_ends_the_news(world: Any) -> None:
    async def story() -> None:
        feed = Feed(world.live)
        cursor = world.live.now()
        one, two = (Listener(EventStream(feed, cursor, Filter())) for _ in range(2))
        await one.until("welcome")
        await two.until("welcome")
        assert feed.clients == 2
        await one.leave()
        assert feed.clients == 1
        await asyncio.to_thread(world.happened, "E1")
        world.live.news()
        await two.until("E1:1")
        await two.leave()
        assert feed.clients == 0

    asyncio.run(story())
    assert not any(thread.name == "live" and not thread.daemon for thread in threading.enumerate())


def test_a_silent_stream_shows_that_it_lives_and_moves_its_cursor(world: Any) -> None:
    async def story() -> None:
        feed = Feed(world.live)
        begun = world.live.now()
        listener = Listener(EventStream(feed, begun, Filter(execution="other"), heartbeat=0.05))
        await listener.until("still here")
        await asyncio.to_thread(world.happened, "E1", *ENDED)
        await listener.until(f"id: {world.live.now()}")
        await listener.leave()
        assert "data:" not in listener.text

    asyncio.run(story())


def test_a_slow_client_misses_nothing_and_holds_nobody_up(world: Any) -> None:
    count = 12

    async def story() -> None:
        feed = Feed(world.live)
        cursor = world.live.now()
        slow = Listener(EventStream(feed, cursor, Filter()))
        fast = Listener(EventStream(feed, cursor, Filter()))
        await slow.until("welcome")
        slow.takes.clear()
        for number in range(count):
            await asyncio.to_thread(world.happened, f"E{number:02}")
            world.live.news()
            await fast.until(f"E{number:02}:1")
        slow.takes.set()
        await slow.until(f"E{count - 1}:1")
        for listener in (slow, fast):
            ids = [json.loads(line[6:])["id"] for line in listener.text.splitlines() if line.startswith("data: ")]
            assert ids == [f"E{number:02}:1" for number in range(count)]
            await listener.leave()
        assert len(slow.sent) < len(fast.sent)

    asyncio.run(story())


def test_clients_at_the_same_place_share_one_read(world: Any) -> None:
    class Counting:
        def __init__(self) -> None:
            self.reads: list[str] = []

        def after(self, cursor: str, limit: int = 500) -> Any:
            self.reads.append(cursor)
            return world.live.after(cursor, limit)

    async def story() -> None:
        live: Any = Counting()
        feed = Feed(live)
        cursor = world.live.now()
        world.happened("E1", *ENDED)
        first, second = await feed.after(cursor), await feed.after(cursor)
        assert first is second
        assert first is not None
        assert await feed.after(first.cursor) is None
        assert live.reads == [cursor, first.cursor]

    asyncio.run(story())


def test_a_stream_ends_when_the_log_cannot_be_read(world: Any, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        feed = Feed(world.live)
        listener = Listener(EventStream(feed, "nonsense", Filter()))
        async with asyncio.timeout(5):
            await listener.done
        assert listener.text.endswith(": InvalidRequest\n\n")
        assert feed.clients == 0

    asyncio.run(story())
    assert "an event stream ended" in caplog.text


def test_streams_end_at_once_when_the_server_stops(world: Any) -> None:
    async def story() -> None:
        app = create_app(world.services, Authoriser(), 1000)
        feed: Feed = app.state.feed
        listener = Listener(EventStream(feed, world.live.now(), Filter()))
        await listener.until("welcome")
        await asyncio.to_thread(app.drain)
        async with asyncio.timeout(5):
            await listener.done
        late = Listener(EventStream(feed, world.live.now(), Filter()))
        await late.done
        for one in (listener, late):
            assert one.text.endswith(": goodbye\n\n")

    asyncio.run(story())
    create_app(Services(), Authoriser(), 1000).drain()


def test_news_for_a_loop_that_is_closed_disturb_nobody(world: Any) -> None:
    feed = Feed(world.live)

    async def story() -> None:
        feed.enter()

    asyncio.run(story())
    world.live.news()
    feed.end()
    feed.leave()
