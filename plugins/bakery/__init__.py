"""The bakery: images made by Packer, for pipelines and by request."""

from collections.abc import Sequence

from gennaker.core.bakery import Bakery
from gennaker.core.hookspecs import hookimpl
from gennaker.core.services import Services
from gennaker.core.stage import Stage
from gennaker.plugins.bakery.settings import Settings


@hookimpl
def gennaker_settings() -> type[Settings]:
    """The section `plugins.bakery` of the configuration."""
    return Settings


@hookimpl
def gennaker_stages() -> Sequence[type[Stage]]:
    """The stage types of this plugin."""
    from gennaker.plugins.bakery.region import BakeInRegion
    from gennaker.plugins.bakery.stage import Bake

    return [Bake, BakeInRegion]


@hookimpl
def gennaker_bakery(services: Services) -> Bakery:
    """What the API offers."""
    from gennaker.plugins.bakery.desk import Desk

    return Desk(services)
