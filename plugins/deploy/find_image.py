"""Stage types `findImage` and `findImageFromTags`: the image that later stages deploy.

Separate because both leave the same behind: `deploymentDetails`, `amiDetails`, `artifacts`.
"""

import re
from typing import Any

from gennaker.core.cloud.health import is_active
from gennaker.core.cloud.model import Image, ServerGroup
from gennaker.core.cloud.provider import ImageQuery
from gennaker.core.errors import InvalidRequest
from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, task
from gennaker.plugins.deploy.place import Place, PlacedStage, account_of
from gennaker.plugins.deploy.target import choose

Json = dict[str, Any]
_STRATEGIES = {"LARGEST": "largest", "NEWEST": "newest", "OLDEST": "oldest", "FAIL": "fail"}


class FindImage(PlacedStage, type="findImage", restart_clears=("amiDetails", "artifacts")):
    """Find the image that a cluster runs, in each region."""

    spreads = False
    needs = ("findImage",)

    only_enabled: bool = field("onlyEnabled", "look at server groups with traffic only", default=True)
    selection: str = field("selectionStrategy", "NEWEST, LARGEST, OLDEST or FAIL (several)", default="NEWEST")
    pattern: str = field("imageNamePattern", "regular expression that the image's whole name must match", default="")
    resolve_missing: bool = field(
        "resolveMissingLocations", "where the cluster is not, an image of the same name is found", default=False
    )

    @task(name="findImage", effect="none", timeout=600.0, backoff=10.0)
    def find(self, run: Run) -> Outcome:
        """Look in each region."""
        cluster = self.cluster_of(run.application)
        if self.selection.upper() not in _STRATEGIES:
            raise InvalidRequest(f"{self.selection!r}; expected one of {', '.join(_STRATEGIES)}", "selectionStrategy")
        found: dict[str, Json] = {}
        without: list[Place] = []
        for place in self.places:
            groups = self._candidates(run, place, cluster)
            if groups:
                where = f"cluster {cluster} in {place.account}/{place.region}"
                word = _STRATEGIES[self.selection.upper()]
                group = choose(groups, word, where=where, validate_oldest=False)
                found[place.region] = self._details(group)
            else:
                without.append(place)
        if without and (not self.resolve_missing or not found):
            places = ", ".join(f"{place.account}/{place.region}" for place in without)
            kind = "enabled server group" if self.only_enabled else "server group"
            fitting = f" with an image like {self.pattern!r}" if self.pattern else ""
            return run.failed(f"cluster {cluster} has no {kind}{fitting} in {places}")
        name = next(iter(found.values()))["imageName"] if found else ""
        for place in without:
            found[place.region] = self._elsewhere(place, name)
        return run.succeeded(context=_context(found), outputs=_outputs(found, self.cloud.name))

    def _candidates(self, run: Run, place: Place, cluster: str) -> list[ServerGroup]:
        try:
            pattern = re.compile(self.pattern or ".*")
        except re.error as error:
            raise InvalidRequest(f"{self.pattern!r} is no regular expression: {error}", "imageNamePattern") from None
        groups = self.in_cluster(place, cluster)
        if self.only_enabled:
            groups = [group for group in groups if is_active(group) and not group.disabled]
        return [group for group in groups if group.image is not None and pattern.fullmatch(group.image.name)]

    def _details(self, group: ServerGroup) -> Json:
        if group.image is None:
            raise InvalidRequest(f"the image of {group.where} is not known")
        return {**described(group.image, self.cloud.name, group.region), "sourceServerGroup": group.name}

    def _elsewhere(self, place: Place, name: str) -> Json:
        images = self.cloud.images(place.account, place.region, ImageQuery(name=name))
        if not images:
            raise InvalidRequest(f"there is no image {name!r} in {place.account}/{place.region}")
        return described(images[0], self.cloud.name, place.region)


class FindImageFromTags(PlacedStage, type="findImageFromTags", restart_clears=("amiDetails", "artifacts")):
    """Find the newest image with certain tags, in each region."""

    spreads = False
    needs = ("findImage",)

    package: str = field("packageName", "the image's name, or how it begins; `*` stands for anything", default="")
    tags: dict[str, str] = field("tags", "tags that the image has", default={})

    @task(name="findImage", effect="none", timeout=600.0, backoff=10.0)
    def find(self, run: Run) -> Outcome:
        """Look in each region."""
        if not self.package and not self.tags:
            raise InvalidRequest("neither a name nor a tag was given; expected one of them", "packageName")
        name = self.package if "*" in self.package or not self.package else f"{self.package}*"
        query = ImageQuery(name=name, tags=self.tags)
        found: dict[str, Json] = {}
        for place in self._where():
            images = self.cloud.images(place.account, place.region, query)
            if not images:
                tags = ", ".join(f"{key}={value}" for key, value in self.tags.items()) or "none"
                return run.failed(f"no image {name or '*'} with tags {tags} in {place.account}/{place.region}")
            found[place.region] = described(images[0], self.cloud.name, place.region)
        return run.succeeded(context=_context(found), outputs=_outputs(found, self.cloud.name))

    def _where(self) -> list[Place]:
        """Pipelines may name no account here: the first of the cloud that has the region looks."""
        if self.credentials or self.account:
            return self.places
        regions = self.regions or [self.region]
        accounts = list(self.cloud.accounts())
        found = []
        for region in regions:
            mine = next((one for one in accounts if region in one.regions), accounts[0] if accounts else None)
            found.append(Place(account=account_of(self.cloud, mine.name if mine else "").name, region=region))
        return found


def described(image: Image, provider: str, region: str) -> Json:
    """An image in `deploymentDetails`."""
    return {
        **image.extra,
        "ami": image.id,
        "imageId": image.id,
        "imageName": image.name,
        "cloudProvider": provider,
        "region": region,
        "tags": image.tags,
    }


def _artifacts(found: dict[str, Json], provider: str) -> list[Json]:
    return [
        {
            "type": f"{provider}/image",
            "name": details["imageName"],
            "location": region,
            "reference": details["imageId"],
            "metadata": {},
            "uuid": f"{details['imageId']}-{region}",
        }
        for region, details in found.items()
    ]


def _context(found: dict[str, Json]) -> Json:
    return {"amiDetails": list(found.values())}


def _outputs(found: dict[str, Json], provider: str) -> Json:
    return {"deploymentDetails": list(found.values()), "artifacts": _artifacts(found, provider)}
