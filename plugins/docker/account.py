"""Fetches from registries: the manifest of an image, a Helm chart, the one file of an OCI artifact.

Separate because it is the account as the program knows it; how registries are asked is in `registry`.
"""

import re
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from gennaker.core.artifacts.account import ArtifactAccount
from gennaker.core.errors import InvalidRequest, Refused
from gennaker.core.services import Http, Json
from gennaker.plugins.docker.reference import DIGEST, Reference, host_of, parse
from gennaker.plugins.docker.registry import Registry
from gennaker.plugins.docker.settings import Account

IMAGE, CHART, OTHER = "docker/image", "helm/image", "oci/artifact"
_CHART_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
_DIGITS = re.compile(r"([0-9]+)")


class Descriptor(Struct, frozen=True, rename="camel"):
    """What a manifest says of a blob or of another manifest."""

    media_type: Annotated[str, Meta(max_length=255)]
    digest: Annotated[str, Meta(pattern=rf"^(?:{DIGEST.pattern})\Z")]
    size: Annotated[int, Meta(ge=0)]


class Manifest(Struct, frozen=True, rename="camel"):
    """The part of a manifest or an index that is needed here."""

    layers: tuple[Descriptor, ...] = ()
    manifests: tuple[Descriptor, ...] = ()


class DockerAccount(ArtifactAccount):
    """An account of `plugins.docker.accounts`."""

    def __init__(self, settings: Account) -> None:
        super().__init__(settings.name, (IMAGE, CHART, OTHER))
        self._settings = settings
        self._host = host_of(settings.address)

    def fetch(self, artifact: Json, http: Http) -> bytes:
        """Of an image its manifest, of a chart its archive, of another artifact its one layer: each with its digest checked."""
        type_ = artifact.get("type")
        named = self._named(artifact)
        registry = Registry(self._settings, http)
        data, _ = registry.manifest(named.repository, named.version)
        if type_ == IMAGE:
            return data
        manifest = _read(data, named)
        if manifest.manifests and not manifest.layers:
            only = _only(manifest.manifests, "manifest", named)
            manifest = _read(registry.manifest(named.repository, only.digest)[0], named)
        layers = manifest.layers
        if type_ == CHART:
            layers = tuple(one for one in layers if one.media_type == _CHART_LAYER)
        layer = _only(layers, "layer with a chart" if type_ == CHART else "layer", named)
        return registry.blob(named.repository, layer.digest, layer.size)

    def names(self, type_: str, http: Http) -> list[str]:
        """The repositories that are configured, else all that the registry tells of, each with its host."""
        found = self._settings.repositories or Registry(self._settings, http).repositories()
        return [f"{self._host}/{one}" for one in sorted(set(found))]

    def versions(self, type_: str, name: str, http: Http) -> list[str]:
        """The tags of a repository, the highest first; of a name with a tag, the digest that the tag has now."""
        named = self._own(parse(name))
        registry = Registry(self._settings, http)
        if named.tag or named.digest:
            return [registry.manifest(named.repository, named.version)[1]]
        return sorted(registry.tags(named.repository), key=_natural, reverse=True)

    def _named(self, artifact: Json) -> Reference:
        """What an artifact names: its reference, else its name with its version (a tag or a digest)."""
        text = str(artifact.get("reference") or "")
        if not text:
            text, version = str(artifact.get("name") or ""), str(artifact.get("version") or "")
            text += f"@{version}" if version.startswith("sha") and ":" in version else f":{version}" if version else ""
        if artifact.get("type") == CHART:
            text = text.replace("+", "_")
        return self._own(parse(text))

    def _own(self, named: Reference) -> Reference:
        if named.host != self._host:
            raise InvalidRequest(
                f"{named} is in the registry {named.host}, and the account {self.name!r} is for {self._host}",
                "reference",
            )
        return named


def _read(data: bytes, named: Reference) -> Manifest:
    try:
        return msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refused(f"the manifest of {named} cannot be read: {error}") from error


def _only(found: tuple[Descriptor, ...], what: str, named: Reference) -> Descriptor:
    if len(found) == 1:
        return found[0]
    there = ", ".join(f"{one.digest} ({one.media_type})" for one in found[:5])
    raise Refused(f"{named} has {len(found)} of what is looked for, a {what}: {there or 'none'}; expected exactly one")


def _natural(tag: str) -> list[tuple[bool, int, str]]:
    """1.10 after 1.9, and words after numbers."""
    parts = (part for part in _DIGITS.split(tag) if part)
    return [(False, int(part), "") if part.isdigit() else (True, 0, part) for part in parts]
