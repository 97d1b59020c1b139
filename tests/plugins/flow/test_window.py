"""Execution windows: the calendar row by row, and the stage that waits by it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gennaker.core.model.status import Status
from gennaker.core.services import Services
from gennaker.core.testing import Rig, check_stage
from gennaker.plugins.flow.opening import Jitter, next_opening, read_window, read_zone
from gennaker.plugins.flow.preconfigured import Settings
from gennaker.plugins.flow.window import ExecutionWindow, drawn

BERLIN, YORK, UTC = "Europe/Berlin", "America/New_York", "UTC"
NINE_TO_FIVE = {"whitelist": [{"startHour": 9, "startMin": 0, "endHour": 17, "endMin": 0}]}
NIGHT = {"whitelist": [{"startHour": 22, "startMin": 30, "endHour": 2, "endMin": 15}]}
TWICE = {"whitelist": [{"startHour": 14, "endHour": 15}, {"startHour": 8, "endHour": 9}]}
GAP = {"whitelist": [{"startHour": 2, "startMin": 30, "endHour": 2, "endMin": 45}]}
LATE_GAP = {"whitelist": [{"startHour": 2, "startMin": 30, "endHour": 3, "endMin": 45}]}
TWOFOLD = {"whitelist": [{"startHour": 1, "startMin": 30, "endHour": 1, "endMin": 44}]}

# 2024-05-05 was a Sunday. Clocks in Europe: 2024-03-31 02:00 → 03:00, 2024-10-27 03:00 → 02:00; in New York 2024-03-10 and 2024-11-03.
ROWS: list[tuple[dict[str, Any], str, str, str]] = [
    (NINE_TO_FIVE, UTC, "2024-05-05 08:00:00", "2024-05-05 09:00:00"),
    (NINE_TO_FIVE, UTC, "2024-05-05 09:00:00", "now"),
    (NINE_TO_FIVE, UTC, "2024-05-05 08:59:59", "2024-05-05 09:00:00"),
    (NINE_TO_FIVE, UTC, "2024-05-05 12:34:56", "now"),
    (NINE_TO_FIVE, UTC, "2024-05-05 17:00:59", "now"),
    (NINE_TO_FIVE, UTC, "2024-05-05 17:01:00", "2024-05-06 09:00:00"),
    (NINE_TO_FIVE, BERLIN, "2024-05-05 08:00:00", "2024-05-05 09:00:00"),
    (NINE_TO_FIVE, UTC, "2024-12-31 18:00:00", "2025-01-01 09:00:00"),
    (NINE_TO_FIVE, UTC, "2024-02-28 18:00:00", "2024-02-29 09:00:00"),
    (NIGHT, UTC, "2024-05-05 22:29:59", "2024-05-05 22:30:00"),
    (NIGHT, UTC, "2024-05-05 23:59:30", "now"),
    (NIGHT, UTC, "2024-05-06 00:00:00", "now"),
    (NIGHT, UTC, "2024-05-06 02:15:59", "now"),
    (NIGHT, UTC, "2024-05-06 02:16:00", "2024-05-06 22:30:00"),
    ({**NIGHT, "days": [1]}, UTC, "2024-05-05 23:00:00", "now"),
    ({**NIGHT, "days": [1]}, UTC, "2024-05-06 00:00:00", "2024-05-12 00:00:00"),
    ({**NIGHT, "days": [1]}, UTC, "2024-05-05 01:00:00", "now"),
    ({"whitelist": [{"startHour": 22, "startMin": 30, "endHour": 22, "endMin": 10}]}, UTC, "2024-05-05 22:20:00", "2024-05-05 22:30:00"),
    ({"whitelist": [{"startHour": 22, "startMin": 30, "endHour": 22, "endMin": 10}]}, UTC, "2024-05-05 12:00:00", "now"),
    ({"whitelist": [{"startHour": 5, "endHour": 5}]}, UTC, "2024-05-05 05:00:30", "now"),
    ({"whitelist": [{"startHour": 5, "endHour": 5}]}, UTC, "2024-05-05 05:01:00", "2024-05-06 05:00:00"),
    ({"whitelist": [{"startHour": 20, "endHour": 24}]}, UTC, "2024-05-05 23:59:59", "now"),
    (TWICE, UTC, "2024-05-05 07:00:00", "2024-05-05 08:00:00"),
    (TWICE, UTC, "2024-05-05 10:00:00", "2024-05-05 14:00:00"),
    (TWICE, UTC, "2024-05-05 16:00:00", "2024-05-06 08:00:00"),
    ({"days": [1]}, UTC, "2024-05-05 00:00:00", "now"),
    ({"days": [1]}, UTC, "2024-05-05 23:59:59", "now"),
    ({"days": [1]}, UTC, "2024-05-06 00:00:00", "2024-05-12 00:00:00"),
    ({"days": [2]}, UTC, "2024-05-05 12:00:00", "2024-05-06 00:00:00"),
    ({"days": [3]}, UTC, "2024-05-05 12:00:00", "2024-05-07 00:00:00"),
    ({"days": [4]}, UTC, "2024-05-05 12:00:00", "2024-05-08 00:00:00"),
    ({"days": [5]}, UTC, "2024-05-05 12:00:00", "2024-05-09 00:00:00"),
    ({"days": [6]}, UTC, "2024-05-05 12:00:00", "2024-05-10 00:00:00"),
    ({"days": [7]}, UTC, "2024-05-05 12:00:00", "2024-05-11 00:00:00"),
    ({**NINE_TO_FIVE, "days": [1]}, UTC, "2024-05-05 18:00:00", "2024-05-12 09:00:00"),
    ({**NINE_TO_FIVE, "days": [1, 3]}, UTC, "2024-05-05 18:00:00", "2024-05-07 09:00:00"),
    ({**NINE_TO_FIVE, "days": [2, 3, 4, 5, 6]}, UTC, "2024-05-03 18:00:00", "2024-05-06 09:00:00"),
    ({"days": [1]}, BERLIN, "2024-05-04 23:30:00", "2024-05-05 00:00:00"),
    # Clocks go forward: 02:30 does not exist.
    (GAP, BERLIN, "2024-03-31 01:59:00", "2024-04-01 02:30:00"),
    ({**GAP, "days": [1]}, BERLIN, "2024-03-31 01:00:00", "2024-04-07 02:30:00"),
    ({**GAP, "days": [1]}, BERLIN, "2024-03-24 03:00:00", "2024-04-07 02:30:00"),
    (LATE_GAP, BERLIN, "2024-03-31 01:59:00", "2024-03-31 03:00:00"),
    (NINE_TO_FIVE, BERLIN, "2024-03-30 20:00:00", "2024-03-31 09:00:00"),
    (GAP, YORK, "2024-03-10 01:00:00", "2024-03-11 02:30:00"),
    # Clocks go back: 02:00 to 03:00 is there twice in Berlin, 01:00 to 02:00 in New York.
    (NINE_TO_FIVE, BERLIN, "2024-10-26 20:00:00", "2024-10-27 09:00:00"),
    (GAP, BERLIN, "2024-10-27 02:30:00", "now"),
    (GAP, BERLIN, "2024-10-27 02:50:00", "2024-10-27 02:30:00 again"),
    (GAP, BERLIN, "2024-10-27 02:50:00 again", "2024-10-28 02:30:00"),
    (TWOFOLD, YORK, "2024-11-03 01:45:00", "2024-11-03 01:30:00 again"),
    ({"whitelist": [{"startHour": 2, "endHour": 2}]}, BERLIN, "2024-10-27 02:01:00", "2024-10-27 02:00:00 again"),
    # Zones of half hours, and one whose clocks change at midnight.
    (NINE_TO_FIVE, "Asia/Kolkata", "2024-05-05 08:00:00", "2024-05-05 09:00:00"),
    ({"days": [1]}, "Africa/Cairo", "2024-04-25 12:00:00", "2024-04-28 00:00:00"),
    ({"days": [6]}, "Africa/Cairo", "2024-04-25 12:00:00", "2024-04-26 01:00:00"),
    ({"days": ["2"], "whitelist": [{"startHour": "9", "endHour": "10"}]}, UTC, "2024-05-05 12:00:00", "2024-05-06 09:00:00"),
]  # fmt: skip

WRONG: list[tuple[Any, str]] = [
    ({}, "restrictedExecutionWindow has neither days nor hours (whitelist); expected at least one"),
    (None, "neither days nor hours"),
    ({"days": [], "whitelist": []}, "neither days nor hours"),
    ({"days": [0]}, "restrictedExecutionWindow.days[0]: 0 is no day; expected 1 (Sunday) to 7"),
    ({"days": [1, 8]}, "restrictedExecutionWindow.days[1]: 8 is no day"),
    ({"days": ["Monday"]}, "restrictedExecutionWindow.days[0]: Expected `int`"),
    ({"whitelist": [{"startHour": 24}]}, "restrictedExecutionWindow.whitelist[0]: start is 24:00; expected a time"),
    ({"whitelist": [{"startHour": 1, "startMin": 60}]}, "start is 1:60"),
    ({"whitelist": [{"endHour": 24, "endMin": 1}]}, "end is 24:01"),
    ({"whitelist": [{"startHour": -1}]}, "start is -1:00"),
    ({"whitelist": {"startHour": 1}}, "restrictedExecutionWindow.whitelist: Expected `array`, got `object`"),
    ("always", "restrictedExecutionWindow: Expected `object`, got `str`"),
    ({"days": [1], "timezone": "Mars/Base"}, "restrictedExecutionWindow.timezone: there is no time zone 'Mars/Base'"),
    ({"days": [1], "timezone": "../../etc/passwd"}, "there is no time zone"),
    ({"days": [1], "timezone": "Europe"}, "there is no time zone"),
    ({"days": [1], "jitter": {"enabled": True, "minDelay": 9, "maxDelay": 3}}, "minDelay 9 and maxDelay 3"),
    ({"days": [1], "jitter": {"enabled": True, "minDelay": -1, "maxDelay": 3}}, "minDelay -1"),
    ({"days": [1], "jitter": "soon"}, "restrictedExecutionWindow.jitter: Expected `object`"),
]


def instant(text: str, zone: str) -> int:
    plain = text.removesuffix(" again")
    local = datetime.fromisoformat(plain).replace(tzinfo=ZoneInfo(zone), fold=int(text != plain))
    return int(local.timestamp()) * 1000


@pytest.mark.parametrize(("window", "zone", "now", "opens"), ROWS)
def test_a_window_opens_at_its_next_instant(window: dict[str, Any], zone: str, now: str, opens: str) -> None:
    at = instant(now, zone)
    expected = at if opens == "now" else instant(opens, zone)
    assert next_opening(read_window(window), at, ZoneInfo(zone)) == expected


def test_an_instant_within_a_second_is_not_before_the_next_second() -> None:
    at = instant("2024-05-05 08:59:59", UTC) + 999
    assert next_opening(read_window(NINE_TO_FIVE), at, ZoneInfo(UTC)) == instant("2024-05-05 09:00:00", UTC)


@pytest.mark.parametrize(
    ("zone", "days"),
    [
        (BERLIN, ("2024-03-30", "2024-10-26")),
        (YORK, ("2024-03-09", "2024-11-02")),
        ("Australia/Lord_Howe", ("2024-04-06", "2024-10-05")),
    ],
)
@pytest.mark.parametrize("window", [{**NIGHT, "days": [1, 4]}, TWICE, GAP])
def test_by_the_wall_clock_the_window_opens_when_it_is_told(
    zone: str, days: tuple[str, ...], window: dict[str, Any]
) -> None:
    """Sixteen hours around each change of the clocks, every five minutes."""
    read, there = read_window(window), ZoneInfo(zone)
    for day in days:
        start = instant(f"{day} 20:00:00", zone)
        instants = [start + n * 300_000 for n in range(16 * 12)]
        opens = [at for at in instants if next_opening(read, at, there) == at]
        assert opens == [at for at in instants if by_the_wall_clock(window, datetime.fromtimestamp(at / 1000, there))]
        assert next_opening(read, start, there) == opens[0] if opens else True


def by_the_wall_clock(window: dict[str, Any], local: datetime) -> bool:
    """Whether a clock on the wall there shows a time within the window."""
    clock = (local.hour, local.minute)
    for hours in window["whitelist"]:
        first, last = ((hours.get(f"{end}Hour", 0), hours.get(f"{end}Min", 0)) for end in ("start", "end"))
        if first <= clock <= last if first <= last else clock >= first or clock <= last:
            return local.isoweekday() % 7 + 1 in window.get("days", range(1, 8))
    return False


@pytest.mark.parametrize(("window", "message"), WRONG)
def test_a_window_that_makes_no_sense_fails_with_its_reason(window: Any, message: str) -> None:
    rig = Rig(ExecutionWindow)
    rig.run([{"type": "restrictExecutionDuringTimeWindow", "name": "w", "restrictedExecutionWindow": window}])
    assert rig.stage("w").status is Status.TERMINAL
    assert message in rig.stage("w").context["failureReason"]


def waiting(window: dict[str, Any], zone: str = UTC, **trigger: Any) -> Rig:
    rig = Rig(ExecutionWindow, settings=Settings(time_zone=zone))
    rig.clock.reach(instant("2030-05-07 12:00:00", UTC))
    rig.start([{"type": "restrictExecutionDuringTimeWindow", "name": "w", "restrictedExecutionWindow": window}])
    rig.execution.trigger.update(trigger)
    return rig


def test_a_stage_waits_until_its_window_opens_and_tells_until_when() -> None:
    rig = waiting({"days": [5], **NINE_TO_FIVE})
    rig.run(seconds=3600)
    assert rig.stage("w").context["scheduledTime"] == instant("2030-05-09 09:00:00", UTC)
    rig.run()
    assert rig.stage("w").status is Status.SUCCEEDED
    assert rig.clock() == instant("2030-05-09 09:00:00", UTC)


def test_a_wait_is_looked_at_every_hour_and_ends_to_the_second() -> None:
    rig = waiting({"whitelist": [{"startHour": 14, "startMin": 30, "endHour": 15}]})
    rig.run()
    looked = [called.work.at for called in rig.called if called.work.name == "suspendExecutionDuringTimeWindow"]
    start = instant("2030-05-07 12:00:00", UTC)
    assert [(at - start) // 1000 for at in looked] == [0, 3600, 7200, 9000]


@pytest.mark.parametrize(
    ("zone", "own", "hour"), [("Asia/Tokyo", "", 0), ("Asia/Tokyo", "UTC", 9), ("UTC", "Asia/Tokyo", 0)]
)
def test_the_zone_is_the_windows_own_or_the_configured(zone: str, own: str, hour: int) -> None:
    rig = waiting({**NINE_TO_FIVE, "timezone": own}, zone)
    rig.run()
    assert rig.clock() % 86_400_000 == (hour * 3_600_000 if hour != 9 else 12 * 3_600_000)


def test_without_settings_it_is_spinnakers_zone() -> None:
    rig = Rig(ExecutionWindow)
    rig.clock.reach(instant("2030-05-07 12:00:00", UTC))
    rig.run([{"type": "restrictExecutionDuringTimeWindow", "restrictedExecutionWindow": NINE_TO_FIVE}])
    assert rig.clock() == instant("2030-05-07 09:00:00", "America/Los_Angeles")


def test_a_person_may_skip_the_wait() -> None:
    rig = waiting({"days": [5], "jitter": {"enabled": True, "minDelay": 100, "maxDelay": 200}})
    rig.run(seconds=60)
    rig.patch("w", skipRemainingWait=True)
    rig.run(seconds=1)
    assert rig.stage("w").status is Status.SUCCEEDED


def test_jitter_waits_after_the_window_has_opened_and_draws_the_same_again() -> None:
    jitter = {"enabled": "true", "minDelay": 100, "maxDelay": 200}
    ends = set()
    for _ in range(2):
        rig = waiting({"days": [4], "jitter": jitter})
        rig.run()
        delay = (rig.clock() - instant("2030-05-08 00:00:00", UTC)) / 1000
        assert delay == rig.stage("w").context["waitTime"]
        assert 100 <= delay <= 200
        ends.add(delay)
    assert len(ends) == 1


@pytest.mark.parametrize(
    ("jitter", "type_", "waits"),
    [
        ({"enabled": True, "minDelay": 5, "maxDelay": 5}, "manual", True),
        ({"enabled": False, "minDelay": 5, "maxDelay": 5}, "manual", False),
        ({"enabled": True, "minDelay": 5, "maxDelay": 0}, "manual", False),
        ({"enabled": True, "minDelay": 5, "maxDelay": 5, "skipManual": True}, "manual", False),
        ({"enabled": True, "minDelay": 5, "maxDelay": 5, "skipManual": True}, "cron", True),
        (None, "manual", False),
    ],
)
def test_jitter_is_for_those_who_want_it(jitter: Any, type_: str, waits: bool) -> None:
    rig = waiting({"days": [3], "jitter": jitter}, type=type_)
    rig.run()
    assert rig.stage("w").status is Status.SUCCEEDED
    assert rig.clock() - instant("2030-05-07 12:00:00", UTC) == (5000 if waits else 0)


def test_the_lot_is_spread_evenly() -> None:
    jitter = Jitter(enabled=True, min_delay=10, max_delay=19)
    found = [drawn(jitter, f"E{n}/S/waitForJitter/0") for n in range(2000)]
    assert set(found) == set(range(10, 20))
    assert all(120 < found.count(delay) < 280 for delay in range(10, 20))


def test_the_configured_zone_must_exist() -> None:
    with pytest.raises(
        ValueError, match="time_zone: there is no time zone 'Nowhere'; expected a name such as Europe/Berlin"
    ):
        Settings(time_zone="Nowhere")
    assert read_zone("UTC", "").key == "UTC"


def test_the_window_keeps_the_promises_of_a_stage() -> None:
    assert check_stage(ExecutionWindow, services=Services(settings=Settings())) == []
