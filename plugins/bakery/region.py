"""Stage type `bakeInRegion`: one image in one region, from its key to its id.

Separate because it is what workers do, and what a client's request runs by itself. A build lives in one long call, which tells of itself:
whoever dies with it is noticed by the silence, and the same is baked again by another worker, unless the image is there by then.
"""

from pathlib import Path
from typing import Any

from gennaker.core.artifacts.visible import artifact_for
from gennaker.core.errors import GennakerError, Unavailable
from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, Stage, task
from gennaker.plugins.bakery.build import Order, build
from gennaker.plugins.bakery.existing import baked_before
from gennaker.plugins.bakery.kitchen import kitchen
from gennaker.plugins.bakery.log import Log
from gennaker.plugins.bakery.request import Plan, plan, read
from gennaker.plugins.bakery.settings import Settings

Json = dict[str, Any]
#: Seconds between two looks for a free place.
_AGAIN_S = 5.0
_CLEARED = ("status", "bakeKey", "bakedImage", "previouslyBaked", "ami", "amiName", "imageId", "imageName")


class BakeInRegion(Stage, type="bakeInRegion", restart_clears=_CLEARED):
    """Bake an image in one region: a part of `bake`, which has its fields."""

    region: str = field("region", "where to bake")
    rebake: bool = field("rebake", "bake even if there is such an image", default=False)

    @task(timeout=24 * 3600, overridable=True)
    def create_bake(self, run: Run) -> Outcome:
        """Find out what is to be baked, and have it alone: two bakes of the same image follow one another, and the second finds it made."""
        wanted = _planned(run)
        told = {
            "bakeKey": wanted.key,
            "bakePackageName": wanted.asked or wanted.request.ami_name,
            "imageName": wanted.image_name,
            "status": self._status(run, "PENDING", ""),
        }
        return run.lock(f"bake {wanted.request.provider} {wanted.digest}", told)

    @task(timeout=3600, overridable=True, effect="tagged", retries=5)
    def monitor_bake(self, run: Run) -> Outcome:
        """Build, unless there is such an image; what Packer says goes to the log as it comes."""
        wanted, settings = _planned(run), _settings(run)
        images = settings.images_at(_home(run))
        # Of two copies of a call the one that is not marked may come second, so both look.
        found = baked_before(wanted, run.services.clouds, images, run.key)
        earlier = found is None and not self.rebake
        if earlier:
            found = baked_before(wanted, run.services.clouds, images)
        if found is not None:
            if earlier:
                run.progress([f"{found} was baked of the same before: {wanted.key}"])
            return self._done(run, found, earlier=earlier)
        with kitchen.place(wanted.digest, settings.parallel) as given:
            if not given:
                return run.running(again_in=_AGAIN_S)
            return self._build(run, wanted, settings)

    @task(effect="none")
    def completed_bake(self, run: Run) -> Outcome:
        """Tell of the image in Spinnaker's names."""
        wanted = _planned(run)
        image, request = str(run.context["bakedImage"]), wanted.request
        artifact = {
            "type": f"{request.provider}/image",
            "name": wanted.image_name,
            "location": request.region,
            "reference": image,
            "uuid": f"{run.execution}.{run.stage}",
            "metadata": {"build_info_url": request.build.url, "build_number": request.build.number},
        }
        details = {
            "ami": image,
            "amiName": wanted.image_name,
            "imageId": image,
            "imageName": wanted.image_name,
            "baseAmiId": wanted.chosen.image,
        }
        one = {
            **details,
            "amiSuffix": request.ami_suffix,
            "baseLabel": request.base_label,
            "baseOs": request.base_os,
            "storeType": request.store_type,
            "vmType": wanted.chosen.vm_type,
            "region": request.region,
            "package": wanted.asked,
            "cloudProviderType": request.provider,
            "cloudProvider": request.provider,
        }
        return run.succeeded(
            {**details, "artifacts": [artifact]}, {"deploymentDetails": [one], "artifacts": [artifact]}
        )

    def _build(self, run: Run, wanted: Plan, settings: Settings) -> Outcome:
        order = Order(settings, _home(run), run.services.artifacts, run.key, run.services.clock())
        with Log(run.progress, settings.secrets) as log:
            log.add(f"Baking {wanted.image_name} in {wanted.request.region} with {wanted.chosen.template}")
            if run.again:
                log.add("This bake was begun before, and its worker was not heard of any more: it begins anew")
            try:
                image = build(wanted, order, log, run.stop)
            except GennakerError as error:
                if isinstance(error, Unavailable):
                    raise
                message = log.clean(str(error))
                log.add(f"The bake failed: {message}")
                return run.failed(message, context={"status": self._status(run, "COMPLETED", "FAILURE")})
            log.add(f"Baked {image}" if image else "The bake was ended early")
        if image is None:
            # Nobody wants it any more, and this says nothing; or this process ends, and another worker begins anew.
            return run.running(again_in=1, context={"status": self._status(run, "CANCELED", "")})
        return self._done(run, image, earlier=False)

    def _done(self, run: Run, image: str, *, earlier: bool) -> Outcome:
        told = {"bakedImage": image, "previouslyBaked": earlier, "status": self._status(run, "COMPLETED", "SUCCESS")}
        return run.succeeded(told)

    def _status(self, run: Run, state: str, result: str) -> Json:
        id_ = f"{run.execution}.{run.stage}"
        return {
            "id": id_,
            "state": state,
            "result": result or None,
            "resourceId": id_,
            "createdTimestamp": run.work.stage_start,
            "updatedTimestamp": run.now,
        }


def _planned(run: Run) -> Plan:
    """What the stage's context comes to: the same whichever worker asks. Raises InvalidRequest."""
    ids = run.context.get("packageArtifactIds") or []
    chosen = [artifact_for(str(id_), None, run.expected_artifacts, where="packageArtifactIds") for id_ in ids]
    given = run.context.get("packageArtifacts") or []
    context = {**run.context, "packageArtifacts": [*given, *chosen]} if chosen else run.context
    seen = [one for one in run.artifacts if one not in given]
    return plan(read(context, run.trigger, seen), _settings(run))


def _settings(run: Run) -> Settings:
    settings: Settings = run.services.settings
    return settings


def _home(run: Run) -> Path:
    if run.services.home is None:
        raise Unavailable("this process has no home folder, so builds have no place")
    return run.services.home
