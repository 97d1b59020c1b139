"""Amazon S3, and whatever speaks like it (MinIO, Ceph): objects as artifacts."""

from collections.abc import Sequence

from gennaker.core.artifacts.account import ArtifactAccount
from gennaker.core.hookspecs import hookimpl
from gennaker.plugins.s3.account import S3Account
from gennaker.plugins.s3.settings import Settings


@hookimpl
def gennaker_settings() -> type[Settings]:
    """The section `plugins.s3` of the configuration."""
    return Settings


@hookimpl
def gennaker_artifacts(settings: Settings) -> Sequence[ArtifactAccount]:
    """The accounts that are configured."""
    return [S3Account(one) for one in settings.accounts]
