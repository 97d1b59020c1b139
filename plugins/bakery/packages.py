"""Packages: what their file names say, and which version of one a build has made.

Separate because it is only text, and has its own rules for each type. Source: reference clouds §4.2, §4.4.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from gennaker.core.errors import InvalidRequest
from gennaker.core.services import Json
from gennaker.plugins.bakery.settings import Kind

_ENDINGS: dict[str, tuple[str, ...]] = {
    "deb": (".deb",),
    "rpm": (".rpm",),
    "nupkg": (".nupkg",),
    "tar": (".tar.gz", ".tgz"),
}
_NUPKG = re.compile(r"(?P<name>.+?)\.(?P<version>[0-9]+(?:\.[0-9]+){1,3}(?:[-+][A-Za-z0-9.+-]+)?)")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~:=@-]*")
_NUMBERS = re.compile(r"([0-9]+)")
#: How deep a trigger may have been started by others.
_MOST_PARENTS = 8


class Package(Struct, frozen=True, kw_only=True):
    """One package; without a version it is whatever the repository has."""

    name: str
    version: str = ""
    release: str = ""
    arch: str = ""

    @property
    def whole(self) -> str:
        """Version and release."""
        return f"{self.version}-{self.release}" if self.release else self.version


class Build(Struct, frozen=True, kw_only=True):
    """What is known of the build that made the packages."""

    job: str = ""
    number: str = ""
    commit: str = ""
    url: str = ""
    host: str = ""
    #: Names of the files that it made.
    files: tuple[str, ...] = ()


def parse(file: str, kind: Kind) -> Package | None:
    """What the name of a package's file says; None for one of another type, or that says nothing."""
    ending = next((one for one in _ENDINGS[kind] if file.lower().endswith(one)), None)
    if ending is None:
        return None
    stem = file[: -len(ending)]
    if kind == "nupkg":
        found = _NUPKG.fullmatch(stem)
        return Package(name=found["name"], version=found["version"]) if found else None
    if kind == "rpm":
        stem, _, arch = stem.rpartition(".")
        if stem.count("-") < 2:
            return None
        name, version, release = stem.rsplit("-", 2)
        return Package(name=name, version=version, release=release, arch=arch)
    name, _, rest = stem.partition("_")
    whole, _, arch = rest.partition("_")
    version, _, release = whole.rpartition("-") if "-" in whole else (whole, "", "")
    return Package(name=name, version=version, release=release, arch=arch) if name and version else None


def qualified(package: Package, kind: Kind) -> str:
    """How a package is asked for."""
    if not package.version:
        return package.name
    joint = {"deb": "=", "rpm": "-", "nupkg": ".", "tar": "_"}[kind]
    return f"{package.name}{joint}{package.whole}"


def asked(text: str, kind: Kind) -> list[Package]:
    """The packages of a text, separated by blanks; a version may stand with a Debian package (`shop=1.4.0-1`). Raises InvalidRequest."""
    found = []
    for word in text.replace(",", " ").split():
        if not _WORD.fullmatch(word):
            raise InvalidRequest(f"{word!r} is no name of a package", "package")
        package = parse(word, kind)
        if package is None and kind == "deb" and "=" in word:
            name, _, whole = word.partition("=")
            version, _, release = whole.rpartition("-") if "-" in whole else (whole, "", "")
            package = Package(name=name, version=version, release=release)
        found.append(package or Package(name=word))
    return found


def resolve(packages: Sequence[Package], kind: Kind, build: Build, *, required: bool) -> list[Package]:
    """The packages with the versions that the build made, the newest where it made several.

    Raises InvalidRequest for one that is `required` to be among the build's files of this type, and is not.
    """
    made = [package for file in build.files if (package := parse(file, kind))]
    found = []
    for package in packages:
        mine = [one for one in made if one.name == package.name]
        if package.version or not mine:
            if required and made and not package.version:
                names = ", ".join(sorted({one.name for one in made}))
                raise InvalidRequest(
                    f"the build made no {kind} package {package.name!r}, but {names}; name one of these, "
                    "or set allowMissingPackageInstallation to bake what the repository has",
                    "package",
                )
            found.append(package)
        else:
            found.append(max(mine, key=_age))
    return found


def _age(package: Package) -> list[tuple[int, ...]]:
    """What orders versions as Debian does: numbers as numbers, `~` before the end, the end before letters, letters before the rest."""
    parts = _NUMBERS.split(package.whole)
    return [(int(part),) if number % 2 else (*map(_weight, part), 0) for number, part in enumerate(parts)]


def _weight(letter: str) -> int:
    return -1 if letter == "~" else ord(letter) if letter.isalpha() else ord(letter) + 0x110000


def build_of(trigger: Json, context: Json, artifacts: Iterable[Json] = ()) -> Build:
    """What is known of the build: of the stage's own context, else of the trigger, else of what triggered that."""
    infos = list(_infos(trigger, context))
    first = infos[0] if infos else {}
    scm = first.get("scm")
    commit = scm[0].get("sha1") if isinstance(scm, list) and scm and isinstance(scm[0], dict) else None
    files = [str(one.get("fileName") or "") for info in infos for one in _dicts(info.get("artifacts"))]
    files += [_file(one) for one in artifacts]
    url = str(first.get("url") or "")
    return Build(
        job=str(first.get("name") or first.get("fullDisplayName") or ""),
        number=str(first.get("number") or ""),
        commit=str(commit or "")[:7],
        url=url,
        host=url.partition("/job/")[0] + "/" if "/job/" in url else "",
        files=tuple(file for file in files if file),
    )


def _infos(trigger: Json, context: Json) -> Iterator[Json]:
    if isinstance(info := context.get("buildInfo"), dict):
        yield info
    for _ in range(_MOST_PARENTS):
        if isinstance(info := trigger.get("buildInfo"), dict):
            yield info
        parent = trigger.get("parentExecution")
        above = parent.get("trigger") if isinstance(parent, dict) else None
        if not isinstance(above, dict):
            return
        trigger = above


def _file(artifact: Json) -> str:
    """The file name of an artifact that is a package, from its reference or from name and version."""
    kind = str(artifact.get("type") or "").lower()
    if kind not in _ENDINGS:
        return ""
    last = str(artifact.get("reference") or "").rpartition("/")[2]
    if last.endswith(_ENDINGS[kind]):
        return last
    name, version = artifact.get("name"), artifact.get("version")
    if not name or not version:
        return ""
    joint = {"deb": "_", "rpm": "-", "nupkg": ".", "tar": "_"}[kind]
    return f"{name}{joint}{version}{_ENDINGS[kind][0] if kind != 'rpm' else '.noarch.rpm'}"


def _dicts(value: object) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
