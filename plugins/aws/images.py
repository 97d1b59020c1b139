"""Images (AMIs): found by id, name, owner and tags; tagged.

Separate because bakery, pipelines and server groups all name images, each in its own way.
"""

import re
from collections.abc import Collection, Iterable

from gennaker.core.cloud.model import Image
from gennaker.core.cloud.provider import ImageQuery, Operation
from gennaker.core.errors import InvalidRequest
from gennaker.plugins.aws.marks import chunks, millis, own_tags, tag_list, tag_map
from gennaker.plugins.aws.place import Json, Place

_ID = re.compile(r"ami-[0-9a-f]{8,17}")


def find(place: Place, query: ImageQuery) -> list[Image]:
    """Images that can be started, newest first. An id is found whoever owns it, a name among ourselves and the account's `image_owners`."""
    filters = [{"Name": "state", "Values": ["available"]}]
    filters += [{"Name": f"tag:{name}", "Values": [value]} for name, value in query.tags.items()]
    owners = list(query.owners) or ["self", *place.account.image_owners]
    arguments: Json = {"Filters": filters}
    if _ID.fullmatch(query.name):
        filters.append({"Name": "image-id", "Values": [query.name]})
        if query.owners:
            arguments["Owners"] = owners
    else:
        if query.name:
            filters.append({"Name": "name", "Values": [query.name]})
        arguments["Owners"] = owners
    found = [image(place, one) for one in place.pages("ec2", "describe_images", "Images", "images", **arguments)]
    return sorted(found, key=lambda one: (-one.created, one.name))


def known(place: Place, ids: Iterable[str]) -> dict[str, Image]:
    """Images by id, in whatever state; what is gone is missing."""
    found: dict[str, Image] = {}
    for part in chunks(sorted(set(ids)), 200):
        by_id = [{"Name": "image-id", "Values": part}]
        for one in place.pages("ec2", "describe_images", "Images", "images", Filters=by_id):
            found[one["ImageId"]] = image(place, one)
    return found


def resolve(place: Place, name: str, where: str = "amiName") -> Image:
    """The one image of an id or whole name; the newest of several. Raises InvalidRequest."""
    if "*" in name or "?" in name:
        raise InvalidRequest(f"{name!r} is a pattern; expected the id or the whole name of one image", where)
    found = find(place, ImageQuery(name=name))
    if not found:
        owners = ", ".join(["self", *place.account.image_owners])
        hint = "" if _ID.fullmatch(name) else f" of the owners {owners}"
        raise InvalidRequest(
            f"there is no available image {name!r}{hint} in {place.account.name}/{place.region}", where
        )
    return found[0]


def tag(place: Place, names: Collection[str], tags: dict[str, str], operation: Operation) -> list[Image]:
    """Set tags of the images with these names or ids; the images as they are then. Raises InvalidRequest for one that is not there."""
    found = {one.id: one for name in names for one in _all_named(place, name)}
    ours = {name: value for name, value in own_tags(operation).items() if name != "gennaker:key"}
    for part in chunks(sorted(found), 100):
        place.call("ec2", "create_tags", f"images {', '.join(part)}", Resources=part, Tags=tag_list({**ours, **tags}))
    now = known(place, found)
    return [now.get(id_, one) for id_, one in found.items()]


def _all_named(place: Place, name: str) -> list[Image]:
    found = find(place, ImageQuery(name=name))
    if not found:
        raise InvalidRequest(
            f"there is no available image {name!r} in {place.account.name}/{place.region}", "imageNames"
        )
    return found


def image(place: Place, told: Json) -> Image:
    """AWS's description of an image in our words."""
    return Image(
        id=told["ImageId"],
        name=told.get("Name") or told["ImageId"],
        provider="aws",
        account=place.account.name,
        region=place.region,
        created=millis(told.get("CreationDate")),
        tags=tag_map(told.get("Tags")),
        extra={
            "ownerId": told.get("OwnerId"),
            "virtualizationType": told.get("VirtualizationType"),
            "architecture": told.get("Architecture"),
            "rootDeviceName": told.get("RootDeviceName"),
            "state": told.get("State"),
            "description": told.get("Description") or "",
        },
    )
