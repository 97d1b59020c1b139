"""Websites that may be called."""

from collections.abc import Iterator

import pytest
from website import Website, website

from gennaker.core.outbound import Outbound


@pytest.fixture
def site() -> Iterator[Website]:
    """Where the repository is."""
    with website() as site:
        yield site


@pytest.fixture
def other() -> Iterator[Website]:
    """Another host."""
    with website() as site:
        yield site


@pytest.fixture
def http() -> Outbound:
    """The program's client, with this address opened and no other."""
    return Outbound(["127.0.0.1/32"])
