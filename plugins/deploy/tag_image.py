"""Stage types `upsertImageTags` and `tagImage`: tags on images.

Separate because it is its own stage type, under two names.
"""

from typing import Any

from gennaker.core.cloud.provider import ImageQuery
from gennaker.core.errors import InvalidRequest
from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, task
from gennaker.plugins.deploy.find_image import described
from gennaker.plugins.deploy.place import Place, PlacedStage
from gennaker.plugins.deploy.waiting import poll_s

Json = dict[str, Any]
_CLEARED = ("imagesToTag",)


class Tagging(PlacedStage):
    """Shared fields and tasks."""

    spreads = False
    needs = ("tagImage",)

    names: list[str] = field("imageNames", "images; those found or baked before when empty", default=[])
    tags: dict[str, str] = field("tags", "tags to set; others stay")

    @task(name="upsertImageTags", answer_by=120.0, timeout=600.0, backoff=2.0)
    def tag(self, run: Run) -> Outcome:
        """Set the tags in every region."""
        todo = self._images(run)
        for place, names in todo:
            part = f"{place.account}/{place.region}"
            done = self.cloud.tag_images(place.account, place.region, names, self.tags, self.operation(run, part))
            if lacking := set(names) - {image.name for image in done} - {image.id for image in done}:
                return run.failed(f"there is no image {', '.join(sorted(lacking))} in {part}")
        chosen = [{**place.json, "names": names} for place, names in todo]
        return run.succeeded(context={"imagesToTag": chosen})

    @task(effect="none", timeout=1800.0, overridable=True)
    def wait_for_tagged_image(self, run: Run) -> Outcome:
        """Wait until the cloud shows the tags."""
        found: list[Json] = []
        for one in run.context.get("imagesToTag") or []:
            for name in one["names"]:
                images = self.cloud.images(one["account"], one["region"], ImageQuery(name=name))
                if not images or any(images[0].tags.get(key) != value for key, value in self.tags.items()):
                    return run.running(again_in=poll_s(run))
                found.append(described(images[0], self.cloud.name, one["region"]))
        return run.succeeded(outputs={"targets": found})

    def _images(self, run: Run) -> list[tuple[Place, list[str]]]:
        """Image names by place. Raises InvalidRequest when there is none."""
        details = run.context.get("deploymentDetails")
        found = [one for one in details if isinstance(one, dict)] if isinstance(details, list) else []
        todo = []
        for place in self.places:
            here = [one for one in found if one.get("region") in (place.region, None)]
            names = self.names or [str(one.get("imageName") or one.get("ami")) for one in here]
            if not names:
                raise InvalidRequest(f"no image was named for {place.account}/{place.region}", "imageNames")
            todo.append((place, names))
        return todo


class UpsertImageTags(Tagging, type="upsertImageTags", restart_clears=_CLEARED):
    """Set tags of images, and wait until they are shown."""


class TagImage(Tagging, type="tagImage", restart_clears=_CLEARED):
    """The same as upsertImageTags."""
