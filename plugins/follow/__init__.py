"""Pipelines in git: follows repositories and folders, and saves what they hold."""

from collections.abc import Sequence

from gennaker.core.hookspecs import Background, hookimpl
from gennaker.core.services import Services
from gennaker.plugins.follow.settings import Settings


@hookimpl
def gennaker_settings() -> type[Settings]:
    """The section `plugins.follow` of the configuration."""
    return Settings


@hookimpl
def gennaker_services(services: Services) -> Sequence[Background]:
    """One service for each source; what they need is imported only where something is followed."""
    settings: Settings = services.settings
    if not settings.sources:
        return []
    from gennaker.plugins.follow.follower import Follower

    return [Background(name=source.name, run=Follower(source, services).run) for source in settings.sources]
