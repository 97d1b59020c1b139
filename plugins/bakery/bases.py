"""The base image catalogue: what `baseOs`, `vmType` and a region lead to.

Separate because pipelines, pages and the key of a bake must read it in the same way. Source: reference clouds §4.1.
"""

from typing import NamedTuple

from msgspec import Struct

from gennaker.core.errors import InvalidRequest, NotFound
from gennaker.core.services import Json
from gennaker.plugins.bakery.settings import Foundation, Kind, Provider, Settings, Source

_TEMPLATES = {
    "aws": "aws-ebs.json",
    "gce": "gce.json",
    "openstack": "openstack.json",
    "azure": "azure-arm.json",
    "qemu": "qemu.json",
    "local": "local.json",
}
_VM_TYPES = {"aws": "hvm"}


class Chosen(Struct, frozen=True, kw_only=True):
    """What an image is made from, and by which template."""

    #: Id or name of the base image, or a folder.
    image: str
    family: str
    template: str
    vm_type: str
    package_type: Kind
    repository: str
    #: Of the catalogue; secrets are not among them.
    variables: dict[str, str]


class _Found(NamedTuple):
    base: Foundation
    source: Source


def choose(
    settings: Settings,
    provider: str,
    region: str,
    *,
    base_os: str = "",
    base_ami: str = "",
    base_label: str = "",
    vm_type: str = "",
    template: str = "",
) -> Chosen:
    """The base image for a bake. Raises InvalidRequest that says what there is."""
    if provider not in _TEMPLATES:
        known = ", ".join(_TEMPLATES)
        raise InvalidRequest(f"nothing is baked for {provider!r}; expected one of {known}", "cloudProviderType")
    catalogue = settings.providers.get(provider, Provider())  # type: ignore[call-overload]
    type_ = vm_type or catalogue.vm_type or _VM_TYPES.get(provider, "")
    base, source = _find(catalogue, provider, region, base_os, type_, base_ami)
    named = catalogue.lookup.get(f"{base_os}.{type_}.{base_label}.{region}", "")
    image = base_ami or named or source.image
    if not image and not source.family and provider != "local":
        raise InvalidRequest(
            f"base image {base.id!r} names no image for region {region!r}; "
            f"expected one in plugins.bakery.providers.{provider}.bases or baseAmi",
            "baseOs",
        )
    return Chosen(
        image=image,
        family="" if base_ami or named else source.family,
        template=template or base.template or catalogue.template or _TEMPLATES[provider],
        vm_type=type_,
        package_type=base.package_type,
        repository=base.repository or settings.repositories.get(base.package_type, ""),
        variables={**catalogue.variables, **source.variables},
    )


def _find(catalogue: Provider, provider: str, region: str, base_os: str, vm_type: str, base_ami: str) -> _Found:
    base = next((one for one in catalogue.bases if one.id == base_os), None)
    if base is None and not base_os and (provider == "local" or base_ami):
        return _Found(Foundation(id="", package_type="tar" if provider == "local" else "deb"), Source())
    if base is None:
        known = ", ".join(one.id for one in catalogue.bases) or "none"
        raise InvalidRequest(
            f"there is no base image {base_os!r} for {provider}; plugins.bakery.providers.{provider}.bases has {known}",
            "baseOs",
        )
    fitting = [
        one for one in base.sources if one.region in ("", region) and (not vm_type or one.vm_type in ("", vm_type))
    ]
    # The one that says most of the place goes first.
    fitting.sort(key=lambda one: (not one.region, not one.vm_type))
    if fitting:
        return _Found(base, fitting[0])
    if not base.sources or base_ami:
        return _Found(base, Source())
    places = ", ".join(f"{one.region or 'any region'} {one.vm_type}".strip() for one in base.sources)
    raise InvalidRequest(
        f"base image {base_os!r} is not configured for {region} {vm_type}".rstrip() + f", only for {places}", "region"
    )


def options(settings: Settings) -> list[Json]:
    """The catalogue in Spinnaker's JSON, by provider."""
    return [
        {"cloudProvider": name, "baseImages": [_told(name, base) for base in provider.bases]}
        for name, provider in sorted(settings.providers.items())
    ]


def options_of(settings: Settings, provider: str) -> Json:
    """The catalogue of one provider. Raises NotFound."""
    found = next((one for one in options(settings) if one["cloudProvider"] == provider), None)
    if found is None:
        known = ", ".join(settings.providers) or "none"
        raise NotFound(f"no base images are configured for {provider!r}; there are some for: {known}")
    return found


def _told(provider: str, base: Foundation) -> Json:
    return {
        "id": base.id,
        "shortDescription": base.description,
        "detailedDescription": base.details,
        "displayName": base.id,
        "packageType": base.package_type.upper(),
        "templateFile": base.template or _TEMPLATES[provider],
        "osType": base.os_type,
        "vmTypes": sorted({source.vm_type for source in base.sources if source.vm_type}),
    }
