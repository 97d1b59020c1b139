"""The plain lane: the bus on whatever broker kombu can talk to.

Separate from RabbitMQ's hot lane because simplicity counts here, and because most brokers promise less (rule 19).
"""

import logging
from collections.abc import Callable, Sequence

from gennaker.bus.event import Event
from gennaker.bus.kombu_client import connection
from gennaker.bus.kombu_intake import KombuIntake, KombuShared
from gennaker.bus.kombu_listener import KombuListener
from gennaker.bus.kombu_promises import RABBITMQ, promises, shortcomings
from gennaker.bus.kombu_publisher import KombuPublisher, Target
from gennaker.bus.kombu_topology import Declared, PlainTopology
from gennaker.bus.port import DeadLetter, Delivery, Health, QueueStatus, Settled, Subscription
from gennaker.bus.rabbitmq.dead import DeadLetters
from gennaker.bus.rabbitmq.topology import Topology
from gennaker.bus.timer import Timer
from gennaker.bus.wire import pack, pack_one

_log = logging.getLogger(__name__)
_LISTEN_PATIENCE = 5.0


class KombuTransport:
    """See `gennaker.bus.port.Transport`. `url` is kombu's."""

    def __init__(self, url: str, prefix: str, name: str) -> None:
        name = name or prefix
        with connection(url) as probe:  # nothing is connected by this
            driver = str(probe.transport.driver_type)
        self.name = f"kombu {driver}"
        self.capabilities = promises(driver)
        if missing := shortcomings(self.capabilities):
            _log.warning("the bus runs on %s, which does not promise %s", driver, missing)
        self._url = url
        self._timer = Timer(f"{name} timer")
        self._topology, self._letters, self._drop = self._desk(prefix, name)
        full = self._topology.full
        self._live = "" if self.capabilities is RABBITMQ else full("live")
        exchanges = {full("work"): "direct", full("facts"): "topic", self._live: "fanout"} if self._live else {}
        self._publisher = KombuPublisher(
            url, name, self._topology, confirms=self.capabilities.confirms, exchanges=exchanges
        )
        self._shared = KombuShared(url, name, self._topology, self._publisher, self._timer)
        self._intakes: list[KombuIntake] = []
        self._listeners: list[KombuListener] = []
        self._closed = False

    def _desk(
        self, prefix: str, name: str
    ) -> tuple[Declared, Callable[[int], list[DeadLetter]], Callable[[str], DeadLetter | None]]:
        if self.capabilities is RABBITMQ:
            topology = Topology(self._url, prefix, name, self._timer)
            letters = DeadLetters(topology, prefix)
            return topology, letters.list, letters.drop
        plain = PlainTopology(self._url, prefix)
        return plain, plain.dead_letters, plain.drop_dead_letter

    def declare_work(self, queue: str) -> None:
        """See the port."""
        self._topology.add(queue)

    def declare_subscriber(self, queue: str, patterns: Sequence[str]) -> None:
        """See the port."""
        self._topology.add(queue, patterns)

    def send(self, queue: str, events: Sequence[Event], settled: Settled) -> None:
        """See the port."""
        work = self._topology.full("work")
        self._publisher.send([(work, queue, self.capabilities.mandatory, parcel) for parcel in pack(events)], settled)

    def wants(self, type_: str) -> bool:
        """See the port. Only the broker knows who has bound a queue."""
        return True

    def publish(self, events: Sequence[Event], settled: Settled) -> None:
        """See the port."""
        facts = self._topology.full("facts")
        targets: list[Target] = []
        for event in events:
            parcel = pack_one(event)
            targets.append((facts, event.type, False, parcel))
            if self._live:
                targets.append((self._live, "", False, parcel))
        self._publisher.send(targets, settled)

    def consume(self, queue: str, on_delivery: Callable[[Delivery], None], prefetch: int = 200) -> Subscription:
        """See the port."""
        intake = KombuIntake(self._shared, queue, on_delivery, prefetch)
        self._intakes.append(intake)
        return intake

    def listen(self, patterns: Sequence[str], on_event: Callable[[Event], None]) -> Subscription:
        """See the port. Waits a few seconds at most until the broker has bound it."""
        exchange = self._live or self._topology.full("facts")
        listener = KombuListener(self._url, self._shared.name, exchange, patterns, on_event, fanout=bool(self._live))
        self._listeners.append(listener)
        listener.start(_LISTEN_PATIENCE)
        return listener

    def status(self) -> list[QueueStatus]:
        """See the port. Raises OSError when the broker is away."""
        return self._topology.status()

    def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """See the port. Raises OSError when the broker is away."""
        return self._letters(limit)

    def drop_dead_letter(self, id_: str) -> DeadLetter | None:
        """See the port. Raises OSError when the broker is away."""
        return self._drop(id_)

    def health(self) -> Health:
        """See the port."""
        return Health(
            up=self._publisher.up and not self._closed,
            transport=self.name,
            reason=self._publisher.reason,
            outstanding=self._publisher.outstanding,
        )

    def close(self, timeout: float = 5.0) -> None:
        """See the port."""
        if self._closed:
            return
        self._closed = True
        for listener in self._listeners:
            listener.stop()
        for intake in self._intakes:
            intake.stop()
        self._publisher.drain(timeout)
        for intake in self._intakes:
            intake.close(timeout)
        self._publisher.close(timeout)
        self._timer.stop()
        self._topology.close()
