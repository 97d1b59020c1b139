"""Publishing with a window of confirms: everything sent is either confirmed, returned or sent again.

Separate because nothing on this connection ever waits for a consumer, and an alarm of the broker may stop it at any time (rule 18).
"""

from __future__ import annotations

import logging
import random
import threading
from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Any

import pika
import pika.exceptions
from pika import spec
from pika.adapters.select_connection import SelectConnection
from pika.channel import Channel
from pika.frame import Method

from gennaker.bus.port import CLOSED, RETURNED, Problem, Settled
from gennaker.bus.rabbitmq.connection import Connection
from gennaker.bus.wire import Parcel

_log = logging.getLogger(__name__)

#: So many messages may be unconfirmed or waiting for the broker (rule 4); whoever sends more waits.
WINDOW = 1_000
_TAG = "bus_tag"
_LONGEST_WAIT = 10.0


class Outgoing:
    """A message on its way, and whoever wants to know."""

    __slots__ = ("batch", "exchange", "key", "mandatory", "parcel", "refusals", "returned")

    def __init__(self, exchange: str, key: str, mandatory: bool, parcel: Parcel, batch: Batch) -> None:
        self.exchange = exchange
        self.key = key
        self.mandatory = mandatory
        self.parcel = parcel
        self.batch = batch
        self.returned = False
        self.refusals = 0


class Batch:
    """Several messages that are settled as one."""

    __slots__ = ("_problem", "_remaining", "_settled")

    def __init__(self, remaining: int, settled: Settled) -> None:
        self._remaining = remaining
        self._settled = settled
        self._problem: Problem = None

    def settle(self, problem: Problem) -> None:
        self._problem = self._problem or problem
        self._remaining -= 1
        if self._remaining == 0:
            try:
                self._settled(self._problem)
            except Exception:
                _log.exception("whoever waited for a confirm failed")


class Publisher:
    """May be used from any thread. A user of a `Connection`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._room = threading.Condition()
        self._waiting: deque[Outgoing] = deque()
        #: By the broker's number, in order; only the connection's thread looks at it.
        self._unconfirmed: OrderedDict[int, Outgoing] = OrderedDict()
        #: Refused by the broker and waiting for their next attempt.
        self._resting: dict[Outgoing, None] = {}
        self._number = 0
        self._channel: Channel | None = None
        self._scheduled = False
        self._closed = False
        self.held_back = False
        self.outstanding = 0
        connection.attach(self)

    def send(self, targets: Sequence[tuple[str, str, bool, Parcel]], settled: Settled, *, bounded: bool = True) -> None:
        """Publish `(exchange, key, mandatory, parcel)`, in order. Waits while the window is full if `bounded`."""
        if not targets:
            settled(None)
            return
        batch = Batch(len(targets), settled)
        outgoing = [Outgoing(*target, batch) for target in targets]
        with self._room:
            if bounded and not self._connection.own_thread():
                while self.outstanding >= WINDOW and not self._closed:
                    self._room.wait()
            if not self._closed:
                self.outstanding += len(outgoing)
                self._waiting.extend(outgoing)
                schedule = not self._scheduled
                self._scheduled = True
        if self._closed:
            for one in outgoing:
                one.batch.settle(CLOSED)
        elif schedule and not self._connection.call(self._flush):
            self._scheduled = False  # the next connection begins with a flush

    def opened(self, connection: SelectConnection) -> None:
        """See `User`."""
        connection.channel(on_open_callback=self._ready)

    def _ready(self, channel: Channel) -> None:
        channel.add_on_close_callback(self._channel_closed)
        channel.add_on_return_callback(self._returned)
        channel.confirm_delivery(self._confirmed, callback=lambda _: self._start(channel))

    def _start(self, channel: Channel) -> None:
        self._channel = channel
        self._number = 0
        self._flush()

    def _channel_closed(self, channel: Channel, error: Exception) -> None:
        """A missing exchange or the like closes the channel alone: begin again with a new one."""
        if channel is self._channel:
            self._take_back()
            if isinstance(error, pika.exceptions.ChannelClosedByBroker):
                _log.warning("the broker closed the publishing channel: %s", error)
                self._connection.later(1.0, lambda: self._connection.open_channel(self._ready))

    def lost(self) -> None:
        """See `User`."""
        self.held_back = False
        self._take_back()

    def _take_back(self) -> None:
        """What is not confirmed waits again, before everything else and in its order."""
        self._channel = None
        with self._room:
            again = [*self._unconfirmed.values(), *self._resting]
            self._unconfirmed.clear()
            self._resting.clear()
            self._waiting.extendleft(reversed(again))
            self._scheduled = False
        for one in again:
            one.returned = False

    def blocked(self, blocked: bool) -> None:
        """See `User`."""
        self.held_back = blocked
        _log.warning("RabbitMQ %s publishers", "has stopped" if blocked else "lets go on the")
        if not blocked:
            self._flush()

    def _flush(self) -> None:
        """On the connection's thread: publish what waits."""
        with self._room:
            self._scheduled = False
            channel = self._channel
            if channel is None or self.held_back:
                return
            ready = list(self._waiting)
            self._waiting.clear()
        for index, one in enumerate(ready):
            if not channel.is_open:
                with self._room:
                    self._waiting.extendleft(reversed(ready[index:]))
                return
            self._number += 1
            self._unconfirmed[self._number] = one
            try:
                properties = self._properties(one, self._number)
                channel.basic_publish(one.exchange, one.key, one.parcel.body, properties, mandatory=one.mandatory)
            except (ValueError, TypeError, AssertionError, pika.exceptions.ShortStringTooLong) as error:
                # It cannot be written as AMQP: no other attempt will do better.
                del self._unconfirmed[self._number]
                self._number -= 1
                self._settle([one], f"{type(error).__name__}: {error}")

    def _properties(self, one: Outgoing, number: int) -> spec.BasicProperties:
        headers: dict[str, Any] = dict(one.parcel.headers)
        if one.mandatory:
            headers[_TAG] = number
        factory: Any = pika.BasicProperties
        properties: spec.BasicProperties = factory(
            content_type=one.parcel.content_type,
            content_encoding="utf-8",
            delivery_mode=2,
            message_id=one.parcel.headers.get("cloudEvents_id", "").encode()[:255].decode(errors="ignore"),
            headers=headers,
        )
        return properties

    def _returned(
        self, _channel: Channel, _method: spec.Basic.Return, properties: spec.BasicProperties, _body: bytes
    ) -> None:
        number = (properties.headers or {}).get(_TAG)
        if isinstance(number, int) and (one := self._unconfirmed.get(number)) is not None:
            one.returned = True

    def _confirmed(self, frame: Method[spec.Basic.Ack | spec.Basic.Nack]) -> None:
        tag, multiple = frame.method.delivery_tag, frame.method.multiple
        taken: list[Outgoing] = []
        if multiple:
            while self._unconfirmed and next(iter(self._unconfirmed)) <= tag:
                taken.append(self._unconfirmed.popitem(last=False)[1])
        elif (one := self._unconfirmed.pop(tag, None)) is not None:
            taken.append(one)
        if isinstance(frame.method, spec.Basic.Nack):
            for one in taken:
                self._refused(one)
        else:
            self._settle(taken)

    def _refused(self, one: Outgoing) -> None:
        """A full queue rejects publishes (rule 19): try again, ever more slowly."""
        one.refusals += 1
        delay = min(_LONGEST_WAIT, 0.1 * 2**one.refusals) * random.uniform(0.5, 1.0)
        _log.warning("RabbitMQ refused a message for %s; it is sent again in %.1f s", one.key, delay)

        def again() -> None:
            with self._room:
                if one not in self._resting:  # the connection was lost meanwhile
                    return
                del self._resting[one]
                self._waiting.append(one)
            self._flush()

        self._resting[one] = None
        self._connection.later(delay, again)

    def _settle(self, done: Sequence[Outgoing], problem: Problem = None) -> None:
        with self._room:
            self.outstanding -= len(done)
            self._room.notify_all()
        for one in done:
            one.batch.settle(RETURNED if one.returned else problem)

    def drain(self, timeout: float) -> None:
        """Wait until everything is confirmed, but no longer than `timeout` seconds."""
        with self._room:
            self._room.wait_for(lambda: self.outstanding == 0, timeout)

    def refuse(self) -> None:
        """Take nothing more; whoever waits for room is told."""
        with self._room:
            self._closed = True
            self._room.notify_all()

    def abandon(self) -> None:
        """After the connection has ended: tell whoever still waits for a confirm."""
        with self._room:
            rest = [*self._unconfirmed.values(), *self._resting, *self._waiting]
            for held in (self._unconfirmed, self._resting, self._waiting):
                held.clear()
            self.outstanding = 0
        for one in rest:
            one.batch.settle(CLOSED)
