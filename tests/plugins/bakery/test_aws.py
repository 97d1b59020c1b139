"""The shipped template for AWS, built by the real Packer against moto: a bake ends in an AMI with tags, and is not made twice."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from gennaker.core.cloud.model import Account, Image
from gennaker.core.cloud.provider import Cloud
from gennaker.plugins.bakery.build import SHIPPED
from gennaker.plugins.bakery.settings import Foundation, Provider, Source, Variable

KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "a-secret-access-key"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A server that speaks like EC2."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("moto_server")
    server = subprocess.Popen([program, "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end and server.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


@pytest.fixture(scope="module")
def ec2(endpoint: str) -> Any:
    return boto3.client("ec2", region_name="us-east-1", endpoint_url=endpoint, **KEYS)


class Looks(Cloud):
    """AWS as far as the bakery needs it: images by their tags."""

    name = "aws"
    capabilities = frozenset({"findImage"})

    def __init__(self, ec2: Any) -> None:
        self._ec2 = ec2

    def accounts(self):
        return [Account(name="prod", provider="aws", regions=("us-east-1",))]

    def images(self, account, region, query):
        filters = [{"Name": f"tag:{key}", "Values": [value]} for key, value in query.tags.items()]
        found = self._ec2.describe_images(Owners=["self"], Filters=filters)["Images"]
        return [Image(id=one["ImageId"], name=one["Name"], provider="aws") for one in found]


@pytest.fixture
def aws(bakery, ec2, endpoint, templates):
    """A bakery for AWS. The machine is not reached: moto's have no network."""
    template = json.loads((SHIPPED / "aws-ebs.json").read_text())
    for name in ("ssh_username", "associate_public_ip_address"):
        template["builders"][0].pop(name)
    template["builders"][0] |= {
        "communicator": "none",
        "skip_region_validation": True,
        "skip_metadata_api_check": True,
        "aws_polling": {"delay_seconds": 1, "max_attempts": 5},
    }
    template["provisioners"] = [{"type": "shell-local", "inline": ["echo installing {{user `packages`}}"]}]
    (templates / "aws-ebs.json").write_text(json.dumps(template))
    base = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    provider = Provider(
        bases=(Foundation(id="jammy", sources=(Source(region="us-east-1", vm_type="hvm", image=base),)),),
        variables={"aws_endpoint": endpoint, "aws_access_key": KEYS["aws_access_key_id"]},
        secrets=(Variable(name="aws_secret_key", value=KEYS["aws_secret_access_key"]),),
    )

    def make(execution: str):
        return bakery(
            execution=execution, clouds={"aws": Looks(ec2)}, providers={"aws": provider}, templates=str(templates)
        )

    return make, base


BAKE = {
    "type": "bake",
    "refId": "1",
    "name": "Bake",
    "cloudProviderType": "aws",
    "regions": ["us-east-1"],
    "package": "shop",
    "baseOs": "jammy",
    "buildInfo": {"name": "shop-build", "number": 22, "artifacts": [{"fileName": "shop_1.4.0_all.deb"}]},
}


def test_a_bake_ends_in_an_image_with_tags_and_the_same_is_not_baked_twice(aws, ec2):
    make, base = aws
    rig = make("A")
    assert rig.run([{**BAKE, "amiSuffix": "1"}]).status == "SUCCEEDED", rig.told
    details = rig.stage("Bake").outputs["deploymentDetails"][0]
    image = ec2.describe_images(ImageIds=[details["ami"]])["Images"][0]
    tags = {tag["Key"]: tag["Value"] for tag in image["Tags"]}
    assert (image["Name"], image["State"]) == ("shop-all-1-jammy", "available")
    assert tags["appversion"] == "shop-1.4.0-h22/shop-build/22"
    assert tags["gennaker:key"].endswith("/monitorBake/0")
    assert details["baseAmiId"] == base
    assert "installing shop=1.4.0" in " ".join(rig.told)
    assert KEYS["aws_secret_access_key"] not in " ".join(rig.told)
    # Packer has taken its machine away again.
    states = [one["State"]["Name"] for each in ec2.describe_instances()["Reservations"] for one in each["Instances"]]
    assert set(states) <= {"terminated", "shutting-down"}
    again = make("B")
    assert again.run([{**BAKE, "amiSuffix": "2"}]).status == "SUCCEEDED"
    assert again.stage("Bake").outputs["deploymentDetails"][0]["ami"] == details["ami"]
    assert not [line for line in again.told if "installing" in line]
