"""The bus on RabbitMQ.

Separate because here, and only here, the parts of the hot lane are put together: one connection that publishes, one that consumes (rule 18).
"""

import logging
from collections.abc import Callable, Sequence

from gennaker.bus.event import Event
from gennaker.bus.port import Capabilities, DeadLetter, Delivery, Health, QueueStatus, Settled, Subscription
from gennaker.bus.rabbitmq.connection import Connection
from gennaker.bus.rabbitmq.dead import DeadLetters
from gennaker.bus.rabbitmq.intake import Intake, Surroundings
from gennaker.bus.rabbitmq.listener import Listener
from gennaker.bus.rabbitmq.publisher import Publisher
from gennaker.bus.rabbitmq.topology import Topology
from gennaker.bus.timer import Timer
from gennaker.bus.wire import Parcel, pack, split

_log = logging.getLogger(__name__)
_LISTEN_PATIENCE = 5.0


class RabbitTransport:
    """See `gennaker.bus.port.Transport`."""

    name = "rabbitmq"
    capabilities = Capabilities(durable=True, confirms=True, mandatory=True, delivery_limit=True, shared=True)

    def __init__(self, url: str, prefix: str, name: str) -> None:
        name = name or prefix
        self._timer = Timer(f"{name} timer")
        self._topology = Topology(url, prefix, name, self._timer)
        self._dead = DeadLetters(self._topology, prefix)
        self._work = self._topology.full("work")
        self._facts = self._topology.full("facts")
        self._out = Connection(url, f"{name} publishes", self._topology.declare_all)
        self._in = Connection(url, f"{name} consumes", self._topology.declare_all)
        self._publisher = Publisher(self._out)
        self._shared = Surroundings(self._in, self._publisher, self._topology, self._timer)
        self._intakes: list[Intake] = []
        self._closed = False
        self._out.start()
        self._in.start()

    def declare_work(self, queue: str) -> None:
        """See the port. When the broker is away it is declared with the next connection."""
        self._topology.add(queue)

    def declare_subscriber(self, queue: str, patterns: Sequence[str]) -> None:
        """See the port. When the broker is away it is declared with the next connection."""
        self._topology.add(queue, patterns)

    def send(self, queue: str, events: Sequence[Event], settled: Settled) -> None:
        """See the port."""
        self._publisher.send([(self._work, queue, True, parcel) for parcel in pack(events)], settled)

    def wants(self, type_: str) -> bool:
        """See the port. Only the broker knows who has bound a queue."""
        return True

    def publish(self, events: Sequence[Event], settled: Settled) -> None:
        """See the port. Several facts travel as one batch that is routed by every type in it; readers leave out what they did not ask for."""
        self._publisher.send([self._fact(group) for group in split(events)], settled)

    def _fact(self, events: Sequence[Event]) -> tuple[str, str, bool, Parcel]:
        (parcel,) = pack(events)
        first, *others = dict.fromkeys(event.type for event in events)
        if others:
            parcel.headers["BCC"] = others
        return self._facts, first, False, parcel

    def consume(self, queue: str, on_delivery: Callable[[Delivery], None], prefetch: int = 200) -> Subscription:
        """See the port."""
        intake = Intake(self._shared, queue, on_delivery, prefetch, self._topology.patterns(queue))
        self._intakes.append(intake)
        intake.start()
        return intake

    def listen(self, patterns: Sequence[str], on_event: Callable[[Event], None]) -> Subscription:
        """See the port. Waits a few seconds at most until the broker has bound it."""
        listener = Listener(self._in, self._facts, patterns, on_event)
        listener.start(_LISTEN_PATIENCE)
        return listener

    def status(self) -> list[QueueStatus]:
        """See the port. Raises OSError when the broker is away."""
        return self._topology.status()

    def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """See the port. Raises OSError when the broker is away."""
        return self._dead.list(limit)

    def drop_dead_letter(self, id_: str) -> DeadLetter | None:
        """See the port. Raises OSError when the broker is away."""
        return self._dead.drop(id_)

    def health(self) -> Health:
        """See the port."""
        blocked = self._publisher.held_back
        reason = self._out.reason or self._in.reason
        if blocked:
            reason = "RabbitMQ has stopped publishers (memory or disk alarm)"
        return Health(
            up=self._out.up and self._in.up and not self._closed,
            transport=self.name,
            reason=reason,
            outstanding=self._publisher.outstanding,
            blocked=blocked,
        )

    def close(self, timeout: float = 5.0) -> None:
        """See the port."""
        if self._closed:
            return
        self._closed = True
        for intake in self._intakes:
            intake.stop()
        self._publisher.drain(timeout)
        self._publisher.refuse()
        self._in.close(timeout)
        self._out.close(timeout)
        self._publisher.abandon()
        self._timer.stop()
        self._topology.close()
