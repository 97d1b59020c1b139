"""Chooses a release by its version: exact, a range as npm and Helm write it, or the newest.

Separate because it is pure. The library that knows ranges is imported when one is needed.
"""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gennaker.core.errors import InvalidRequest, NotFound, Refused
from gennaker.plugins.helm.index import Release

if TYPE_CHECKING:
    from semantic_version import NpmSpec, Version

_LONGEST = 256
_VERSION = re.compile(r"v?(\d{1,9}(?:\.\d{1,9}){0,2}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)")
#: Helm writes what npm reads in other ways: a comma for "and", blanks after a relation, `~>`.
_AND, _BLANKS, _TILDE = re.compile(r"\s*,\s*"), re.compile(r"([<>=~^])\s+(?=[\dvxX*])"), re.compile(r"~>")


def chosen(chart: str, releases: Sequence[Release], wanted: str) -> Release:
    """The release of a chart that a version, a range or (empty) nothing asks for; of several, the newest.

    Raises InvalidRequest for what is neither version nor range, and NotFound with the versions that there are.
    """
    for one in releases:
        if wanted and wanted in (one.version, one.version.removeprefix("v"), f"v{one.version}"):
            return one
    known = [(version, one) for one in releases if (version := _version(one.version)) is not None]
    if wanted:
        fits = _range(wanted)
        known = [(version, one) for version, one in known if version in fits]
    # A release that is not finished is the newest only where there is no other; a range that names one asks for it.
    finished = [(version, one) for version, one in known if not version.prerelease]
    candidates = known if wanted else finished or known
    if candidates:
        return max(candidates, key=lambda pair: pair[0])[1]
    if releases and not wanted:
        return releases[0]
    there = ", ".join(newest_first(one.version for one in releases)[:10])
    raise NotFound(f"the chart {chart!r} has no version {wanted!r}; the newest are {there or 'none'}")


def newest_first(versions: Iterable[str]) -> list[str]:
    """Versions in their order, each once; what is no version stands at the end."""
    known: list[tuple[Version, str]] = []
    others: list[str] = []
    for text in dict.fromkeys(versions):
        version = _version(text)
        if version is None:
            others.append(text)
        else:
            known.append((version, text))
    return [text for _, text in sorted(known, key=lambda pair: pair[0], reverse=True)] + others


def _range(wanted: str) -> "NpmSpec":
    npm_spec, _ = _library()
    text = _BLANKS.sub(r"\1", _TILDE.sub("~", _AND.sub(" ", wanted[: _LONGEST + 1])))
    try:
        if len(wanted) > _LONGEST:
            raise ValueError(f"it is longer than {_LONGEST} characters")
        return npm_spec(text)
    except ValueError as error:
        raise InvalidRequest(
            f"{wanted[:100]!r} is no version and no range of versions ({error}); expected 1.2.3, ^1.2, ~1.2.0, 1.x or >=1.2 <2",
            "version",
        ) from error


def _version(text: str) -> "Version | None":
    """A version of which parts may be missing, as Helm reads it; None for what is none."""
    _, version = _library()
    found = _VERSION.fullmatch(text) if len(text) <= _LONGEST else None
    try:
        return version.coerce(found[1]) if found else None
    except ValueError:
        return None


def _library() -> "tuple[type[NpmSpec], type[Version]]":
    try:
        from semantic_version import NpmSpec, Version
    except ImportError as error:
        raise Refused(
            "helm/chart needs semantic_version, which is not installed: pip install 'gennaker[helm]'"
        ) from error
    return NpmSpec, Version
