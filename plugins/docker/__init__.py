"""Registries that speak the registry protocol of Docker and OCI: images, Helm charts and other OCI artifacts."""

from collections.abc import Sequence

from gennaker.core.artifacts.account import ArtifactAccount
from gennaker.core.hookspecs import hookimpl
from gennaker.plugins.docker.account import DockerAccount
from gennaker.plugins.docker.settings import Settings


@hookimpl
def gennaker_settings() -> type[Settings]:
    """The section `plugins.docker` of the configuration."""
    return Settings


@hookimpl
def gennaker_artifacts(settings: Settings) -> Sequence[ArtifactAccount]:
    """The accounts that are configured."""
    return [DockerAccount(one) for one in settings.accounts]
