"""Real bakes with the real Packer, of images for this machine."""

import json

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
    assert [task.name for task in rig.stage("Bake").tasks] == ["completeParallel"]
