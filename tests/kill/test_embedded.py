"""The embedded daemon: one process, SQLite, the bus in memory."""

from collections.abc import Callable

import pytest
from kill.fleet import Fleet
from kill.trial import Trial, seed

KILLS = 25


@pytest.mark.timeout(280)
def test_rules_03_04_05_06_08_10_13_14_the_daemon_killed_at_random_moments_loses_and_doubles_nothing(
    new_fleet: Callable[..., Fleet],
) -> None:
    trial = Trial(new_fleet(), seed())
    trial.begin()
    trial.kill_some(KILLS, 0.0, 1.2)
    trial.finish(durable=False)
