"""Whole processes without a process, on a broker and a database that they share."""

from collections.abc import Callable
from typing import Any

import pytest
from processes import chain, home, runtimes, until

from gennaker.core.runtime import catalogue
from gennaker.core.runtime.runtime import Runtime

__all__ = ["chain", "cluster", "home", "runtimes", "until"]


@pytest.fixture
def cluster(
    postgres_url: str, amqp_url: str, bus_prefix: str, runtimes: Callable[..., Runtime], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Runtime]:
    """Makes started processes of one cluster with four shards."""
    monkeypatch.setattr(catalogue, "LOOK_S", 0.1)

    def make(**options: Any) -> Runtime:
        shared = {"database__url": postgres_url, "bus__url": amqp_url, "bus__prefix": bus_prefix}
        return runtimes(**shared, **options)

    return make
