"""Real bakes with the real Packer, of images for this machine."""

import base64
import json
import re
import tempfile
import time

import pytest

from gennaker.core.processes.running import run
from gennaker.core.testing import Trouble
from gennaker.plugins.bakery.settings import Foundation, Provider, Source, Variable

BAKE = {"type": "bake", "refId": "1", "name": "Bake", "cloudProviderType": "local", "region": "here", "package": "shop"}


def test_a_bake_makes_an_image_that_can_be_deployed(bakery, home):
    rig = bakery()
    done = rig.run([{**BAKE, "amiSuffix": "7"}])
    assert done.status == "SUCCEEDED", rig.told
    image = home / "local" / "images" / "shop-all-7"
    manifest = json.loads((image / "image.json").read_text())
    assert (image / "app.py").read_text() == "print('2.0')\n"
    assert (manifest["name"], manifest["command"]) == ("shop-all-7", ["python3", "app.py"])
    assert "app.py" in (image / "contents.sha256").read_text()
    assert any("Running local shell script" in line for line in rig.told)
    assert "shop-all-7 has 1 files" in " ".join(rig.told)
    assert not [path for path in (home / "bakery").iterdir() if path.name != "cache"]


def test_the_stage_tells_in_spinnakers_names(bakery):
    rig = bakery()
    rig.run([{**BAKE, "amiSuffix": "7"}])
    details = rig.stage("Bake").outputs["deploymentDetails"]
    assert [(one["imageId"], one["region"], one["package"], one["refId"]) for one in details] == [
        ("shop-all-7", "here", "shop", "1")
    ]
    region = rig.stage("Bake in here")
    assert [task.name for task in region.tasks] == ["createBake", "monitorBake", "completedBake"]
    assert (region.context["ami"], region.context["status"]["result"]) == ("shop-all-7", "SUCCESS")
    assert region.outputs["artifacts"][0]["type"] == "local/image"
    assert [task.name for task in rig.stage("Bake").tasks] == ["completeParallel", "bindProducedArtifacts"]


def test_an_image_that_is_expected_is_bound_and_one_that_was_not_made_is_an_error(bakery):
    wish = {"id": "image", "matchArtifact": {"type": "local/image", "name": "shop-all-.*"}}
    rig = bakery()
    assert rig.run([{**BAKE, "amiSuffix": "7", "expectedArtifacts": [wish]}]).status == "SUCCEEDED"
    (bound,) = rig.stage("Bake").outputs["resolvedExpectedArtifacts"]
    assert bound["boundArtifact"]["reference"] == "shop-all-7"
    rig = bakery(execution="B")
    wish = {"id": "image", "matchArtifact": {"type": "local/image", "name": "other"}}
    assert rig.run([{**BAKE, "amiSuffix": "8", "expectedArtifacts": [wish]}]).status == "TERMINAL"
    assert "image" in str(rig.stage("Bake").context["exception"])


def test_the_same_is_not_baked_twice_and_rebake_does(bakery, home):
    first, second, third = bakery(execution="A"), bakery(execution="B"), bakery(execution="C")
    first.run([{**BAKE, "amiSuffix": "1"}])
    second.run([{**BAKE, "amiSuffix": "2"}])
    third.run([{**BAKE, "amiSuffix": "3", "rebake": True}])
    found = [rig.stage("Bake").outputs["deploymentDetails"][0]["imageId"] for rig in (first, second, third)]
    assert found == ["shop-all-1", "shop-all-1", "shop-all-3"]
    assert [rig.stage("Bake in here").context["previouslyBaked"] for rig in (first, second, third)] == [
        False,
        True,
        False,
    ]
    assert len(list((home / "local" / "images").iterdir())) == 2


def test_an_image_that_was_removed_is_baked_again(bakery, home):
    bakery(execution="A").run([{**BAKE, "amiSuffix": "1"}])
    (home / "local" / "images" / "shop-all-1" / "image.json").unlink()
    again = bakery(execution="B")
    assert again.run([{**BAKE, "amiSuffix": "2"}]).status == "SUCCEEDED"
    assert again.stage("Bake in here").context["imageId"] == "shop-all-2"


def test_rule_10_a_call_that_is_made_again_finds_what_it_has_made(bakery, home):
    """Even a rebake: the answer was lost after the image was there."""
    rig = bakery(trouble=Trouble(crash=1.0))
    assert rig.run([{**BAKE, "amiSuffix": "1", "rebake": True}]).status == "SUCCEEDED"
    assert [path.name for path in (home / "local" / "images").iterdir()] == ["shop-all-1"]
    assert len([one for one in rig.called if one.work.name == "monitorBake"]) > 1


def test_a_version_of_the_build_is_installed(bakery, home):
    info = {"number": 7, "artifacts": [{"fileName": "shop_1.0.tar.gz"}]}
    rig = bakery()
    rig.run([{**BAKE, "amiSuffix": "1", "buildInfo": info}])
    assert (home / "local" / "images" / "shop-all-1" / "app.py").read_text() == "print('1.0')\n"


def test_a_base_image_packages_and_artifacts_lie_over_each_other(bakery, home):
    base = home.parent / "base"
    base.mkdir()
    (base / "app.py").write_text("base")
    (base / "run").write_text("#!/bin/sh\n")
    (base / "run").chmod(0o755)
    provider = Provider(bases=(Foundation(id="plain", package_type="tar", sources=(Source(image=str(base)),)),))
    rig = bakery(providers={"local": provider})
    rig.run([{**BAKE, "amiSuffix": "1", "baseOs": "plain"}])
    image = home / "local" / "images" / "shop-all-1-plain"
    assert (image / "app.py").read_text() == "print('2.0')\n"
    assert (image / "run").stat().st_mode & 0o111
    # And that image is a base image itself.
    rig = bakery(execution="B")
    rig.run([{**BAKE, "amiSuffix": "2", "package": "", "amiName": "more", "baseAmi": "shop-all-1-plain"}])
    assert (home / "local" / "images" / "more-all-2" / "run").is_file()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"package": "other"}, "there is no other in .*packages; expected a file such as other_1.0.tar.gz"),
        ({"package": "", "amiName": "x"}, "nothing says how the image is run"),
        ({"package": "", "amiName": "x", "baseAmi": "../../etc"}, "there is no image '../../etc'"),
        ({"templateFileName": "none.json"}, "there is no file 'none.json'"),
    ],
)
def test_what_cannot_be_baked_fails_with_the_reason_and_leaves_nothing(bakery, home, changes, reason):
    rig = bakery()
    assert rig.run([{**BAKE, "amiSuffix": "1", **changes}]).status == "TERMINAL"
    stage = rig.stage("Bake in here")
    assert re.search(reason, stage.context["exception"]["details"]["error"])
    assert not (home / "local" / "images").exists() or not list((home / "local" / "images").iterdir())
    assert stage.context["status"]["result"] == "FAILURE"


def test_what_packer_says_is_the_reason_of_a_failure(bakery, templates, shell):
    (templates / "broken.json").write_text(shell("echo before", "exit 3"))
    rig = bakery(templates=str(templates))
    rig.run([{**BAKE, "amiSuffix": "1", "templateFileName": "broken.json"}])
    assert "exit status: 3" in rig.stage("Bake in here").context["exception"]["details"]["error"]
    assert "    null: before" in rig.told


def test_packer_that_is_not_there_is_named(bakery):
    rig = bakery(packer="/nowhere/packer")
    rig.run([{**BAKE, "amiSuffix": "1"}])
    assert "plugins.bakery.packer" in rig.stage("Bake in here").context["exception"]["details"]["error"]


def test_a_build_that_takes_too_long_is_ended(bakery, templates, home, shell):
    (templates / "slow.json").write_text(shell("sleep 300"))
    rig = bakery(templates=str(templates), timeout=2)
    began = time.monotonic()
    rig.run([{**BAKE, "amiSuffix": "1", "templateFileName": "slow.json"}])
    assert time.monotonic() - began < 30
    assert "longer than 2 seconds" in rig.stage("Bake in here").context["exception"]["details"]["error"]
    assert not list((home / "local" / "images").iterdir())


def test_secrets_of_the_configuration_are_not_in_the_log_nor_in_the_error(bakery, templates, shell):
    (templates / "leak.json").write_text(
        shell('echo "key: $LEAK"', 'printf "%s" "$LEAK" | base64', 'echo "$LEAK" >&2; exit 1')
    )
    rig = bakery(templates=str(templates), environment=(Variable(name="LEAK", value="a-very-secret-value"),))
    rig.run([{**BAKE, "amiSuffix": "1", "templateFileName": "leak.json"}])
    everything = " ".join(rig.told) + json.dumps(rig.stage("Bake in here").context)
    assert "a-very-secret" not in everything
    assert base64.b64encode(b"a-very-secret-value").decode()[:12] not in everything
    assert any("key: ***" in line for line in rig.told)


def test_packer_does_evaluate_values_so_those_of_pipelines_must_be_plain(packer, tmp_path, shell):
    """What the refusal of `{{` is for: if this fails, Packer has become harmless and the refusal is for nothing."""
    (tmp_path / "t.json").write_text(shell('echo "got $X"', X="{{user `image_name`}}"))
    (tmp_path / "v.json").write_text(json.dumps({"image_name": "{{env `SECRET_OF_OURS`}}"}))
    argv = [packer, "build", f"-var-file={tmp_path}/v.json", f"{tmp_path}/t.json"]
    assert (
        "got leaked"
        in run(argv, seconds=60, environment={"SECRET_OF_OURS": "leaked", "CHECKPOINT_DISABLE": "1"}).output
    )


def test_packers_sockets_fit_where_temporary_files_are_far_down(bakery, tmp_path, monkeypatch):
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    monkeypatch.setenv("TMPDIR", str(deep))
    monkeypatch.setattr(tempfile, "tempdir", None)
    rig = bakery()
    assert rig.run([{**BAKE, "amiSuffix": "1"}]).status == "SUCCEEDED", rig.told
