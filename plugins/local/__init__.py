"""A cloud on this machine: server groups are processes, behind a real load balancer."""

from collections.abc import Sequence
from pathlib import Path

from gennaker.core.cloud.provider import Cloud
from gennaker.core.hookspecs import hookimpl
from gennaker.plugins.local.cloud import LocalCloud
from gennaker.plugins.local.settings import Settings


@hookimpl
def gennaker_settings() -> type[Settings]:
    """The section `plugins.local` of the configuration."""
    return Settings


@hookimpl
def gennaker_clouds(settings: Settings, home: Path) -> Sequence[Cloud]:
    """This machine."""
    return [LocalCloud(settings, home)]
