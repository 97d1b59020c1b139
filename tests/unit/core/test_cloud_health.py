"""When an instance is up or down: every row of the truth table."""

import pytest

from gennaker.core.cloud.health import counts, is_down, is_up, state_of
from gennaker.core.cloud.model import Health, Instance


def instance(*healths: str) -> Instance:
    """An instance whose healths are `type:state`; Amazon is the cloud itself."""
    made = [Health(type=t, state=s, platform=t == "Amazon") for t, s in (each.split(":") for each in healths)]
    return Instance(id="i", healths=tuple(made))


@pytest.mark.parametrize(
    ("healths", "sources", "up", "down"),
    [
        (("Amazon:Unknown", "TargetGroup:Up"), None, True, False),
        (("Amazon:Unknown",), None, False, True),
        (("Amazon:Unknown",), ["Amazon"], True, True),
        (("Amazon:Unknown", "Discovery:Starting"), None, False, True),
        (("Amazon:Unknown", "Discovery:Starting"), ["Amazon"], True, True),
        (("LoadBalancer:Down",), [], True, False),
        (("LoadBalancer:Up", "Discovery:Down"), None, False, False),
        ((), None, False, True),
        (("TargetGroup:Draining",), None, False, False),
        (("Amazon:Down", "TargetGroup:Down"), None, False, True),
    ],
)
def test_up_and_down(healths, sources, up, down):
    one = instance(*healths)
    assert is_up(one, sources) is up
    assert is_down(one, sources) is down


@pytest.mark.parametrize(
    ("healths", "state"),
    [
        (("Amazon:Unknown", "TargetGroup:Up"), "Up"),
        (("Amazon:Unknown",), "Unknown"),
        (("TargetGroup:Down", "Discovery:Starting"), "Starting"),
        (("TargetGroup:Up", "Discovery:OutOfService"), "OutOfService"),
        ((), "Unknown"),
    ],
)
def test_one_word_for_all_healths(healths, state):
    assert state_of(instance(*healths)) == state


def test_counts_are_told_by_state():
    found = counts([instance("TargetGroup:Up"), instance("TargetGroup:Down"), instance()])
    assert (found["total"], found["up"], found["down"], found["unknown"]) == (3, 1, 1, 1)
