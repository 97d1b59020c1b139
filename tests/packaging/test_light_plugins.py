"""Every bundled plugin loads without the clients of outside systems, and costs nearly nothing until it is used."""

import configparser
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: What plugins may import in their functions only.
CLIENTS = ("boto3", "botocore", "dulwich", "semantic_version", "kubernetes", "google", "openstack", "azure", "jenkins")
#: What an import may cost, in the time of `sum(range(1000))` on the same machine at the same moment: some 50 ms on a free core, and half as much for noise.
MOST = 5_000
#: Plugins that bring a server or are one; they are loaded where that is wanted.
HEAVY = {"gate"}

PROGRAM = f"""
import importlib, json, sys, time

class Closed:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {CLIENTS!r}:
            raise ImportError(f"{{name}} is closed")

sys.meta_path.insert(0, Closed())
import gennaker.core.hookspecs, gennaker.core.plugins, gennaker.core.artifacts.web_file

def once():
    start = time.perf_counter()
    sum(range(1000))
    return time.perf_counter() - start

cal = min(once() for _ in range(200))

def cost(name):
    start = time.process_time()
    importlib.import_module("gennaker.plugins." + name)
    return (time.process_time() - start) / cal

print(json.dumps({{name: cost(name) for name in sys.argv[1:]}}))
"""


@pytest.fixture(scope="module")
def bundled() -> list[str]:
    """The plugins that come with the program."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    lines = setup["options.entry_points"]["gennaker"].split("\n")
    return [line.partition("=")[0].strip() for line in lines if line.strip()]


def costs(names: list[str]) -> dict[str, float]:
    """What it costs to import each, in a new process that has no client."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, *names], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, float] = json.loads(done.stdout)
    return found


def test_plugins_load_without_clients_and_quickly(bundled: list[str]) -> None:
    light = [name for name in bundled if name not in HEAVY]
    slow = {name for name, cost in costs(light).items() if cost > MOST}
    # A busy machine may be slow once; what is slow alone and again is slow.
    assert not {name: cost for name in slow if (cost := min(costs([name])[name] for _ in range(3))) > MOST}


AWS = f"""
import sys

class Closed:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {CLIENTS!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Closed())
from gennaker.core.cloud.provider import CloudError, Operation
from gennaker.plugins.aws.cloud import AwsCloud
from gennaker.plugins.aws.settings import Account, Settings

cloud = AwsCloud(Settings(accounts=(Account(name="prod", regions=("us-east-1",), access_key="k", secret_key="s"),)))
for use in (
    lambda: cloud.server_groups("prod", "us-east-1"),
    lambda: cloud.delete_load_balancer("prod", "us-east-1", "shop", Operation(key="k")),
):
    try:
        use()
    except CloudError as error:
        print(error)
"""


def test_a_cloud_whose_client_is_not_installed_says_what_to_install() -> None:
    done = subprocess.run([sys.executable, "-c", AWS], capture_output=True, text=True, check=False)
    assert done.stdout.count("pip install 'gennaker[aws]'") == 2, done.stdout + done.stderr
