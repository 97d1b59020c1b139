"""The event log as server-sent events.

Separate because it is the one answer that does not end. Every client goes through the log from a cursor of its own (rule 21): news only
wakes it, so nothing is missed and nothing comes twice, however slow it is. What one client has read is kept for a moment for the
others, who mostly stand at the same place: a read, and its encoding, is done once.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress

import anyio
from fastapi import Response
from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from gennaker.core.errors import GennakerError
from gennaker.core.services import Happening, Live
from gennaker.plugins.gate.happening import sent_event

_LOG = logging.getLogger("gennaker.gate")

#: Seconds after which a silent stream shows that it is alive.
HEARTBEAT = 15.0
#: News within this time (seconds) is read together.
_GATHER = 0.02
#: Events read at once, and how many such reads are kept.
_BATCH = 500
_KEPT = 8


class Filter(Struct, frozen=True, kw_only=True):
    """What a client wants to hear of; empty means everything."""

    application: str = ""
    execution: str = ""
    types: tuple[str, ...] = ()

    def wants(self, happening: Happening) -> bool:
        """Whether the event is among it. A type may end in `*`."""
        if self.application and happening.application.casefold() != self.application.casefold():
            return False
        if self.execution and happening.subject != self.execution:
            return False
        return not self.types or any(_is(happening.type, wanted) for wanted in self.types)


def _is(type_: str, wanted: str) -> bool:
    return type_.startswith(wanted[:-1]) if wanted.endswith("*") else type_ == wanted


class Batch(Struct, frozen=True):
    """What was read at one place of the log, ready to send."""

    cursor: str
    events: tuple[tuple[Happening, bytes], ...]


class Feed:
    """What the clients of one event loop share: who wakes them, and the last reads. Open while there is a client."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._news = asyncio.Event()
        self._kept: OrderedDict[str, Batch] = OrderedDict()
        #: How many are connected.
        self.clients = 0
        self._telling = False
        #: The server stops: no stream goes on.
        self.over = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: Callable[[], None] | None = None

    def enter(self) -> None:
        """One client more; the first has the news brought."""
        self.clients += 1
        if self.clients == 1:
            self._loop = loop = asyncio.get_running_loop()
            self._stop = self._live.on_news(lambda: self._tell(loop))

    def leave(self) -> None:
        """One client less; the last ends the news."""
        self.clients -= 1
        if self.clients == 0 and self._stop is not None:
            self._stop()
            self._stop = None
            self._kept.clear()

    def news(self) -> asyncio.Event:
        """Set when something happens after this call: take it before reading, wait for it afterwards."""
        return self._news

    async def after(self, cursor: str) -> Batch | None:
        """The next events after a cursor, all of them or some; None = there are none."""
        if cursor in self._kept:
            return self._kept[cursor]
        happenings = await run_in_threadpool(self._live.after, cursor, _BATCH)
        if not happenings:
            return None
        batch = Batch(happenings[-1].cursor, tuple((one, sent_event(one)) for one in happenings))
        self._kept[cursor] = batch
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return batch

    def end(self) -> None:
        """Have every stream end, for good; from any thread."""
        self.over = True
        if self._loop is not None:
            self._tell(self._loop)

    def _tell(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._telling:
            self._telling = True
            with suppress(RuntimeError):  # the loop is closed: nobody is left to be woken
                loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._telling = False
        woken, self._news = self._news, asyncio.Event()
        woken.set()


class EventStream(Response):
    """The answer: events from a cursor on, a comment when nothing happens, until the client goes."""

    def __init__(self, feed: Feed, cursor: str, wanted: Filter, heartbeat: float = HEARTBEAT) -> None:
        super().__init__(
            headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}, media_type="text/event-stream"
        )
        del self.headers["content-length"]
        self._feed = feed
        self._cursor = cursor
        self._wanted = wanted
        self._heartbeat = heartbeat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the client goes."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        self._feed.enter()
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._send, send, group.cancel_scope)
                while (await receive())["type"] != "http.disconnect":
                    pass
                group.cancel_scope.cancel()
        finally:
            self._feed.leave()

    async def _send(self, send: Send, whole: anyio.CancelScope) -> None:
        try:
            await self._pump(send)
            last = b": goodbye\n\n"
        except GennakerError as error:
            # The client comes again by itself, from where it was.
            _LOG.warning("an event stream ended: %s", error)
            last = b": " + type(error).__name__.encode() + b"\n\n"
        await send({"type": "http.response.body", "body": last})
        whole.cancel()

    async def _pump(self, send: Send) -> None:
        await _write(send, b": welcome\nid: " + self._cursor.encode() + b"\n\n")
        told = self._cursor
        while not self._feed.over:
            news = self._feed.news()
            batch = await self._feed.after(self._cursor)
            if batch is not None:
                self._cursor = batch.cursor
                chosen = [(one, sent) for one, sent in batch.events if self._wanted.wants(one)]
                if chosen:
                    await _write(send, b"".join(sent for _, sent in chosen))
                    told = chosen[-1][0].cursor
                continue
            try:
                await asyncio.wait_for(news.wait(), self._heartbeat)
                await asyncio.sleep(_GATHER)
            except TimeoutError:
                # A cursor without data moves the client on past what it did not want to hear of.
                moved = b"id: " + self._cursor.encode() + b"\n" if told != self._cursor else b""
                told = self._cursor
                await _write(send, b": still here\n" + moved + b"\n")


async def _write(send: Send, content: bytes) -> None:
    await send({"type": "http.response.body", "body": content, "more_body": True})
