"""`deploy`, clones, images, load balancers, firewalls."""

from typing import Any

import pytest
from clusters import Ground

Json = dict[str, Any]
ONE: Json = {"min": 1, "max": 1, "desired": 1}
PLACE: Json = {"credentials": "prod", "regions": ["here", "there"]}


def cluster(**more: Any) -> Json:
    return {"account": "prod", "cloudProvider": "memory", "stack": "web", "capacity": ONE, **more}


class TestDeploy:
    def test_clusters_and_regions_side_by_side(self, ground: Ground) -> None:
        clusters = [
            cluster(imageId="v1", availabilityZones={"here": ["a"], "there": ["b"]}),
            cluster(imageId="v2", stack="api", region="here"),
        ]
        assert ground.run({"type": "deploy", "clusters": clusters}) == "SUCCEEDED", ground.error()
        assert ground.present() == {"shop-api-v000": "on 1", "shop-web-v000": "on 1"}
        assert ground.present("there") == {"shop-web-v000": "on 1"}
        assert ground.names().count("Deploy in here") == 2
        made = ground.cloud.groups["prod", "there", "shop-web-v000"].wanted
        assert made["availabilityZones"] == {"there": ["b"]}
        begun = {stage.start_time for stage in ground.rig.execution.stages.values() if stage.name.startswith("Deploy")}
        assert len(begun) == 1

    @pytest.mark.parametrize(
        ("clusters", "reason"),
        [([], "no cluster was given"), ([cluster()], "clusters[0]: no region was given")],
    )
    def test_what_is_missing_is_said(self, ground: Ground, clusters: list[Json], reason: str) -> None:
        assert ground.run({"type": "deploy", "clusters": clusters}) == "TERMINAL"
        assert reason in ground.error()

    def test_in_a_strategy_it_deploys_what_its_parent_was_to(self, ground: Ground) -> None:
        above = {"id": "S1", "context": cluster(imageId="v1", region="there", strategy="custom", strategyPipeline="x")}
        parameters = {"strategy": True, "parentStageId": "S1", "region": "here", "credentials": "prod"}
        parameters |= {"cloudProvider": "memory", "imageId": "v2"}
        ground.rig.start({"application": "shop", "stages": [{"type": "deploy", "name": "deploy", "refId": "1"}]})
        from gennaker.core.model.work import Work
        from gennaker.core.run import Run
        from gennaker.core.services import Services
        from gennaker.plugins.deploy.deploy import Deploy

        trigger = {"parameters": parameters, "parentExecution": {"stages": [above]}}
        work = Work(
            execution="E",
            stage="S",
            kind="plan",
            name="before",
            round=1,
            attempt=1,
            key="k",
            at=0,
            answer_by=1,
            not_after=1,
            shard=0,
            type="deploy",
            trigger=trigger,
        )
        (planned,) = Deploy({"trafficOptions": "disable"}).before(Run(work, Services()))
        assert planned["suspendedProcesses"] == ["AddToLoadBalancer"]
        assert planned["type"] == "createServerGroup"
        assert (planned["region"], planned["imageId"], planned["strategy"]) == ("here", "v2", "")
        assert "strategyPipeline" not in planned

    def test_what_was_deployed_can_be_asked_for(self, ground: Ground) -> None:
        asked = {
            "type": "evaluateVariables",
            "variables": [{"key": "made", "value": "${#deployedServerGroups()[0].serverGroup}"}],
        }
        stage = {"type": "deploy", "clusters": [cluster(imageId="v1", region="here")]}
        assert ground.run(stage, asked) == "SUCCEEDED", ground.error()
        assert ground.rig.stage("evaluateVariables").outputs["made"] == "shop-web-v000"


def test_a_server_group_can_be_made_without_traffic(ground: Ground) -> None:
    stage = {"type": "createServerGroup", **cluster(imageId="v1", region="here")}
    assert ground.run({**stage, "suspendedProcesses": ["AddToLoadBalancer"]}) == "SUCCEEDED", ground.error()
    assert ground.present() == {"shop-web-v000": "off 1"}


class TestClone:
    def test_it_is_like_the_other_one_with_another_image(self, ground: Ground) -> None:
        ground.cloud.add_group("shop-web-v000", 2, image="v1")
        stage = {"type": "cloneServerGroup", "credentials": "prod", "region": "here", "cluster": "shop-web"}
        stage |= {"useSourceCapacity": True, "imageId": "v2", "strategy": "redblack"}
        assert ground.run(stage) == "SUCCEEDED", ground.error()
        assert ground.present() == {"shop-web-v000": "off 2", "shop-web-v001": "on 2"}
        wanted = ground.cloud.groups["prod", "here", "shop-web-v001"].wanted
        assert wanted["loadBalancers"] == ["front"]
        assert wanted["source"]["asgName"] == "shop-web-v000"
        assert wanted["imageId"] == "v2"

    def test_a_source_that_is_not_there_is_said(self, ground: Ground) -> None:
        stage = {"type": "cloneServerGroup", "credentials": "prod", "region": "here", "cluster": "shop-web"}
        assert ground.run({**stage, "capacity": ONE}) == "TERMINAL"
        assert "there is no server group in cluster shop-web" in ground.error()


class TestImages:
    def test_what_a_cluster_runs_is_deployed_elsewhere(self, ground: Ground) -> None:
        ground.cloud.add_group("shop-web-v000", 1, image="v1")
        ground.cloud.add_group("shop-web-v001", 1, image="bad", disabled=True)
        found = {"type": "findImage", "credentials": "prod", "regions": ["here"], "cluster": "shop-web"}
        made = {"type": "createServerGroup", **cluster(stack="api", region="here")}
        assert ground.run(found, made) == "SUCCEEDED", ground.error()
        outputs = ground.rig.stage("findImage").outputs
        assert outputs["deploymentDetails"][0]["sourceServerGroup"] == "shop-web-v000"
        assert outputs["artifacts"][0]["type"] == "memory/image"
        group = ground.group("shop-api-v000")
        assert group is not None
        assert group.image is not None
        assert group.image.name == "v1"

    @pytest.mark.parametrize(
        ("options", "reason"),
        [
            ({}, "has no enabled server group in prod/there"),
            ({"imageNamePattern": "w.*"}, "with an image like 'w.*' in prod/here, prod/there"),
            ({"imageNamePattern": "("}, "no regular expression"),
            ({"selectionStrategy": "BEST"}, "expected one of LARGEST"),
        ],
    )
    def test_what_is_not_found_is_said(self, ground: Ground, options: Json, reason: str) -> None:
        ground.cloud.add_group("shop-web-v000", 1, image="v1")
        assert ground.run({"type": "findImage", **PLACE, "cluster": "shop-web", **options}) == "TERMINAL"
        assert reason in ground.error()

    def test_an_image_of_the_same_name_is_found_where_the_cluster_is_not(self, ground: Ground) -> None:
        ground.cloud.add_group("shop-web-v000", 1, image="v1")
        stage = {"type": "findImage", **PLACE, "cluster": "shop-web", "resolveMissingLocations": True}
        assert ground.run(stage) == "SUCCEEDED", ground.error()
        regions = {one["region"]: one["imageId"] for one in ground.rig.stage("findImage").outputs["deploymentDetails"]}
        assert regions["there"] == "img-v1-there"

    def test_by_tags_and_tagged(self, ground: Ground) -> None:
        ground.cloud.add_image("v3", stage="good")
        found = {"type": "findImageFromTags", **PLACE, "packageName": "v3", "tags": {"stage": "good"}}
        found["packageName"] = "*"
        tagged = {"type": "upsertImageTags", **PLACE, "tags": {"live": "yes"}}
        assert ground.run(found, tagged) == "SUCCEEDED", ground.error()
        assert all(image.tags.get("live") == "yes" for image in ground.cloud.image_list if image.name == "v3")
        assert ground.run({**found, "tags": {"stage": "best"}}) == "TERMINAL"
        assert "no image * with tags stage=best in prod/here" in ground.error()

    def test_without_an_image_nothing_is_made(self, ground: Ground) -> None:
        assert ground.run({"type": "createServerGroup", **cluster(region="here")}) == "TERMINAL"
        assert "there is no image for here" in ground.error()
        assert not ground.cloud.asked


class TestBalancersAndFirewalls:
    def test_load_balancers_come_and_go(self, ground: Ground) -> None:
        assert ground.run({"type": "upsertLoadBalancer", **PLACE, "loadBalancerName": "edge"}) == "SUCCEEDED", (
            ground.error()
        )
        assert sorted(ground.cloud.balancers) == [("prod", "here", "edge"), ("prod", "there", "edge")]
        several = [{"name": "in", "region": "here"}, {"name": "out", "region": "there"}]
        stage = {"type": "upsertLoadBalancers", "credentials": "prod", "loadBalancers": several}
        assert ground.run(stage) == "SUCCEEDED", ground.error()
        assert ("prod", "there", "out") in ground.cloud.balancers
        gone = {"type": "deleteLoadBalancer", **PLACE, "loadBalancerName": "edge"}
        assert ground.run(gone) == "SUCCEEDED", ground.error()
        assert ("prod", "here", "edge") not in ground.cloud.balancers

    def test_firewalls_come_and_go(self, ground: Ground) -> None:
        assert ground.run({"type": "upsertSecurityGroup", **PLACE, "securityGroupName": "web"}) == "SUCCEEDED", (
            ground.error()
        )
        assert ("prod", "there", "web") in ground.cloud.walls
        assert ground.run({"type": "deleteSecurityGroup", **PLACE, "securityGroupName": "web"}) == "SUCCEEDED"
        assert not ground.cloud.walls

    @pytest.mark.parametrize("type_", ["upsertLoadBalancer", "deleteLoadBalancer", "upsertSecurityGroup"])
    def test_a_name_is_needed(self, ground: Ground, type_: str) -> None:
        assert ground.run({"type": type_, **PLACE}) == "TERMINAL"
        assert "was named" in ground.error()


def test_a_cloud_that_cannot_do_it_refuses() -> None:
    ground = Ground(capabilities={"create"})
    assert ground.run({"type": "upsertSecurityGroup", **PLACE, "securityGroupName": "web"}) == "TERMINAL"
    assert "memory cannot firewall, which upsertSecurityGroup needs" in ground.error()


def test_as_an_ad_hoc_task(ground: Ground) -> None:
    ground.cloud.add_group("shop-web-v000", 1)
    stage = {"type": "resizeServerGroup", "credentials": "prod", "region": "here", "serverGroupName": "shop-web-v000"}
    assert ground.run({**stage, "capacity": {"min": "2", "max": "2", "desired": "2"}}) == "SUCCEEDED", ground.error()
    assert ground.present() == {"shop-web-v000": "on 2"}


class TestScalingPolicies:
    def test_a_policy_is_made_once_and_removed(self, ground: Ground) -> None:
        deployed = {"type": "createServerGroup", **cluster(imageId="v1", region="here")}
        where = {"credentials": "prod", "cloudProvider": "memory", "region": "here", "serverGroupName": "shop-web-v000"}
        policy = {"type": "upsertScalingPolicy", **where, "policyName": "busy", "simple": {"scalingAdjustment": 1}}
        assert ground.run(deployed, policy) == "SUCCEEDED", ground.error()
        kept = ground.cloud.groups["prod", "here", "shop-web-v000"].policies
        assert kept["busy"]["simple"] == {"scalingAdjustment": 1}
        assert ground.rig.stage("upsertScalingPolicy").context["policyName"] == "busy"
        gone = {"type": "deleteScalingPolicy", **where, "policyName": "busy"}
        assert ground.run(gone) == "SUCCEEDED", ground.error()
        assert kept == {}

    def test_a_policy_without_a_name_is_not_removed(self, ground: Ground) -> None:
        deployed = {"type": "createServerGroup", **cluster(imageId="v1", region="here")}
        gone = {"type": "deleteScalingPolicy", "credentials": "prod", "cloudProvider": "memory", "region": "here"}
        assert ground.run(deployed, {**gone, "serverGroupName": "shop-web-v000"}) == "TERMINAL"
        assert "no policy was named" in ground.error()
