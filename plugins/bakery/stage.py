"""Stage type `bake`: an image in each region. What is done in one region is in `region`.

Separate because this is what people write; it only spreads the work and puts the results together.
"""

import time
from typing import Any, ClassVar

from gennaker.core.artifacts.produced import EXPECTED, bound
from gennaker.core.errors import GennakerError, InvalidRequest
from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, Stage, task

Json = dict[str, Any]
#: What a bake in one region is given of the stage.
_PASSED_ON = (
    *(
        "cloudProviderType",
        "cloudProvider",
        "package",
        "packageArtifacts",
        "packageArtifactIds",
        "baseOs",
        "baseLabel",
        "baseAmi",
    ),
    *(
        "baseName",
        "vmType",
        "storeType",
        "enhancedNetworking",
        "amiName",
        "amiSuffix",
        "templateFileName",
        "varFileName",
        "rebake",
    ),
    *(
        "extendedAttributes",
        "user",
        "upgrade",
        "account",
        "accountName",
        "instanceType",
        "job",
        "buildNumber",
        "commitHash",
    ),
    *(
        "buildInfoUrl",
        "buildHost",
        "allowMissingPackageInstallation",
        "skipPackageDetection",
        "buildInfo",
        "stageTimeoutMs",
        "refId",
    ),
)
#: Stage types after a bake whose regions want its image too.
_DEPLOYING = frozenset({"deploy", "canary", "createServerGroup", "cloneServerGroup"})
_MOST_REGIONS = 50


class Bake(Stage, type="bake", restart_clears=("deploymentDetails",)):
    """Bake an image with Packer in each region, or take the one that was baked of the same before.

    Regions are those of `region`, `regions` and of the deploys that follow, unless `skipRegionDetection` is set.
    """

    examples: ClassVar[tuple[Json, ...]] = (
        {"cloudProviderType": "aws", "regions": ["us-east-1"], "package": "shop", "baseOs": "jammy", "vmType": "hvm"},
        {"cloudProviderType": "local", "region": "here", "package": "shop"},
    )

    cloud: str = field(
        "cloudProviderType", "whose image it is: aws, gce, openstack, azure, qemu or local", default="aws"
    )
    region: str = field("region", "where to bake", default="")
    regions: list[str] = field("regions", "where to bake, in several regions at once", default=[])
    skip_detection: bool = field("skipRegionDetection", "leave the regions of later deploys out", default=False)
    package: str = field("package", "packages to install, separated by blanks", default="")
    package_artifacts: list[Json] = field("packageArtifacts", "artifacts to install", default=[])
    package_artifact_ids: list[str] = field("packageArtifactIds", "expected artifacts to install, by id", default=[])
    base_os: str = field("baseOs", "id of a configured base image", default="")
    base_label: str = field("baseLabel", "which of the base image's releases, such as release or candidate", default="")
    base_ami: str = field("baseAmi", "an image to bake on, in place of the configured one", default="")
    vm_type: str = field("vmType", "virtualization, such as hvm", default="")
    store_type: str = field("storeType", "how the image is kept: ebs, s3, docker", default="")
    enhanced_networking: bool = field("enhancedNetworking", "switch enhanced networking on (aws)", default=False)
    ami_name: str = field("amiName", "begin of the image's name, in place of the package's", default="")
    ami_suffix: str = field("amiSuffix", "end of the image's name, in place of the time", default="")
    rebake: bool = field("rebake", "bake even if there is such an image", default=False)
    upgrade: bool = field("upgrade", "upgrade the base image's packages first", default=False)
    template: str = field("templateFileName", "file of Packer's template", default="")
    var_file: str = field("varFileName", "file of variables for the template", default="")
    attributes: dict[str, Any] = field("extendedAttributes", "variables for the template", default={})
    account: str = field("account", "account in which images are looked for", default="")
    expected: list[Any] = field("expectedArtifacts", EXPECTED, default=[])

    def before(self, run: Run) -> list[Json]:
        """A bake for each region. Raises InvalidRequest when there is none."""
        regions = self._regions(run)
        if not regions:
            raise InvalidRequest("no region was given; expected one in region or regions", "regions")
        if len(regions) > _MOST_REGIONS:
            raise InvalidRequest(f"{len(regions)} regions were given, expected at most {_MOST_REGIONS}", "regions")
        suffix = self.ami_suffix or time.strftime("%Y%m%d%H%M%S", time.gmtime(run.now / 1000))
        kept = {key: run.context[key] for key in _PASSED_ON if key in run.context}
        kept |= {"amiSuffix": suffix, "cloudProviderType": self.cloud}
        if run.trigger.get("rebake") in (True, "true"):
            kept["rebake"] = True
        return [
            {
                **kept,
                "type": "bakeInRegion",
                "name": f"Bake in {region}",
                "region": region,
                "refId": str(number),
                "requisiteStageRefIds": [],
            }
            for number, region in enumerate(regions)
        ]

    @task(effect="none")
    def complete_parallel(self, run: Run) -> Outcome:
        """Put together what the regions have."""
        details = [one for part in run.parts for one in part.get("deploymentDetails", ())]
        artifacts = [one for part in run.parts for one in part.get("artifacts", ())]
        told = [{**one, "refId": run.work.ref_id} for one in details]
        return run.succeeded({"deploymentDetails": told}, {"deploymentDetails": told, "artifacts": artifacts})

    @task(effect="none")
    def bind_produced_artifacts(self, run: Run) -> Outcome:
        """Find each artifact that is expected among the images."""
        return bound(run, self.expected)

    def _regions(self, run: Run) -> list[str]:
        found = [*self.regions, *([self.region] if self.region else [])]
        if not self.skip_detection and "global" not in found and self.cloud != "local":
            found += self._later(run)
        return list(dict.fromkeys(region.strip() for region in found if region.strip()))

    def _later(self, run: Run) -> list[str]:
        """The regions of the deploys that follow; none where this process cannot read executions."""
        if run.services.executions is None:
            return []
        try:
            execution = run.services.executions.get(run.execution)
        except GennakerError:
            return []
        clusters: list[Json] = []
        later = execution.downstream
        reached, waiting = set[str](), list(later.get(run.stage, ()))
        while waiting:
            id_ = waiting.pop()
            if id_ in reached or id_ not in execution.stages:
                continue
            reached.add(id_)
            waiting += later.get(id_, ())
            stage = execution.stages[id_]
            if stage.type in _DEPLOYING:
                given = stage.context.get("clusters")
                clusters += [
                    one for one in (given if isinstance(given, list) else [stage.context]) if isinstance(one, dict)
                ]
        return [region for cluster in clusters if _provider(cluster) == self.cloud for region in _regions_of(cluster)]


def _provider(cluster: Json) -> str:
    return str(cluster.get("cloudProvider") or cluster.get("provider") or "aws")


def _regions_of(cluster: Json) -> list[str]:
    zones = cluster.get("availabilityZones")
    found = list(zones) if isinstance(zones, dict) else []
    regions = cluster.get("regions")
    found += regions if isinstance(regions, list) else []
    found += [cluster["region"]] if cluster.get("region") else []
    return [one for one in found if isinstance(one, str) and "${" not in one]
