"""Consuming one queue: a channel of its own, and acknowledgements that cover as much as they may.

Separate because what may be acknowledged together (rule 18) depends on one channel's numbers only.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence

import pika.exceptions
from pika import spec
from pika.adapters.select_connection import SelectConnection
from pika.channel import Channel
from pika.frame import Method

from gennaker.bus.hands import Arrival, Hands
from gennaker.bus.letter import DEAD
from gennaker.bus.port import Delivery, Settled
from gennaker.bus.rabbitmq.connection import Connection
from gennaker.bus.rabbitmq.publisher import Publisher
from gennaker.bus.rabbitmq.topology import Topology
from gennaker.bus.timer import Timer
from gennaker.bus.wire import Parcel

_log = logging.getLogger(__name__)

#: Up to so many seconds a message that is to come again is kept in hand; beyond it waits in a queue of the broker.
_SHORT_DELAY = 1.0
_REOPEN = 1.0


class Surroundings:
    """What every intake of a process shares."""

    def __init__(self, connection: Connection, publisher: Publisher, topology: Topology, timer: Timer) -> None:
        self.connection = connection
        self.publisher = publisher
        self.topology = topology
        self.timer = timer


class Intake:
    """A `Subscription`, a user of a `Connection` and a `Desk` in one: all three are about one channel."""

    def __init__(
        self,
        shared: Surroundings,
        queue: str,
        on_delivery: Callable[[Delivery], None],
        prefetch: int,
        patterns: Sequence[str],
    ) -> None:
        self._shared = shared
        self._queue = shared.topology.full(queue)
        self._facts = shared.topology.full("facts")
        self._prefetch = prefetch
        self._hands = Hands(queue, on_delivery, prefetch, self, patterns)
        self._channel: Channel | None = None
        self._consumer = ""
        self._stopped = False
        #: Which channel a receipt is of: those of an earlier one mean nothing any more.
        self._generation = 0
        self._lock = threading.Lock()
        self._done: deque[tuple[int, int]] = deque()
        self._scheduled = False
        #: Everything up to here is acknowledged; of what lies above, these are.
        self._mark = 0
        self._acked: set[int] = set()

    def start(self) -> None:
        """Consume as soon as there is a connection, and again after each loss."""
        self._shared.connection.attach(self)

    def opened(self, connection: SelectConnection) -> None:
        """See `User`."""
        connection.channel(on_open_callback=self._ready)

    def _ready(self, channel: Channel) -> None:
        if self._stopped:
            channel.close()
            return
        self._generation += 1
        self._mark = 0
        self._acked.clear()
        self._channel = channel
        channel.add_on_close_callback(self._channel_closed)
        channel.add_on_cancel_callback(lambda _: channel.close())
        channel.basic_qos(prefetch_count=min(self._prefetch, 65_535))
        self._consumer = channel.basic_consume(self._queue, self._message)

    def _channel_closed(self, channel: Channel, error: Exception) -> None:
        """The queue is gone, or the broker closed the channel for another reason: begin again."""
        if channel is not self._channel:
            return
        self.lost()
        alone = isinstance(error, pika.exceptions.ChannelClosed)
        if alone and not self._stopped:
            _log.warning("the broker closed the channel that consumes %s: %s", self._queue, error)
            self._shared.timer.call(0, self._restore)

    def _restore(self) -> None:
        """On the timer's thread, for declaring blocks."""
        try:
            self._shared.topology.declare_all()
        except Exception as error:
            _log.warning("%s cannot be declared: %s", self._queue, error)
        self._shared.timer.call(_REOPEN, lambda: self._shared.connection.call(self._reopen))

    def _reopen(self) -> None:
        if not self._stopped and self._channel is None:
            self._shared.connection.open_channel(self._ready)

    def lost(self) -> None:
        """See `User`."""
        self._channel = None
        self._generation += 1
        with self._lock:
            self._done.clear()
            self._scheduled = False  # what was to run on the lost connection never will
        self._hands.lost()

    def blocked(self, blocked: bool) -> None:
        """See `User`: what only consumes is never held back."""

    def _message(
        self, channel: Channel, method: spec.Basic.Deliver, properties: spec.BasicProperties, body: bytes
    ) -> None:
        if channel is self._channel and method.delivery_tag is not None:
            arrival = Arrival(
                properties.content_type,
                properties.headers or {},
                body,
                bool(method.redelivered),
                method.exchange == self._facts,
            )
            self._hands.take((self._generation, method.delivery_tag), arrival)

    def ack(self, receipt: object) -> None:
        """See `Desk`."""
        assert isinstance(receipt, tuple)
        with self._lock:
            self._done.append(receipt)
            schedule = not self._scheduled
            self._scheduled = True
        if schedule and not self._shared.connection.call(self._flush):
            self._scheduled = False

    def _flush(self) -> None:
        """On the connection's thread: acknowledge what was settled since, with as few frames as possible."""
        with self._lock:
            self._scheduled = False
            done = list(self._done)
            self._done.clear()
        channel = self._channel
        tags = sorted(tag for generation, tag in done if generation == self._generation)
        if channel is None or not channel.is_open or not tags:
            return
        self._acked.update(tags)
        while self._mark + 1 in self._acked:
            self._mark += 1
            self._acked.remove(self._mark)
        below = [tag for tag in tags if tag <= self._mark]
        if below:
            channel.basic_ack(below[-1], multiple=len(below) > 1)
        for tag in tags[len(below) :]:
            channel.basic_ack(tag)

    def resend(self, parcel: Parcel, delay: float, settled: Settled) -> None:
        """See `Desk`."""
        if delay <= 0:
            self._post("", self._queue, parcel, settled)
        elif delay <= _SHORT_DELAY:
            self._shared.timer.call(delay, lambda: self._post("", self._queue, parcel, settled))
        else:
            self._shared.timer.call(0, lambda: self._park(parcel, delay, settled))

    def _park(self, parcel: Parcel, delay: float, settled: Settled) -> None:
        """On the timer's thread, for declaring blocks: let the broker keep it for a while."""
        try:
            exchange = self._shared.topology.wait_exchange(delay)
        except Exception as error:
            settled(f"it cannot be kept for {delay:.0f} s: {error}")
            return
        self._post(exchange, self._queue, parcel, settled)

    def bury(self, parcel: Parcel, settled: Settled) -> None:
        """See `Desk`."""
        self._post("", self._shared.topology.full(DEAD), parcel, settled)

    def _post(self, exchange: str, key: str, parcel: Parcel, settled: Settled) -> None:
        self._shared.publisher.send([(exchange, key, True, parcel)], settled, bounded=False)

    def later(self, delay: float, action: Callable[[], None]) -> None:
        """See `Desk`."""
        self._shared.timer.call(delay, action)

    def stop(self) -> None:
        """See the port's `Subscription`."""
        self._stopped = True
        self._shared.connection.call(self._cancel)
        self._hands.stop()

    def _cancel(self) -> None:
        if self._channel is not None and self._channel.is_open and self._consumer:
            self._channel.basic_cancel(self._consumer, callback=_ignored)

    def emptied(self) -> None:
        """See `Desk`: closing the channel gives the broker back what was never handed over."""

        def end() -> None:
            self._flush()
            self._shared.connection.detach(self)
            if self._channel is not None and self._channel.is_open:
                self._channel.close()

        self._shared.connection.call(end)


def _ignored(_: Method[spec.Basic.CancelOk]) -> None:
    """The answer to a cancel says nothing new."""
