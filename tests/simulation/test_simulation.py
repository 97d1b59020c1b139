"""Thousands of worlds: whatever the seed lets happen, the invariants hold.

One seed alone: `GENNAKER_SIMULATION_FIRST=1234 GENNAKER_SIMULATION_SEEDS=1 pytest tests/simulation`.
"""

import os

import pytest
from simulation.world import World

FIRST = int(os.environ.get("GENNAKER_SIMULATION_FIRST", "0"))
SEEDS = int(os.environ.get("GENNAKER_SIMULATION_SEEDS", "2000"))
_PARTS = 8


def simulate(seed: int) -> None:
    """Run one world and name its seed when it breaks."""
    try:
        World(seed).run()
    except Exception as error:
        raise AssertionError(f"seed {seed}: {error}") from error


@pytest.mark.parametrize("part", range(_PARTS))
def test_every_world_keeps_its_promises(part: int) -> None:
    for seed in range(FIRST + part, FIRST + SEEDS, _PARTS):
        simulate(seed)
