"""Amazon's EC2 as a cloud: auto scaling groups, load balancers, target groups, security groups, images."""

from collections.abc import Sequence

from gennaker.core.cloud.provider import Cloud
from gennaker.core.hookspecs import hookimpl
from gennaker.plugins.aws.settings import Settings


@hookimpl
def gennaker_settings() -> type[Settings]:
    """The section `plugins.aws` of the configuration."""
    return Settings


@hookimpl
def gennaker_clouds(settings: Settings) -> Sequence[Cloud]:
    """The cloud, when an account of it is configured; without one its code is not loaded."""
    if not settings.accounts:
        return []
    from gennaker.plugins.aws.cloud import AwsCloud

    return [AwsCloud(settings)]
