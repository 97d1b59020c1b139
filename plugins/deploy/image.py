"""The image of a deployment: given, found or baked earlier in the pipeline, or bound as an artifact.

Separate because creating and cloning choose it in the same way.
"""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
_GIVEN = ("imageId", "amiName", "image", "imageName")


def image_fields(context: Json, provider: str, region: str, trigger: Json) -> Json:
    """The image's fields in the words of `createServerGroup`, for one region; empty when there is none."""
    given = next((context[key] for key in _GIVEN if isinstance(context.get(key), str) and context[key]), None)
    if given is not None:
        return _fields(str(context.get("imageId") or given), str(context.get("imageName") or given))
    if (id_ := context.get("imageArtifactId")) or context.get("imageArtifact"):
        return _of_artifact(context, str(id_ or ""), trigger)
    for found in _details(context):
        if found.get("region") in (region, None, "global") and found.get("cloudProvider") in (provider, None):
            id_ = found.get("imageId") or found.get("ami") or found.get("imageName")
            return _fields(str(id_), str(found.get("imageName") or id_)) if id_ else {}
    for artifact in _artifacts(context, trigger):
        here = artifact.get("location") in (region, None, "")
        if here and artifact.get("type") in (f"{provider}/image", "local/image") and artifact.get("reference"):
            return _fields(str(artifact["reference"]), str(artifact.get("name") or artifact["reference"]))
    return {}


def _fields(id_: str, name: str) -> Json:
    return {"imageId": id_, "imageName": name, "amiName": id_}


def _of_artifact(context: Json, id_: str, trigger: Json) -> Json:
    inline = context.get("imageArtifact")
    if isinstance(inline, dict) and inline.get("reference"):
        return _fields(str(inline["reference"]), str(inline.get("name") or inline["reference"]))
    expected = [*_dicts(trigger.get("resolvedExpectedArtifacts")), *_dicts(context.get("resolvedExpectedArtifacts"))]
    for one in expected:
        bound = one.get("boundArtifact")
        if one.get("id") == id_ and isinstance(bound, dict) and bound.get("reference"):
            return _fields(str(bound["reference"]), str(bound.get("name") or bound["reference"]))
    return {}


def _details(context: Json) -> Iterator[Json]:
    yield from _dicts(context.get("deploymentDetails"))
    yield from _dicts(context.get("amiDetails"))


def _artifacts(context: Json, trigger: Json) -> Iterator[Json]:
    yield from _dicts(context.get("artifacts"))
    yield from _dicts(trigger.get("artifacts"))


def _dicts(value: Any) -> Iterator[Json]:
    return (one for one in value if isinstance(one, dict)) if isinstance(value, list) else iter(())
