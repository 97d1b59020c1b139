"""Reads a repository's index.yaml: of each chart its versions, where their archives are, and their digests.

Separate because it is pure, and indexes are large and written by many programs: an entry that cannot be used is left out, and the
others are read.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from gennaker.config.problems import ConfigError
from gennaker.config.yaml_reader import read_large
from gennaker.core.errors import Refused


class Release(Struct, frozen=True, kw_only=True):
    """One version of a chart."""

    version: str
    #: Where its archive is, absolute or from the repository's folder; the first is used.
    url: str
    #: Hexadecimal SHA-256 of the archive; empty when the index does not tell.
    digest: str = ""


Index = Mapping[str, tuple[Release, ...]]


def read_index(data: bytes, where: str, limit: int) -> Index:
    """Chart to releases, in the index's order. Raises Refused for what is no index or too large."""
    try:
        value = read_large(data.decode("utf-8-sig"), where, limit=limit).value
    except UnicodeDecodeError as error:
        raise Refused(f"{where} is not text; expected UTF-8") from error
    except ConfigError as error:
        raise Refused(f"{error.problems[0]} (the index of a Helm repository)") from error
    entries = value.get("entries") if isinstance(value, dict) else None
    if not isinstance(entries, dict):
        raise Refused(f"{where} is no index of a Helm repository; expected the key entries with the charts")
    return {chart: tuple(_releases(found)) for chart, found in entries.items()}


def _releases(found: Any) -> Iterator[Release]:
    for one in found if isinstance(found, list) else ():
        if not isinstance(one, dict):
            continue
        urls, version, digest = one.get("urls"), one.get("version"), one.get("digest")
        url = urls[0] if isinstance(urls, list) and urls else None
        if isinstance(url, str) and version is not None:
            digest = digest.removeprefix("sha256:").lower() if isinstance(digest, str) else ""
            yield Release(version=str(version), url=url, digest=digest)
