"""What an operator sees and does on the bus: queues, and the messages that could not be handled.

Separate because dead letters lie in two places: on the bus, and in the database where the engine keeps what it could not take (rule 13).
An id says which: those of the database begin with `db.`.
"""

import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from gennaker.bus.event import Event
from gennaker.bus.letter import UNDECODABLE
from gennaker.bus.port import RETURNED, DeadLetter, Problem, Transport
from gennaker.core.errors import NotFound, Refused, Unavailable
from gennaker.core.model.work import WORK_TYPE, Work
from gennaker.core.services import Control, Json
from gennaker.core.store import letters
from gennaker.core.store.database import Database
from gennaker.core.store.letters import Letter

_STORED = "db."
#: At most so many letters are looked through for one id.
_MOST = 10_000
#: Seconds to wait for the broker to take a letter that is sent again.
_PATIENCE = 30.0

#: Ask the engine for a new attempt of this stage work, for a user. Raises Refused, NotFound.
Again = Callable[[bytes, str], None]


def ask_anew(control: Control) -> Again:
    """Stage work is never sent again: its stage is restarted, if it is still in the round that the work was for (rule 11)."""

    def again(body: bytes, user: str) -> None:
        try:
            work = msgspec.json.decode(body, type=Work)
        except msgspec.MsgspecError as error:
            raise Refused(f"The letter holds no stage work that can be read ({error}); drop it.") from error
        control.restart(work.execution, work.stage, user=user, seen=work.round)

    return again


class Letters:
    """The `BusDesk` of `gennaker.core.services`. Raises Unavailable when the broker cannot be reached."""

    def __init__(self, transport: Transport, database: Database | None, again: Again) -> None:
        self._transport = transport
        self._database = database
        self._again = again

    def status(self) -> Json:
        """The transport, how it is, and its queues; none while the broker is away."""
        health = self._transport.health()
        try:
            queues = self._transport.status()
        except OSError:
            queues = []
        return {
            "transport": health.transport,
            "up": health.up,
            "reason": health.reason,
            "blocked": health.blocked,
            "outstanding": health.outstanding,
            "queues": [msgspec.to_builtins(queue) for queue in queues],
        }

    def dead_letters(self, limit: int = 100) -> list[Json]:
        """Both kinds, oldest first."""
        found = [_shown(letter) for letter in self._on_the_bus(limit)]
        found += [_shown(_as_dead(letter)) for letter in self._stored(_MOST)]
        return sorted(found, key=lambda letter: (letter["at"], letter["id"]))[:limit]

    def dead_letter(self, id_: str) -> Json:
        """One, whole. Raises NotFound."""
        letter = self._find(id_)
        event = letter.event
        return {
            **_shown(letter),
            "event": {"id": event.id, "source": event.source, "time": event.time, **event.extensions},
            "deliveries": letter.deliveries,
            "traceback": letter.traceback,
            "body": _readable(event.data),
        }

    def requeue(self, ids: Iterable[str], *, user: str) -> int:
        """Try again, then forget the letter. Raises NotFound, and Refused when one cannot be tried again."""
        done = 0
        for id_ in ids:
            letter = self._find(id_)
            self._requeue(letter, stored=id_.startswith(_STORED), user=user)
            done += self._forget(id_)
        return done

    def _requeue(self, letter: DeadLetter, *, stored: bool, user: str) -> None:
        if letter.event.type == WORK_TYPE:
            self._again(letter.event.data, user)
        elif stored:
            raise Refused(
                f"{letter.event.type} for {letter.event.subject} failed in the engine and would fail again; "
                "restart a stage of the execution instead, and drop the letter."
            )
        elif letter.event.type == UNDECODABLE:
            raise Refused(f"Letter {letter.id} holds no event, so it cannot be sent again; look at it and drop it.")
        else:
            self._send(letter)

    def _send(self, letter: DeadLetter) -> None:
        settled = threading.Event()
        problems: list[Problem] = []

        def done(problem: Problem) -> None:
            problems.append(problem)
            settled.set()

        # A sender of its own: with a full window `send` waits, and an operator should be told so instead.
        threading.Thread(
            target=self._transport.send, args=(letter.queue, [letter.event], done), name="requeue", daemon=True
        ).start()
        if not settled.wait(_PATIENCE):
            raise Unavailable("The broker has not taken the letter yet; it may be sent again all the same.")
        if problems[0] == RETURNED:
            raise Refused(f"The queue {letter.queue} does not exist any more; drop the letter.")
        if problems[0] is not None:
            raise Unavailable(f"The letter was not sent again: {problems[0]}")

    def drop(self, ids: Iterable[str], *, user: str) -> int:
        """Forget; what is not there is not counted."""
        return sum(self._forget(id_) for id_ in ids)

    def _forget(self, id_: str) -> bool:
        if id_.startswith(_STORED):
            database = self._database
            return database is not None and database.transact(
                lambda connection: letters.drop(connection, _stored_id(id_))
            )
        try:
            return self._transport.drop_dead_letter(id_) is not None
        except OSError as error:
            raise Unavailable(str(error)) from error

    def _find(self, id_: str) -> DeadLetter:
        if id_.startswith(_STORED):
            if self._database is not None:
                with self._database.reading() as connection:
                    stored = letters.get(connection, _stored_id(id_))
                if stored is not None:
                    return _as_dead(stored)
        else:
            for letter in self._on_the_bus(_MOST):
                if letter.id == id_:
                    return letter
        raise NotFound(f"Dead letter not found (id: {id_})")

    def _on_the_bus(self, limit: int) -> list[DeadLetter]:
        try:
            return self._transport.dead_letters(limit)
        except OSError as error:
            raise Unavailable(str(error)) from error

    def _stored(self, limit: int) -> list[Letter]:
        if self._database is None:
            return []
        with self._database.reading() as connection:
            return letters.newest(connection, limit)


def _shown(letter: DeadLetter) -> Json:
    return {
        "id": letter.id,
        "queue": letter.queue,
        "type": letter.event.type,
        "subject": letter.event.subject,
        "reason": letter.reason,
        "at": letter.at,
    }


def _as_dead(letter: Letter) -> DeadLetter:
    id_ = _STORED + urlsafe_b64encode(letter.id.encode()).decode().rstrip("=")
    event = Event(
        id=letter.id, type=letter.type, source="gennaker", subject=letter.subject, time=letter.at, data=letter.body
    )
    return DeadLetter(
        id=id_, queue=letter.queue, event=event, reason=letter.reason, traceback=letter.traceback, at=letter.at
    )


def _stored_id(id_: str) -> str:
    """The database's id behind one that can stand in a path. Raises NotFound."""
    text = id_.removeprefix(_STORED)
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError as error:
        raise NotFound(f"Dead letter not found (id: {id_})") from error


def _readable(body: bytes) -> Any:
    """The body as JSON, or as text where it is none."""
    try:
        return msgspec.json.decode(body)
    except msgspec.MsgspecError:
        return body.decode("utf-8", "backslashreplace")
