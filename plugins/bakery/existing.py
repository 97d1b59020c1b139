"""Images that were baked before: each carries what it was baked from, and for which call, in its tags.

Separate because this is the bakery's only memory: an image that was removed is baked again, and no list of ours can be wrong about it.
"""

from collections.abc import Mapping
from pathlib import Path

from gennaker.core.cloud.provider import KEY_TAG, Cloud, ImageQuery
from gennaker.plugins.bakery import machine
from gennaker.plugins.bakery.request import Plan


def baked_before(plan: Plan, clouds: Mapping[str, Cloud], images: Path, effect_key: str = "") -> str | None:
    """The id of the image that this bake would make: with `effect_key` only one that this very call has made.

    None when there is none, or when nobody in this process can look, as for a cloud without a plugin. Raises CloudError.
    """
    tag, value = (KEY_TAG, effect_key) if effect_key else (machine.BAKE_TAG, plan.digest)
    request = plan.request
    if request.provider == "local":
        return machine.find(images, tag, value)
    cloud = clouds.get(request.provider)
    if cloud is None or "findImage" not in cloud.capabilities:
        return None
    named = [one.name for one in cloud.accounts() if request.account in ("", one.name)]
    account = next(
        (
            one.name
            for one in cloud.accounts()
            if one.name in named and request.region in (one.regions or (request.region,))
        ),
        None,
    )
    if account is None:
        return None
    found = cloud.images(account, request.region, ImageQuery(tags={tag: value}))
    return found[0].id if found else None
