"""Helm's chart repositories: an index and the archives that it names."""

from collections.abc import Sequence

from gennaker.core.artifacts.account import ArtifactAccount
from gennaker.core.hookspecs import hookimpl
from gennaker.plugins.helm.account import HelmAccount
from gennaker.plugins.helm.settings import Settings


@hookimpl
def gennaker_settings() -> type[Settings]:
    """The section `plugins.helm` of the configuration."""
    return Settings


@hookimpl
def gennaker_artifacts(settings: Settings) -> Sequence[ArtifactAccount]:
    """The accounts that are configured."""
    return [HelmAccount(one) for one in settings.accounts]
