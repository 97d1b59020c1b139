"""Images that server groups can be made from, as they were seen last."""

from fastapi import Response

from gennaker.core.cloud.inventory import Place
from gennaker.core.cloud.view import images_json
from gennaker.plugins.gate.access import Here, answer, needs, routes
from gennaker.plugins.gate.query import Limit

router = routes()


@router.get("/images/find", tags=["images"], **needs("read"))
def find_images(
    here: Here, provider: str = "", q: str = "", region: str = "", account: str = "", count: Limit = 1000
) -> Response:
    """Images whose name has `q` in it (`*` stands for anything) or whose id it is; newest first."""
    place = Place(provider=provider, region=region, account=account)
    return answer(images_json(here.inventory.images(place, q))[:count])


@router.get("/images/{account}/{region}/{image}", tags=["images"], **needs("read"))
def get_image(here: Here, account: str, region: str, image: str, provider: str = "") -> Response:
    """The images with this id or name there: one, or none."""
    place = Place(provider=provider, account=account, region=region, name=image)
    return answer(images_json(here.inventory.images(place)))
