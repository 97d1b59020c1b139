"""The embedded daemon: one process, SQLite, the bus in memory."""

from collections.abc import Callable

import pytest
from kill.trial import Trial

KILLS = 25


@pytest.mark.timeout(400)
def test_rules_03_to_08_10_13_14_the_daemon_killed_at_random_moments_loses_and_doubles_nothing(
    new_trial: Callable[..., Trial],
) -> None:
    trial = new_trial()
    trial.begin()
    trial.kill_some(KILLS)
    trial.finish(durable=False)
