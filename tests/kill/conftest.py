"""Fleets that are gone after the test."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from kill.fleet import Fleet

NewFleet = Callable[..., Fleet]


@pytest.fixture
def new_fleet(tmp_path: Path) -> Iterator[NewFleet]:
    """Makes fleets of `gennaker up`; everything runs embedded on SQLite unless told otherwise."""
    made: list[Fleet] = []

    def make(
        database: str = "", bus: str = "memory://", prefix: str = "kill", roles: Sequence[Sequence[str]] = ((),)
    ) -> Fleet:
        folder = tmp_path / f"fleet{len(made)}"
        made.append(Fleet(folder, database or f"sqlite:///{tmp_path}/fleet{len(made)}.db", bus, prefix, roles))
        return made[-1]

    yield make
    for fleet in made:
        fleet.close()
