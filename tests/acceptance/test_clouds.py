"""The same pipeline on two clouds, through a real daemon: processes on this machine, and AWS as moto plays it."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from aws_proxy import Proxy

from gennaker.plugins.local.cloud import LocalCloud
from gennaker.plugins.local.settings import Settings as LocalSettings

REGION = "us-east-1"
ONE = {"min": 1, "max": 1, "desired": 1}
APP = """
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
class Fine(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Fine).serve_forever()
"""
#: What differs: where, and what AWS wants to know besides.
PLACES: dict[str, dict[str, Any]] = {
    "local": {"account": "local", "availabilityZones": {"here": []}, "imageId": "one"},
    "aws": {"account": "prod", "availabilityZones": {REGION: ["us-east-1a"]}, "instanceType": "t3.micro"},
}

pytestmark = pytest.mark.timeout(240)


def pipeline(cloud: str, **place: Any) -> dict[str, Any]:
    """Red/black for a cloud: nothing but `cloudProvider` and the place is another."""
    cluster = {
        "cloudProvider": cloud,
        "application": "shop",
        "stack": "web",
        "strategy": "redblack",
        "capacity": ONE,
        **PLACES[cloud],
        **place,
    }
    stages = [{"type": "deploy", "refId": "1", "name": "Deploy web", "clusters": [cluster]}]
    return {"application": "shop", "name": f"release to {cloud}", "stages": stages}


@pytest.fixture
def moto() -> Iterator[str]:
    """AWS on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    null = subprocess.DEVNULL
    program = Path(sys.executable).with_name("moto_server")
    process = subprocess.Popen([program, "-H", "127.0.0.1", "-p", str(port)], stdin=null, stdout=null, stderr=null)
    try:
        until = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < until, "moto does not listen"
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def proxy(moto: str) -> Iterator[Proxy]:
    """What stands before it."""
    made = Proxy(moto)
    yield made
    made.close()


def client(moto: str, service: str) -> Any:
    """A client of the SDK's own."""
    keys = {"aws_access_key_id": "k", "aws_secret_access_key": "s"}
    return boto3.client(service, region_name=REGION, endpoint_url=moto, **keys)


def released_twice(daemon: Any, whole: dict[str, Any]) -> None:
    """Save the pipeline and run it two times."""
    daemon.save(whole)
    for _ in range(2):
        ended = daemon.ended(daemon.run("shop", whole["name"]))
        reasons = [stage["context"].get("exception") for stage in ended["stages"]]
        assert ended["status"] == "SUCCEEDED", reasons


def test_red_black_on_this_machine(new_daemon: Callable[..., Any]) -> None:
    daemon = new_daemon()
    image = Path(daemon.home) / "local" / "images" / "one"
    image.mkdir(parents=True)
    (image / "app.py").write_text(APP)
    about = {"name": "one", "command": [sys.executable, "app.py"], "health": {"path": "/"}}
    (image / "image.json").write_text(json.dumps(about))
    cloud = LocalCloud(LocalSettings(), Path(daemon.home))
    try:
        daemon.start()
        released_twice(daemon, pipeline("local"))
        found = {group.name: group.disabled for group in cloud.server_groups("local", "here")}
        assert found == {"shop-web-v000": True, "shop-web-v001": False}
        listed = daemon("server-group", "list", "shop", "-o", "json")
        assert {one["name"] for one in listed.json} == set(found)
    finally:
        cloud.give_up()


def test_red_black_on_aws(new_daemon: Callable[..., Any], moto: str) -> None:
    image = client(moto, "ec2").describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    account = f"{{name: prod, regions: [{REGION}], access_key: key, secret_key: secret, endpoint: '{moto}'}}"
    daemon = new_daemon(f"plugins:\n  aws:\n    accounts: [{account}]\n").start()
    released_twice(daemon, pipeline("aws", imageId=image))
    groups = client(moto, "autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    suspended = {
        each["AutoScalingGroupName"]: sorted(one["ProcessName"] for one in each["SuspendedProcesses"])
        for each in groups
    }
    assert suspended == {"shop-web-v000": ["AddToLoadBalancer", "Launch", "Terminate"], "shop-web-v001": []}
    back = daemon("rollback", "shop", "shop-web", "--account", "prod", "--region", REGION, "--cloud", "aws")
    assert back.code == 0, back.err
    groups = client(moto, "autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    serving = [each["AutoScalingGroupName"] for each in groups if not each["SuspendedProcesses"]]
    assert serving == ["shop-web-v000"]


def test_the_daemon_killed_before_and_after_each_change_on_aws(
    new_daemon: Callable[..., Any], moto: str, proxy: Proxy
) -> None:
    ec2 = client(moto, "ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    client(moto, "elbv2").create_target_group(Name="shop", Protocol="HTTP", Port=80, VpcId=vpc)
    account = f"{{name: prod, regions: [{REGION}], access_key: key, secret_key: secret, endpoint: '{proxy.url}'}}"
    daemon = new_daemon(f"plugins:\n  aws:\n    accounts: [{account}]\n").start()
    whole = pipeline("aws", imageId=image, targetGroups=["shop"])
    daemon.save(whole)
    assert daemon.ended(daemon.run("shop", whole["name"]))["status"] == "SUCCEEDED"
    killed: list[tuple[str, bool]] = []

    def around(action: str, after: bool) -> None:
        if not action.startswith(("Describe", "Get", "List")) and (action, after) not in killed:
            killed.append((action, after))
            daemon.kill()

    proxy.around = around
    assert through(daemon, f"/pipelines/{daemon.run('shop', whole['name'])}") == "SUCCEEDED"
    assert {action for action, _ in killed} >= {"CreateLaunchTemplate", "CreateAutoScalingGroup", "SuspendProcesses"}
    assert serving(moto) == {"shop-web-v000": False, "shop-web-v001": True}
    back = {"type": "rollbackCluster", "cloudProvider": "aws", "credentials": "prod", "regions": [REGION]}
    job = {"application": "shop", "description": "back", "job": [{**back, "cluster": "shop-web"}]}
    before = len(killed)
    assert through(daemon, daemon.http.post("/tasks", json=job).json()["ref"]) == "SUCCEEDED"
    assert len(killed) > before
    assert serving(moto) == {"shop-web-v000": True, "shop-web-v001": False}
    assert len(ec2.describe_launch_templates()["LaunchTemplates"]) == 2


def through(daemon: Any, ref: str) -> str:
    """Start the daemon again whenever it was killed; how the execution ended."""
    while True:
        if daemon.process.poll() is not None:
            daemon.launch()
        try:
            status = str(daemon.http.get(ref).json()["status"])
        except httpx.TransportError:
            continue
        if status not in ("NOT_STARTED", "RUNNING"):
            return status
        time.sleep(0.05)


def serving(moto: str) -> dict[str, bool]:
    """The server groups, and whether they get traffic."""
    groups = client(moto, "autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    return {one["AutoScalingGroupName"]: not one["SuspendedProcesses"] for one in groups}
