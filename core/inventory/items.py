"""Between what clouds answer and what is kept: one item for each thing, its application and cluster read from its name.

Separate because the side that looks makes items, the side that keeps reads them back, and neither needs the other.
"""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Raw

from gennaker.core.cloud.model import Firewall, Image, LoadBalancer, ServerGroup
from gennaker.core.cloud.view import moniker_of
from gennaker.core.inventory.facts import Item, Kind

Thing = ServerGroup | LoadBalancer | Firewall | Image
#: A part of a look holds at most so many items, and ends when it has so many bytes.
_ITEMS, _BYTES = 200, 256 * 1024

TYPES: dict[Kind, type[Thing]] = {
    "serverGroups": ServerGroup,
    "loadBalancers": LoadBalancer,
    "securityGroups": Firewall,
    "images": Image,
}
_ENCODER = msgspec.json.Encoder()


def item_of(thing: Thing) -> Item:
    """A thing as it travels and is kept."""
    body = Raw(_ENCODER.encode(thing))
    if isinstance(thing, Image):
        return Item(id=thing.id, name=thing.name, body=body)
    moniker = moniker_of(thing)
    application = moniker.app.lower()
    if isinstance(thing, ServerGroup):
        return Item(
            id=thing.name,
            name=thing.name,
            body=body,
            application=application,
            cluster=moniker.cluster,
            instances=tuple(instance.id for instance in thing.instances),
        )
    id_ = thing.id if isinstance(thing, Firewall) else thing.name
    return Item(id=id_, name=thing.name, body=body, application=application)


def in_parts(items: Iterable[Item]) -> list[tuple[Item, ...]]:
    """Items in parts that a bus carries easily; at least one part, which may be empty."""
    return list(_parts(items)) or [()]


def _parts(items: Iterable[Item]) -> Iterator[tuple[Item, ...]]:
    part: list[Item] = []
    size = 0
    for item in items:
        if part and (len(part) >= _ITEMS or size + len(item.body) > _BYTES):
            yield tuple(part)
            part, size = [], 0
        part.append(item)
        size += len(item.body)
    if part:
        yield tuple(part)
