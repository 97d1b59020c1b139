"""A server that speaks like AWS (moto), a proxy in front of it that makes trouble, and the cloud on top."""

import itertools
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from aws_proxy import Proxy

from gennaker.core.cloud.provider import Operation
from gennaker.plugins.aws.cloud import AwsCloud
from gennaker.plugins.aws.place import Place
from gennaker.plugins.aws.settings import Account, Settings

REGION = "us-east-1"


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """One server for all tests, in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    null = subprocess.DEVNULL
    program = Path(sys.executable).with_name("moto_server")
    process = subprocess.Popen([program, "-H", "127.0.0.1", "-p", str(port)], stdin=null, stdout=null, stderr=null)
    try:
        until = time.monotonic() + 60
        while not listens(port):
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < until, "the server does not listen"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def listens(port: int) -> bool:
    """Something takes connections."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of this machine's own AWS configuration is found, and no second look waits long."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setattr(Place, "PAUSE_S", 0.005)


@pytest.fixture
def proxy(server: str) -> Iterator[Proxy]:
    """The proxy before an empty AWS."""
    request = urllib.request.Request(f"{server}/moto-api/reset", data=b"", method="POST")
    urllib.request.urlopen(request, timeout=30).close()
    proxy = Proxy(server)
    yield proxy
    proxy.close()


@pytest.fixture
def settings(proxy: Proxy) -> Settings:
    """One account whose calls are tried once."""
    account = Account(name="prod", regions=(REGION, "eu-west-1"), access_key="k", secret_key="s", endpoint=proxy.url)
    return Settings(accounts=(account,), attempts=1, read_s=10)


@pytest.fixture
def cloud(settings: Settings) -> AwsCloud:
    """The cloud with that account."""
    return AwsCloud(settings)


@pytest.fixture
def aws(proxy: Proxy) -> Callable[[str], Any]:
    """The SDK's own clients, past the proxy."""

    def client(service: str) -> Any:
        return boto3.client(
            service, endpoint_url=proxy.target, region_name=REGION, aws_access_key_id="k", aws_secret_access_key="s"
        )

    return client


@pytest.fixture
def image(aws: Callable[[str], Any]) -> str:
    """An image of our own, named shop-1.0."""
    made = aws("ec2").register_image(
        Name="shop-1.0", Architecture="x86_64", RootDeviceName="/dev/sda1", VirtualizationType="hvm"
    )
    return str(made["ImageId"])


@pytest.fixture
def target_group(aws: Callable[[str], Any]) -> str:
    """The ARN of a target group named shop."""
    vpc = aws("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    made = aws("elbv2").create_target_group(Name="shop", Protocol="HTTP", Port=80, VpcId=vpc)
    return str(made["TargetGroups"][0]["TargetGroupArn"])


@pytest.fixture
def wanted(image: str, target_group: str) -> dict[str, Any]:
    """A small server group behind it."""
    return {
        "application": "shop",
        "stack": "web",
        "account": "prod",
        "region": REGION,
        "cloudProvider": "aws",
        "imageId": image,
        "instanceType": "t3.small",
        "availabilityZones": {REGION: [f"{REGION}a"]},
        "targetGroups": [target_group.split("/")[1]],
        "capacity": {"min": 2, "max": 6, "desired": 4},
    }


@pytest.fixture
def operation() -> Callable[..., Operation]:
    """Operations, each with a key of its own unless one is given."""
    numbers = itertools.count()

    def make(key: str = "", **more: Any) -> Operation:
        return Operation(
            key=key or f"x-1:s-1:create:{next(numbers)}", user="ann", application="shop", execution="x-1", **more
        )

    return make
