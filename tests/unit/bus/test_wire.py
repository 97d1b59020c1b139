"""CloudEvents as headers and body."""

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gennaker.bus.event import Event
from gennaker.bus.wire import BATCH, BATCH_BYTES, BATCH_ITEMS, Undecodable, pack, pack_one, unpack

FACT = Event(
    id="01J:7",
    type="stage.finished",
    source="engine/0",
    subject="01J",
    time=1_764_000_000_123,
    data=b'{"status":"SUCCEEDED"}',
    extensions={"sequence": "7", "cause": "01J:6"},
)


def test_one_event_travels_as_headers_and_its_bare_data() -> None:
    (parcel,) = pack([FACT])

    assert parcel.content_type == "application/json"
    assert parcel.body == FACT.data
    assert parcel.headers["cloudEvents_specversion"] == "1.0"
    assert parcel.headers["cloudEvents_time"] == "2025-11-24T16:00:00.123Z"
    assert parcel.headers["cloudEvents_sequence"] == "7"
    assert unpack(parcel.content_type, parcel.headers, parcel.body) == (FACT,)


def test_several_events_travel_as_one_batch_of_structured_items() -> None:
    other = Event(id="01J:8", type="stage.started", source="engine/0")
    (parcel,) = pack([FACT, other])

    assert (parcel.content_type, parcel.count) == (BATCH, 2)
    assert msgspec.json.decode(parcel.body)[0] == {
        "specversion": "1.0",
        "id": "01J:7",
        "type": "stage.finished",
        "source": "engine/0",
        "subject": "01J",
        "time": "2025-11-24T16:00:00.123Z",
        "sequence": "7",
        "cause": "01J:6",
        "data": {"status": "SUCCEEDED"},
    }
    assert unpack(parcel.content_type, parcel.headers, parcel.body) == (FACT, other)


def test_a_batch_holds_at_most_so_many_items() -> None:
    events = [Event(id=str(n), type="t", source="s") for n in range(2 * BATCH_ITEMS + 1)]

    assert [parcel.count for parcel in pack(events)] == [BATCH_ITEMS, BATCH_ITEMS, 1]


def test_a_batch_holds_at_most_so_many_bytes_and_a_bigger_event_travels_alone() -> None:
    small = Event(id="small", type="t", source="s", data=b'"%s"' % (b"x" * (BATCH_BYTES // 2)))
    huge = Event(id="huge", type="t", source="s", data=b'"%s"' % (b"x" * BATCH_BYTES * 2))

    assert [parcel.count for parcel in pack([small, small, huge, small])] == [1, 1, 1, 1]


@given(
    st.lists(
        st.builds(
            Event,
            id=st.text(min_size=1),
            type=st.from_regex(r"[a-z]+(\.[a-z_]+){0,3}", fullmatch=True),
            source=st.text(min_size=1),
            subject=st.text(),
            time=st.integers(1, 4_000_000_000_000),
            data=st.recursive(st.none() | st.integers(-(2**53), 2**53) | st.text(), lambda inner: st.lists(inner)).map(
                msgspec.json.encode
            ),
            extensions=st.dictionaries(
                st.from_regex(r"x[a-z0-9]{1,18}", fullmatch=True), st.text(min_size=1), max_size=3
            ),
        ),
        max_size=40,
    )
)
def test_what_is_packed_is_unpacked_unchanged_and_in_order(events: list[Event]) -> None:
    came = [event for parcel in pack(events) for event in unpack(parcel.content_type, parcel.headers, parcel.body)]

    assert came == events


@pytest.mark.parametrize("prefix", ["cloudEvents_", "cloudEvents:"])
def test_both_header_prefixes_are_understood(prefix: str) -> None:
    headers = {f"{prefix}id": "1", f"{prefix}type": "t", f"{prefix}source": "s", f"{prefix}specversion": "1.0"}

    assert unpack("application/json", headers, b"{}")[0].id == "1"


@pytest.mark.parametrize("media", ["application/cloudevents+json; charset=utf-8", "Application/CloudEvents+JSON"])
def test_a_structured_event_of_another_tool_is_understood(media: str) -> None:
    body = b'{"specversion":"1.0","id":"1","type":"t","source":"s","number":5,"flag":true,"data":[1, 2]}'
    (event,) = unpack(media, {}, body)

    assert event.data == b"[1, 2]"
    assert event.extensions == {"number": "5", "flag": "true"}


def test_native_header_values_become_their_canonical_text() -> None:
    headers = {
        "cloudEvents_id": b"1",
        "cloudEvents_type": "t",
        "cloudEvents_source": "s",
        "cloudEvents_sequence": 7,
        "x-death": [],
    }

    (event,) = unpack(None, headers, b"{}")

    assert (event.id, event.extensions) == ("1", {"sequence": "7"})


def test_a_time_with_nanoseconds_and_an_offset_is_understood() -> None:
    headers = {f"cloudEvents_{name}": "x" for name in ("id", "type", "source")}

    (event,) = unpack("", {**headers, "cloudEvents_time": "2025-11-24T17:00:00.123456789+01:00"}, b"{}")

    assert event.time == 1_764_000_000_123


@pytest.mark.parametrize(
    ("media", "headers", "body", "says"),
    [
        ("application/json", {}, b"{}", "id, type, source"),
        ("application/cloudevents+avro", {}, b"\x00", "application/cloudevents+avro"),
        ("text/plain", {}, b"hello", "text/plain"),
        ("application/cloudevents+json", {}, b"{", "the body is not"),
        ("application/cloudevents-batch+json", {}, b'{"id":"1"}', "the body is not"),
        ("application/cloudevents+json", {}, b'{"id":"1","type":"t","source":"s","data_base64":"e30="}', "data_base64"),
        (
            "application/cloudevents+json",
            {},
            b'{"id":"1","type":"t","source":"s","time":"yesterday"}',
            "'yesterday' is not RFC 3339",
        ),
    ],
)
def test_what_is_no_event_is_told_with_the_place(media: str, headers: dict[str, str], body: bytes, says: str) -> None:
    with pytest.raises(Undecodable, match=re.escape(says)):
        unpack(media, headers, body)


def test_a_header_of_somebody_else_is_no_attribute() -> None:
    parcel = pack_one(FACT)

    (event,) = unpack(parcel.content_type, {**parcel.headers, "bus_deliveries": 3}, parcel.body)

    assert event == FACT
