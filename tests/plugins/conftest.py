"""Fixtures that tests of many plugins share."""

from collections.abc import Iterator

import pytest
from sites import Site


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture
def other_site() -> Iterator[Site]:
    """A second server: another host, by its port."""
    site = Site()
    yield site
    site.close()
