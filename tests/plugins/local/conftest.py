"""A cloud on this machine whose processes end with the test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gennaker.core.cloud.provider import Operation
from gennaker.plugins.local.cloud import LocalCloud
from gennaker.plugins.local.settings import Settings


@pytest.fixture(params=["builtin", "haproxy"])
def balancer(request: pytest.FixtureRequest) -> str:
    """Either program."""
    if request.param == "haproxy":
        request.getfixturevalue("haproxy")
    return str(request.param)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home folder; what runs below it ends with the test."""
    yield tmp_path
    LocalCloud(Settings(), tmp_path).give_up()


@pytest.fixture
def make_cloud(home: Path) -> Callable[[str], LocalCloud]:
    """A cloud as a daemon has it; a second one is the daemon after a restart."""

    def make(balancer: str = "builtin") -> LocalCloud:
        return LocalCloud(Settings(balancer=balancer, check_seconds=0.3, drain_seconds=5, stop_seconds=2), home)  # type: ignore[arg-type]

    return make


@pytest.fixture
def operation() -> Callable[..., Operation]:
    """An operation by its key."""

    def make(key: str, *, again: bool = False) -> Operation:
        return Operation(key=key, again=again, user="anna", application="shop")

    return make
