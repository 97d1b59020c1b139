"""The cloud keeps the promises that the stages build on."""

from typing import Any

from gennaker.core.testing.clouds import check_cloud
from gennaker.plugins.aws.cloud import AwsCloud


def test_it_keeps_its_promises(cloud: AwsCloud, wanted: Any) -> None:
    small = {**wanted, "capacity": {"min": 2, "max": 2, "desired": 2}}
    # moto registers the instance that takes a terminated one's place with no target group, which AWS does.
    cloud.capabilities -= {"terminate"}
    assert check_cloud(cloud, "prod", "us-east-1", small) == []
