"""What a `createServerGroup` or `upsertLoadBalancer` asks for, checked and put into the words of our files.

Separate because it asks nobody: what is wrong is told when a pipeline is saved, and again when it runs.
"""

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from gennaker.core.cloud.names import cluster_name
from gennaker.core.errors import InvalidRequest
from gennaker.plugins.local.records import WantedBalancer

Json = dict[str, Any]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,100}")
#: More processes than this is a slip of the pen.
_MOST = 500
IMAGE_FIELDS = ("imageId", "image", "imageName", "amiName")


class Wish(Struct, frozen=True, kw_only=True):
    """A server group that somebody wants."""

    account: str
    region: str
    cluster: str
    image: str
    min: int
    max: int
    desired: int
    balancers: tuple[str, ...] = ()
    environment: dict[str, str] = {}
    tags: dict[str, str] = {}


def wish(wanted: Json) -> Wish:
    """Read the fields of a `createServerGroup`. Raises InvalidRequest with the place."""
    capacity = _capacity(wanted.get("capacity"))
    balancers = wanted.get("loadBalancers") or []
    if not isinstance(balancers, list) or not all(isinstance(one, str) and _NAME.fullmatch(one) for one in balancers):
        raise InvalidRequest(f"{balancers!r} was given; expected a list of names", "loadBalancers")
    return Wish(
        account=_text(wanted, "account", "credentials"),
        region=_region(wanted),
        cluster=cluster_name(
            _text(wanted, "application"), wanted.get("stack") or "", wanted.get("freeFormDetails") or ""
        ),
        image=_text(wanted, *IMAGE_FIELDS),
        min=capacity[0],
        max=capacity[1],
        desired=capacity[2],
        balancers=tuple(dict.fromkeys(balancers)),
        environment=_environment(wanted.get("environment")),
        tags=_texts(wanted.get("tags"), "tags"),
    )


def problems(wanted: Json) -> list[str]:
    """What is wrong, each with its place; a field that an expression or another stage gives is not looked at."""
    found = []
    for check in (
        lambda: _capacity(wanted.get("capacity")) if "capacity" in wanted else None,
        lambda: _environment(wanted.get("environment")),
        lambda: _texts(wanted.get("tags"), "tags"),
        lambda: cluster_name(
            wanted.get("application") or "app", wanted.get("stack") or "", wanted.get("freeFormDetails") or ""
        ),
    ):
        try:
            check()
        except InvalidRequest as error:
            if "${" not in str(error):
                found.append(str(error))
    return found


def balancer(wanted: Json) -> WantedBalancer:
    """Read the fields of an `upsertLoadBalancer`. Raises InvalidRequest with the place."""
    name = _text(wanted, "name", "loadBalancerName")
    if not _NAME.fullmatch(name):
        raise InvalidRequest(f"{name!r} was given; expected letters, digits and . _ - (at most 63)", "name")
    port = wanted.get("port")
    if not isinstance(port, int) or isinstance(port, bool) or not 1 <= port <= 65535:
        raise InvalidRequest(f"{port!r} was given; expected the port that it listens on, 1 to 65535", "port")
    protocol = str(wanted.get("protocol") or "http").lower()
    if protocol not in ("http", "tcp"):
        raise InvalidRequest(f"{wanted['protocol']!r} was given; expected http or tcp", "protocol")
    return WantedBalancer(name=name, port=port, protocol="tcp" if protocol == "tcp" else "http")


def check_capacity(least: int, most: int, desired: int) -> None:
    """Raises InvalidRequest for a capacity that cannot be."""
    if not 0 <= least <= desired <= most <= _MOST:
        raise InvalidRequest(
            f"min {least}, desired {desired}, max {most} was given; expected 0 <= min <= desired <= max <= {_MOST}",
            "capacity",
        )


def _capacity(given: Any) -> tuple[int, int, int]:
    if not isinstance(given, Mapping):
        raise InvalidRequest(f"{given!r} was given; expected {{min, max, desired}}", "capacity")
    numbers = []
    for name in ("min", "max", "desired"):
        value = given.get(name)
        if isinstance(value, str) and value.isdigit():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise InvalidRequest(f"{value!r} was given; expected a number", f"capacity.{name}")
        numbers.append(value)
    check_capacity(*numbers)
    return numbers[0], numbers[1], numbers[2]


def _region(wanted: Json) -> str:
    zones = wanted.get("availabilityZones")
    if not wanted.get("region") and isinstance(zones, Mapping) and len(zones) == 1:
        return str(next(iter(zones)))
    return _text(wanted, "region")


def _text(wanted: Json, *names: str) -> str:
    for name in names:
        value = wanted.get(name)
        if value:
            if not isinstance(value, str):
                raise InvalidRequest(f"{value!r} was given; expected a text", name)
            return value
    raise InvalidRequest("is missing", names[0])


def _texts(given: Any, where: str) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InvalidRequest(f"{given!r} was given; expected names with texts", where)
    for name, value in given.items():
        if not isinstance(value, (str, int, float)) or "\0" in str(value):
            raise InvalidRequest(f"{value!r} was given; expected a text", f"{where}.{name}")
    return {str(name): str(value) for name, value in given.items()}


def _environment(given: Any) -> dict[str, str]:
    found = _texts(given, "environment")
    for name in found:
        if not _VARIABLE.fullmatch(name):
            raise InvalidRequest(f"{name!r} is no name of an environment variable", "environment")
    return found
