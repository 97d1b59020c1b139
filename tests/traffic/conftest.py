"""A theatre that is empty after the test, and charts that are shown at the end of the run."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sites import Site
from traffic.theatre import Theatre


@pytest.fixture
def new_theatre(tmp_path: Path, haproxy: str) -> Iterator[Callable[..., Theatre]]:
    """Makes theatres."""
    assert haproxy
    made: list[Theatre] = []

    def make(balancer: str = "haproxy", settings: str = "") -> Theatre:
        made.append(Theatre(tmp_path / f"home{len(made)}", balancer, settings))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def shown(record_property: Callable[[str, object], None], request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Takes a chart."""

    def tell(chart: str) -> None:
        record_property("chart", f"{request.node.name}\n{chart}")

    return tell


@pytest.fixture
def site() -> Iterator[Site]:
    """A web server."""
    made = Site()
    yield made
    made.close()
