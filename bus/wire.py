"""CloudEvents on a message broker: one event as headers and body, several as one batch.

Separate from the transports because all of them write the same bytes, so that any may be read by any, and by other people's tools.
Sources: CloudEvents 1.0.2 (core, JSON format, batch) and the AMQP binding, whose 1.0.3 prefix `cloudEvents_` is written while the older
`cloudEvents:` is understood as well.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct

from gennaker.bus.event import Event

JSON = "application/json"
STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"

#: An envelope holds at most so many items, or so many bytes of data.
BATCH_ITEMS = 32
BATCH_BYTES = 64 * 1024

_PREFIXES = ("cloudEvents_", "cloudEvents:")
_ATTRIBUTES = frozenset({"id", "type", "source", "subject", "time", "specversion", "datacontenttype", "dataschema"})
_items = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_item = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Undecodable(Exception):
    """What came is no event; the text says what was wrong."""


class Parcel(Struct, frozen=True, kw_only=True):
    """One message as a broker carries it."""

    content_type: str
    headers: dict[str, Any]
    body: bytes
    #: How many events are in it.
    count: int = 1


def pack(events: Sequence[Event]) -> list[Parcel]:
    """The messages that carry these events, in order: one alone in binary mode, several as batches of bounded size."""
    return [pack_one(group[0]) if len(group) == 1 else _pack_batch(group) for group in split(events)]


def split(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    """Cut a run of events into envelopes; an event that is bigger than an envelope travels alone."""
    group: list[Event] = []
    size = 0
    for event in events:
        if group and (len(group) == BATCH_ITEMS or size + len(event.data) > BATCH_BYTES):
            yield group
            group, size = [], 0
        group.append(event)
        size += len(event.data)
    if group:
        yield group


def pack_one(event: Event) -> Parcel:
    """Binary mode: the attributes as headers, the data as the body."""
    headers: dict[str, Any] = {f"cloudEvents_{name}": value for name, value in event.extensions.items()}
    headers["cloudEvents_specversion"] = "1.0"
    headers["cloudEvents_id"] = event.id
    headers["cloudEvents_type"] = event.type
    headers["cloudEvents_source"] = event.source
    if event.subject:
        headers["cloudEvents_subject"] = event.subject
    if event.time:
        headers["cloudEvents_time"] = instant(event.time)
    return Parcel(content_type=JSON, headers=headers, body=event.data)


def _pack_batch(events: Sequence[Event]) -> Parcel:
    body = msgspec.json.encode([_structured(event) for event in events])
    return Parcel(content_type=BATCH, headers={}, body=body, count=len(events))


def _structured(event: Event) -> dict[str, Any]:
    item: dict[str, Any] = {
        **event.extensions,
        "specversion": "1.0",
        "id": event.id,
        "type": event.type,
        "source": event.source,
    }
    if event.subject:
        item["subject"] = event.subject
    if event.time:
        item["time"] = instant(event.time)
    item["data"] = msgspec.Raw(event.data)
    return item


def unpack(content_type: str | None, headers: Mapping[str, Any], body: bytes) -> tuple[Event, ...]:
    """The events that a message carries. Raises Undecodable."""
    media = (content_type or "").partition(";")[0].strip().lower()
    try:
        if media == BATCH:
            return tuple(_unpack_structured(item) for item in _items.decode(body))
        if media == STRUCTURED:
            return (_unpack_structured(_item.decode(body)),)
    except msgspec.MsgspecError as error:
        raise Undecodable(f"the body is not {media}: {error}") from None
    if media and media != JSON and not media.endswith("+json"):
        raise Undecodable(f"the content type is {media!r}: expected {JSON}, {STRUCTURED} or {BATCH}")
    return (_unpack_binary(headers, body),)


def _unpack_binary(headers: Mapping[str, Any], body: bytes) -> Event:
    attributes: dict[str, str] = {}
    for name, value in headers.items():
        if name.startswith(_PREFIXES):
            attributes[name[12:].lower()] = _canonical(value)
    return _event(attributes, body)


def _unpack_structured(item: Mapping[str, msgspec.Raw]) -> Event:
    attributes: dict[str, str] = {}
    for name, raw in item.items():
        if name == "data_base64":
            raise Undecodable("the event has data_base64: expected JSON in data")
        if name != "data" and (value := msgspec.json.decode(raw)) is not None:
            attributes[name] = _canonical(value)
    return _event(attributes, bytes(item["data"]) if "data" in item else b"{}")


def _event(attributes: Mapping[str, str], data: bytes) -> Event:
    missing = [name for name in ("id", "type", "source") if not attributes.get(name)]
    if missing:
        raise Undecodable(f"CloudEvents attributes are missing: {', '.join(missing)} (headers start with cloudEvents_)")
    return Event(
        id=attributes["id"],
        type=attributes["type"],
        source=attributes["source"],
        subject=attributes.get("subject", ""),
        time=milliseconds(attributes.get("time", "")),
        data=data,
        extensions={name: value for name, value in attributes.items() if name not in _ATTRIBUTES},
    )


def _canonical(value: object) -> str:
    """A native header value in CloudEvents' canonical text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


@lru_cache(maxsize=256)  # the events of one commit share their time
def instant(milliseconds_: int) -> str:
    """Epoch milliseconds as RFC 3339 in UTC."""
    seconds, rest = divmod(milliseconds_, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"


@lru_cache(maxsize=256)
def milliseconds(text: str) -> int:
    """RFC 3339 as epoch milliseconds; 0 for no time. Raises Undecodable."""
    if not text:
        return 0
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Undecodable(f"the time {text!r} is not RFC 3339, such as 2026-01-31T12:00:00Z") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)
