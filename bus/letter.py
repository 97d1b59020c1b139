"""How a dead letter looks on a broker: the message as it was, with the reason and the place in its headers.

Separate because every broker transport writes and reads the same dead letters, and because a broker buries messages too.
"""

import hashlib
import secrets
import time
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from gennaker.bus.event import Event
from gennaker.bus.port import DeadLetter
from gennaker.bus.wire import Parcel, Undecodable, unpack

#: The queue of the dead letters, after the prefix.
DEAD = "dead"
#: Headers must fit into one frame of 128 KB with everything else.
_REASON_LENGTH = 4_000
_TRACEBACK_LENGTH = 32_000
#: At most so many letters are looked at: a broker gives them back in any order, so all have to be seen to show the oldest.
MOST_LETTERS = 10_000
#: The type of a dead letter whose message was no event.
UNDECODABLE = "undecodable"


def bury(parcel: Parcel, *, queue: str, reason: str, traceback: str = "", deliveries: int = 1) -> Parcel:
    """The dead letter of a message."""
    now = time.time_ns()
    headers = {
        **parcel.headers,
        "bus_letter": f"{now:016x}{secrets.token_hex(2)}",  # in the order of time
        "bus_queue": queue,
        "bus_reason": reason[:_REASON_LENGTH],
        "bus_traceback": traceback[-_TRACEBACK_LENGTH:],
        "bus_time": str(now // 1_000_000),
        "bus_deliveries": str(deliveries),
    }
    return Parcel(content_type=parcel.content_type, headers=headers, body=parcel.body, count=parcel.count)


def read(content_type: str | None, headers: Mapping[str, Any], body: bytes, prefix: str) -> DeadLetter:
    """A dead letter from its message, whether we buried it or the broker did."""
    queue, reason, at = _broker(headers, prefix)
    return DeadLetter(
        id=identity(headers, body),
        queue=str(headers.get("bus_queue", queue)),
        event=_event(content_type, headers, body),
        reason=str(headers.get("bus_reason", reason)),
        traceback=str(headers.get("bus_traceback", "")),
        at=int(headers.get("bus_time", at)),
        deliveries=int(headers["bus_deliveries"]) if "bus_letter" in headers else None,
    )


def identity(headers: Mapping[str, Any], body: bytes) -> str:
    """The id of a dead letter: given when we buried it, else derived from what it is."""
    if given := headers.get("bus_letter"):
        return str(given)
    source = f"{headers.get('x-death')}{headers.get('cloudEvents_id')}".encode()
    return hashlib.blake2b(source + body, digest_size=6).hexdigest()


def deliveries(headers: Mapping[str, Any]) -> int:
    """How often a message was delivered, this time included: our own count and that of a quorum queue."""
    try:
        return int(headers.get("bus_deliveries", 1)) + int(headers.get("x-delivery-count", 0))
    except (TypeError, ValueError):
        return 1


def oldest(letters: Iterable[DeadLetter], limit: int) -> list[DeadLetter]:
    """The first of them by time."""
    return sorted(letters, key=lambda letter: (letter.at, letter.id))[:limit]


def _event(content_type: str | None, headers: Mapping[str, Any], body: bytes) -> Event:
    try:
        events = unpack(content_type, headers, body)
        if len(events) == 1:
            return events[0]
        data = msgspec.json.encode([msgspec.Raw(event.data) for event in events])
        return msgspec.structs.replace(events[0], data=data) if events else _undecodable(body)
    except Undecodable:
        return _undecodable(body)


def _undecodable(body: bytes) -> Event:
    text = msgspec.json.encode(body.decode("utf-8", "backslashreplace"))
    return Event(id="", type=UNDECODABLE, source="", data=text)


def _broker(headers: Mapping[str, Any], prefix: str) -> tuple[str, str, int]:
    """Queue, reason and time of a message that RabbitMQ itself buried."""
    deaths = headers.get("x-death")
    if not isinstance(deaths, list) or not deaths:
        return "", "unknown", 0
    death = deaths[0]
    queue = str(death.get("queue", "")).removeprefix(f"{prefix}.")
    what = str(death.get("reason", "unknown"))
    if what == "delivery_limit":
        what = "delivery limit reached: it was delivered again and again and never settled"
    moment = death.get("time")
    return queue, what, round(moment.timestamp() * 1000) if hasattr(moment, "timestamp") else 0
