"""One connection to RabbitMQ with the thread that owns it, kept up for as long as it is wanted.

Separate because publishing and consuming each have one (rule 18) and neither should know how it is opened again.
"""

import contextlib
import logging
import random
import threading
from collections.abc import Callable
from typing import Protocol

import pika
from pika.adapters.select_connection import SelectConnection
from pika.channel import Channel
from pika.connection import Connection as PikaConnection

_log = logging.getLogger(__name__)

_HEARTBEAT = 30
_FIRST_WAIT = 0.1
_LONGEST_WAIT = 10.0


class User(Protocol):
    """What lives on a connection. All are called on its thread."""

    def opened(self, connection: SelectConnection) -> None:
        """The connection can be used."""

    def lost(self) -> None:
        """It is gone, with every channel on it."""

    def blocked(self, blocked: bool) -> None:
        """The broker stopped publishers, or let them go on."""


class Connection:
    """`prepare` runs on the connection's thread before each attempt, may block, and raises when the broker is away."""

    def __init__(self, url: str, name: str, prepare: Callable[[], None]) -> None:
        self._parameters = pika.URLParameters(url)
        self._parameters.client_properties = {"connection_name": name, "product": "gennaker"}
        if "heartbeat=" not in url:
            self._parameters.heartbeat = _HEARTBEAT
        self._prepare = prepare
        #: Each with the connection it was last told of.
        self._users: dict[User, SelectConnection | None] = {}
        self._current: SelectConnection | None = None
        self._up = threading.Event()
        self._wanted = True
        self._wake = threading.Event()
        self.reason = "not connected yet"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Connect, in the background."""
        self._thread.start()

    @property
    def up(self) -> bool:
        """It can be used now."""
        return self._up.is_set()

    def own_thread(self) -> bool:
        """The caller is on this connection's thread, which must never wait for itself."""
        return threading.current_thread() is self._thread

    def attach(self, user: User) -> None:
        """Have a user told of the connection, soon if it is up already."""
        self._users[user] = None
        self.call(lambda: self._tell(user))

    def detach(self, user: User) -> None:
        """Tell a user nothing more."""
        self._users.pop(user, None)

    def _tell(self, user: User) -> None:
        current = self._current
        if current is not None and current.is_open and user in self._users and self._users[user] is not current:
            self._users[user] = current
            user.opened(current)

    def call(self, action: Callable[[], None]) -> bool:
        """Have `action` run on the connection's thread soon; False when there is no connection."""
        current = self._current
        if current is None or not self._up.is_set():
            return False
        with contextlib.suppress(OSError, AssertionError):  # it is being closed: whoever lives on it is told
            current.ioloop.add_callback_threadsafe(action)
        return True

    def open_channel(self, ready: Callable[[Channel], None]) -> None:
        """Open a channel if the connection stands; only on its own thread."""
        if self._current is not None and self._current.is_open:
            self._current.channel(on_open_callback=ready)

    def later(self, delay: float, action: Callable[[], None]) -> None:
        """Have `action` run after a while if the connection still stands; only on its own thread."""
        if self._current is not None:
            self._current.ioloop.call_later(delay, action)

    def _run(self) -> None:
        failures = 0
        while self._wanted:
            if self._once():
                failures = 0
            else:
                failures += 1
            if self._wanted:
                longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2**failures)
                self._wake.wait(longest * random.uniform(0.5, 1.0))

    def _once(self) -> bool:
        """Connect and serve until the connection ends; whether it ever stood."""
        stood = False
        try:
            self._prepare()
            if not self._wanted:
                return False
            self._current = SelectConnection(
                self._parameters,
                on_open_callback=self._opened,
                on_open_error_callback=self._failed,
                on_close_callback=self._closed,
            )
            if not self._wanted:
                self._end()
            self._current.ioloop.start()
            stood = self._up.is_set()
        except Exception as error:
            self.reason = _sentence(error)
            if self._wanted:  # else it is pika's complaint that it was interrupted
                _log.warning("%s: %s", self._thread.name, self.reason)
            stood = self._up.is_set()
        finally:
            self._up.clear()
            current, self._current = self._current, None
            if stood:
                for user in list(self._users):
                    user.lost()
            if current is not None:
                current.ioloop.close()
        return stood

    def _opened(self, connection: PikaConnection) -> None:
        assert isinstance(connection, SelectConnection)
        connection.add_on_connection_blocked_callback(lambda *_: self._tell_blocked(True))
        connection.add_on_connection_unblocked_callback(lambda *_: self._tell_blocked(False))
        self.reason = ""
        self._up.set()
        for user in list(self._users):
            self._tell(user)

    def _tell_blocked(self, blocked: bool) -> None:
        for user in list(self._users):
            user.blocked(blocked)

    def _failed(self, connection: PikaConnection, error: BaseException | str) -> None:
        self._ended(connection, error)

    def _closed(self, connection: PikaConnection, error: BaseException) -> None:
        self._ended(connection, error)

    def _ended(self, connection: PikaConnection, error: BaseException | str) -> None:
        assert isinstance(connection, SelectConnection)
        self.reason = _sentence(error)
        if self._wanted:
            _log.warning("%s: %s", self._thread.name, self.reason)
        connection.ioloop.stop()

    def close(self, timeout: float) -> None:
        """Close it and let the thread end."""
        self._wanted = False
        self._wake.set()

        current = self._current
        if current is not None:
            with contextlib.suppress(OSError, AssertionError):
                current.ioloop.add_callback_threadsafe(self._end)
        if self._thread.ident is not None and not self.own_thread():
            self._thread.join(max(1.0, timeout))

    def _end(self) -> None:
        """On the connection's thread: close it even while it is still being opened."""
        current = self._current
        if current is not None and not current.is_closing and not current.is_closed:
            current.close()


def _sentence(error: BaseException | str) -> str:
    cause = getattr(error, "exceptions", None)
    inner = cause[-1] if cause else error
    text = str(inner) or repr(inner)
    return f"no connection to RabbitMQ: {text}"
