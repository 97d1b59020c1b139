"""Images for the cloud `local`: a folder of files with an `image.json`, put together here and published at once.

Separate because no other builder needs files: these come from a base image, packages and artifacts, in this order.
"""

import os
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from gennaker.core.archive import Limits, read_archive, safe_path
from gennaker.core.cloud.provider import KEY_TAG
from gennaker.core.errors import InvalidRequest, Refused, Unavailable
from gennaker.core.services import Artifacts, Json
from gennaker.plugins.bakery.packages import Package, parse
from gennaker.plugins.bakery.request import Plan

MANIFEST = "image.json"
#: The tag of an image that says what it was baked from (`Plan.digest`).
BAKE_TAG = "gennaker:bake"
_LIMITS = Limits(file=256 * 1024 * 1024, total=1024 * 1024 * 1024)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,200}")
_PROGRAMS = (b"#!", b"\x7fELF")
_ENDINGS = (".tar.gz", ".tgz")


def assemble(
    root: Path, plan: Plan, images: Path, packages: str, artifacts: Artifacts | None, say: Callable[[str], None]
) -> None:
    """Put the files of an image into the folder `root`. Raises InvalidRequest, NotFound, Refused, Unavailable."""
    root.mkdir(parents=True)
    if base := _base(plan, images):
        say(f"Base image {base.name}")
        _write(root, _files(base))
    for package in plan.packages:
        file = _package(package, packages)
        say(f"Package {file.name}")
        _write(root, _files(file))
    for artifact in plan.request.artifacts:
        if artifacts is None:
            raise Unavailable("this process fetches no artifacts")
        name = str(artifact.get("name") or artifact.get("reference") or artifact.get("type") or "artifact")
        say(f"Artifact {name[:200]}")
        _write(root, _unpacked(artifacts.fetch(artifact), name))


def publish(root: Path, plan: Plan, images: Path, effect_key: str, now: int) -> str:
    """Write the image's `image.json` and put it among the images; its name. Raises InvalidRequest, Refused."""
    attributes = plan.request.attributes
    manifest = _manifest(root)
    if command := attributes.get("command"):
        try:
            manifest["command"] = shlex.split(command)
        except ValueError as error:
            raise InvalidRequest(f"{command!r} is no command: {error}", "extendedAttributes.command") from error
    if not manifest.get("command"):
        raise InvalidRequest(
            f"nothing says how the image is run: neither base image, packages nor artifacts have an {MANIFEST} with a command; "
            "add one, or set extendedAttributes.command"
        )
    if path := attributes.get("health_path"):
        manifest["health"] = {"path": path}
    tags = {
        "appversion": plan.app_version,
        "base_os": plan.request.base_os,
        "build_host": plan.request.build.host,
        "build_info_url": plan.request.build.url,
        BAKE_TAG: plan.digest,
        KEY_TAG: effect_key,
    }
    manifest |= {"name": plan.image_name, "created": now, "tags": {key: value for key, value in tags.items() if value}}
    (root / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
    target = images / plan.image_name
    try:
        root.rename(target)
    except OSError as error:
        if _manifest(target).get("tags", {}).get(BAKE_TAG) == plan.digest:
            return plan.image_name  # the same stage has baked it for another region meanwhile
        raise Refused(
            f"the image {plan.image_name} is in {images} already, or cannot be put there ({error.strerror}); "
            "give another amiSuffix or remove it"
        ) from error
    return plan.image_name


def find(images: Path, tag: str, value: str) -> str | None:
    """The name of an image with a tag; the newest of several."""
    found: list[tuple[int, str]] = []
    for path in images.iterdir() if images.is_dir() else ():
        if not _ID.fullmatch(path.name) or not (path / MANIFEST).is_file():
            continue
        try:
            manifest = msgspec.json.decode((path / MANIFEST).read_bytes(), type=dict[str, Any])
        except (msgspec.MsgspecError, OSError):
            continue
        tags = manifest.get("tags")
        if isinstance(tags, dict) and tags.get(tag) == value:
            created = manifest.get("created")
            found.append((created if isinstance(created, int) else 0, path.name))
    return max(found)[1] if found else None


def _manifest(root: Path) -> Json:
    if not (root / MANIFEST).is_file():
        return {}
    try:
        return msgspec.json.decode((root / MANIFEST).read_bytes(), type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise InvalidRequest(f"cannot be read: {error}", MANIFEST) from error


def _base(plan: Plan, images: Path) -> Path | None:
    """The base image: one of the images by its name when a pipeline names it, else where the catalogue says."""
    wanted = plan.request.base_ami
    if not wanted:
        return Path(plan.chosen.image).expanduser() if plan.chosen.image else None
    places = [images / f"{wanted}{ending}" for ending in ("", *_ENDINGS)] if _ID.fullmatch(wanted) else []
    found = next((path for path in places if path.exists()), None)
    if found is None:
        raise InvalidRequest(f"there is no image {wanted!r} in {images}", "baseAmi")
    return found


def _package(package: Package, folder: str) -> Path:
    if not folder:
        raise InvalidRequest(f"{package.name!r} cannot be found: plugins.bakery.packages names no folder", "package")
    place = Path(folder).expanduser()
    found = []
    for path in sorted(place.iterdir()) if place.is_dir() else ():
        known = parse(path.name, "tar")
        if known and known.name == package.name and package.whole in ("", known.whole):
            found.append((path.stat().st_mtime_ns, path))
    if not found:
        version = f" {package.whole}" if package.version else ""
        raise InvalidRequest(
            f"there is no {package.name}{version} in {place}; expected a file such as {package.name}_1.0.tar.gz",
            "package",
        )
    return max(found)[1]


def _files(source: Path) -> Iterator[tuple[str, bytes, bool]]:
    """Path, content and whether it is a program, of the files of a folder or an archive. Raises InvalidRequest."""
    if source.is_file():
        if source.stat().st_size > _LIMITS.total:
            raise InvalidRequest(f"has more than {_LIMITS.total} bytes", str(source))
        yield from _unpacked(source.read_bytes(), source.name)
        return
    if not source.is_dir():
        raise InvalidRequest("is neither a folder nor an archive", str(source))
    total = 0
    for place, folders, files in os.walk(source):
        for name in sorted([*files, *(one for one in folders if (Path(place) / one).is_symlink())]):
            path = Path(place) / name
            if path.is_symlink() or not path.is_file():
                raise InvalidRequest("is no file; links and devices are not taken into an image", str(path))
            total += path.stat().st_size
            if total > _LIMITS.total:
                raise InvalidRequest(f"has more than {_LIMITS.total} bytes", str(source))
            yield str(path.relative_to(source)), path.read_bytes(), os.access(path, os.X_OK)


def _unpacked(content: bytes, name: str) -> Iterator[tuple[str, bytes, bool]]:
    """The files of an archive; what is none is one file."""
    packed = content[:2] in (b"\x1f\x8b", b"PK") or content[257:262] == b"ustar"
    found = (
        read_archive(content, _LIMITS, name) if packed else {safe_path(name.rpartition("/")[2], "artifact"): content}
    )
    for path, data in found.items():
        yield path, data, data.startswith(_PROGRAMS)


def _write(root: Path, files: Iterator[tuple[str, bytes, bool]]) -> None:
    for path, content, program in files:
        target = root / safe_path(path, "image")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            target.chmod(0o755 if program else 0o644)
        except OSError as error:
            raise Refused(f"{path} cannot be written into the image: {error.strerror or error}") from error
