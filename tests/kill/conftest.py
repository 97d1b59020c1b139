"""Fleets that are gone after the test, trials whose figures are told at the end."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from kill.fleet import Fleet
from kill.trial import Trial, rounds, seed


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make each trial several times in `make soak`."""
    if "attempt" in metafunc.fixturenames:
        metafunc.parametrize("attempt", rounds(getattr(metafunc.module, "SHARE", 1.0)))


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


@pytest.fixture
def new_trial(
    new_fleet: NewFleet, record_property: Callable[[str, object], None], attempt: int
) -> Callable[..., Trial]:
    """Makes trials over fleets; what they counted is shown at the end of the run."""

    def tell(figures: str) -> None:
        record_property("trial", f"{attempt + 1}: {figures}")

    def make(*fleet: object, clients: int = 3) -> Trial:
        return Trial(new_fleet(*fleet), seed(), clients=clients, tell=tell)

    return make
