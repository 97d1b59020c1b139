"""The stage `bake`: which regions, what each is given, how the results come together; and the templates that are shipped."""

import base64
import json
import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from gennaker.core.engine.requests import check_pipeline
from gennaker.core.model.work import Work
from gennaker.core.processes.running import run as start
from gennaker.core.run import Run
from gennaker.core.services import Services
from gennaker.core.testing import Rig, check_stage
from gennaker.plugins.bakery import gennaker_stages
from gennaker.plugins.bakery.build import SHIPPED
from gennaker.plugins.bakery.kitchen import Kitchen
from gennaker.plugins.bakery.request import CLIENT_KEYS, read
from gennaker.plugins.bakery.settings import Settings
from gennaker.plugins.bakery.stage import Bake

ROOT = Path(__file__).parents[3]


class Reads:
    """Executions, as far as the stage needs them: the one of the test."""

    rig: Rig

    def get(self, _execution):
        return self.rig.execution


def regions(bake, *others):
    """The regions that a bake is done in, as its stages say."""
    reads = Reads()
    reads.rig = Rig(*gennaker_stages(), services=Services(settings=Settings(), executions=reads))
    reads.rig.run([{"type": "bake", "refId": "1", "package": "shop", "baseOs": "x", **bake}, *others])
    stages = reads.rig.execution.stages.values()
    return [stage.context["region"] for stage in stages if stage.type == "bakeInRegion"]


DEPLOY = {
    "type": "deploy",
    "refId": "2",
    "requisiteStageRefIds": ["1"],
    "clusters": [
        {"cloudProvider": "aws", "availabilityZones": {"eu-west-1": ["eu-west-1a"]}},
        {"cloudProvider": "gce", "region": "europe-west1"},
    ],
}


@pytest.mark.parametrize(
    ("bake", "others", "expected"),
    [
        ({"region": "us-east-1"}, [], ["us-east-1"]),
        ({"region": "us-east-1", "regions": ["us-west-2", "us-east-1"]}, [], ["us-west-2", "us-east-1"]),
        ({"regions": "us-east-1, us-west-2"}, [], ["us-east-1", "us-west-2"]),
        ({"region": "us-east-1"}, [DEPLOY], ["us-east-1", "eu-west-1"]),
        ({"region": "us-east-1", "skipRegionDetection": True}, [DEPLOY], ["us-east-1"]),
        ({"region": "global"}, [DEPLOY], ["global"]),
        ({"region": "us-east-1"}, [{**DEPLOY, "type": "other"}], ["us-east-1"]),
        ({"regions": []}, [DEPLOY], ["eu-west-1"]),
        ({"regions": []}, [], []),
    ],
)
def test_regions_are_those_of_the_stage_and_of_the_deploys_that_follow(bake, others, expected):
    assert regions(bake, *others) == expected


def test_all_regions_have_the_same_suffix_and_their_results_come_together(bakery):
    rig = bakery()
    rig.run(
        [
            {
                "type": "bake",
                "refId": "7",
                "name": "Bake",
                "cloudProviderType": "local",
                "regions": ["a", "b"],
                "package": "shop",
            }
        ]
    )
    first, second = rig.stage("Bake in a"), rig.stage("Bake in b")
    assert first.context["amiSuffix"] == second.context["amiSuffix"] == "20300101000000"
    details = rig.stage("Bake").context["deploymentDetails"]
    assert [(one["region"], one["imageId"]) for one in details] == [
        ("a", "shop-all-20300101000000"),
        ("b", "shop-all-20300101000000"),
    ]


def test_a_trigger_may_ask_for_a_rebake():
    given = {
        "execution": "E",
        "stage": "S",
        "kind": "plan",
        "name": "before",
        "round": 0,
        "attempt": 1,
        "key": "k",
        "shard": 0,
    }
    work = Work(**given, at=0, answer_by=1, not_after=1, type="bake", trigger={"rebake": True}, context={"region": "r"})
    assert Bake({"region": "r"}).before(Run(work, Services()))[0]["rebake"] is True


@pytest.mark.parametrize("stage", gennaker_stages(), ids=lambda stage: stage.type)
def test_duplicates_and_crashes_change_nothing(stage):
    assert check_stage(stage) == []


def test_a_clients_request_and_a_stage_say_the_same():
    body = json.loads(
        '{"cloud_provider_type": "aws", "user": "ann", "package": "shop", "base_os": "jammy", "base_label": "release",'
        ' "vm_type": "hvm", "store_type": "ebs", "build_host": "https://ci/", "job": "shop-build", "build_number": "22",'
        ' "commit_hash": "ab12cd3", "ami_suffix": "20260105101500", "extended_attributes": {"share_with": "111,222"}}'
    )
    found = read({CLIENT_KEYS[key]: value for key, value in body.items()} | {"region": "us-east-1"}, {})
    assert (found.provider, found.base_os, found.build.number, found.build.commit) == ("aws", "jammy", "22", "ab12cd3")
    assert found.attributes == {"share_with": "111,222"}


def test_places_are_counted_and_the_same_is_never_built_twice_at_once():
    kitchen = Kitchen()
    with ExitStack() as stack:
        given = [stack.enter_context(kitchen.place(digest, 2)) for digest in ("a", "a", "b", "c")]
        assert given == [True, False, True, False]
    with kitchen.place("a", 1) as again:
        assert again


@pytest.mark.parametrize("name", sorted(path.name for path in SHIPPED.glob("*.json")))
def test_a_shipped_template_is_one_that_packer_takes(packer, name, tmp_path):
    given = {
        "configDir": str(SHIPPED),
        "aws_region": "us-east-1",
        "aws_access_key": "AKIDEXAMPLE",
        "aws_secret_key": "secret",
        "aws_source_ami": "ami-1",
        "aws_target_ami": "shop-1",
        "gce_project_id": "project",
        "gce_zone": "europe-west1-b",
        "gce_source_image": "ubuntu-2204",
        "gce_target_image": "shop-1",
        "openstack_identity_endpoint": "http://127.0.0.1:5000/v3",
        "openstack_username": "ann",
        "openstack_password": "secret",
        "openstack_tenant_name": "shop",
        "openstack_domain_name": "Default",
        "openstack_source_image": "11111111-2222-3333-4444-555555555555",
        "openstack_target_image": "shop-1",
        "azure_client_id": "id",
        "azure_client_secret": "secret",
        "azure_subscription_id": "11111111-2222-3333-4444-555555555555",
        "azure_tenant_id": "11111111-2222-3333-4444-555555555555",
        "azure_resource_group": "group",
        "azure_location": "westeurope",
        "azure_target_image": "shop-1",
        "azure_image_publisher": "Canonical",
        "azure_image_offer": "UbuntuServer",
        "azure_image_sku": "22.04-LTS",
        "qemu_source_image": str(tmp_path / "disk.img"),
        "qemu_target_image": "shop-1",
        "qemu_output": str(tmp_path / "out"),
    }
    (tmp_path / "disk.img").write_bytes(b"disk")
    (tmp_path / "v.json").write_text(json.dumps(given))
    environment = {"CHECKPOINT_DISABLE": "1", "PATH": os.environ["PATH"]}
    argv = [packer, "validate", f"-var-file={tmp_path / 'v.json'}", str(SHIPPED / name)]
    done = start(argv, seconds=120, environment=environment)
    # These two look at the cloud or for their program before they look at the template.
    if name in ("openstack.json", "qemu.json") and not done.ok:
        assert "connection refused" in done.output or "qemu" in done.output.lower(), done.output
    else:
        assert done.ok, done.output


@pytest.mark.parametrize("path", sorted((ROOT / "examples" / "deploy").glob("bake-*.json")), ids=lambda path: path.stem)
def test_the_examples_can_be_saved(path):
    problems, _ = check_pipeline(json.loads(path.read_text()))
    assert not problems


def test_the_local_example_bakes(bakery, home):
    pipeline = json.loads((ROOT / "examples" / "deploy" / "bake-local.json").read_text())
    rig = bakery(artifacts=Embedded())
    rig.run([{**pipeline["stages"][0], "amiSuffix": "1"}])
    assert rig.execution.status == "SUCCEEDED", rig.told
    assert "ThreadingHTTPServer" in (home / "local" / "images" / "hello-all-1" / "app.py").read_text()


class Embedded:
    """Fetches what is embedded."""

    def fetch(self, artifact):
        return base64.b64decode(artifact["reference"])
