"""What plugins run beside their stages: handlers of facts, and background services.

Separate from the worker because neither answers to the engine: a subscriber has the bus's own retry and dead letters (rule 11).
"""

import logging
import threading
import time
from typing import TYPE_CHECKING

from gennaker.bus.port import Transport
from gennaker.core.hookspecs import Background, Subscription
from gennaker.core.plugins import Plugins
from gennaker.core.services import Services

if TYPE_CHECKING:
    from gennaker.bus.subscriber import Subscriber

_log = logging.getLogger("gennaker.plugins")
#: Seconds after which a service that ended is started again; doubled while it ends soon.
AGAIN_S = 1.0
_LONGEST_S = 60.0


class Sidelines:
    """The subscriptions and background services of all plugins."""

    def __init__(self, transport: Transport, plugins: Plugins, services: Services) -> None:
        self._subscribers = [_subscriber(transport, each) for each in plugins.subscriptions(services)]
        self._backgrounds = plugins.background(services)
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin."""
        for subscriber in self._subscribers:
            subscriber.start()
        for background in self._backgrounds:
            thread = threading.Thread(target=self._run, args=(background,), name=background.name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Let handlers finish and services end."""
        self._stopping.set()
        for subscriber in self._subscribers:
            subscriber.stop(timeout)
        for thread in self._threads:
            thread.join(timeout)

    def _run(self, background: Background) -> None:
        wait = AGAIN_S
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                background.run(self._stopping)
            except Exception:
                _log.exception("%s failed; started again in %.0f s", background.name, wait)
            if time.monotonic() - began > _LONGEST_S:
                wait = AGAIN_S
            self._stopping.wait(wait)
            wait = min(2 * wait, _LONGEST_S)


def _subscriber(transport: Transport, wanted: Subscription) -> "Subscriber":
    """Imported when a plugin subscribes at all: most daemons start without."""
    from gennaker.bus.subscriber import Subscriber

    return Subscriber(transport, wanted.queue, wanted.patterns, wanted.handler)
