"""The images of this machine: folders, or gzipped tars of such, with an `image.json` that says how an instance is run.

Separate because the bakery and people put them there, and nothing of them is trusted before it was looked at.

    {"name": "shop", "command": ["python3", "app.py"], "port": "PORT", "health": {"path": "/health"}, "tags": {"stack": "test"}}
"""

import fnmatch
import hashlib
import re
import tempfile
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from gennaker.core.archive import Limits, read_archive
from gennaker.core.cloud.model import Image
from gennaker.core.cloud.provider import ImageQuery
from gennaker.core.errors import InvalidRequest, NotFound
from gennaker.plugins.local.records import Check
from gennaker.plugins.local.region import write

MANIFEST = "image.json"
_ENDINGS = (".tar.gz", ".tgz")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,200}")
_LIMITS = Limits(file=256 * 1024 * 1024, total=1024 * 1024 * 1024)
_LARGEST = 512 * 1024 * 1024
Text = Annotated[str, Meta(min_length=1)]


class Health(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """`health`: a path to GET, or a connection and no more."""

    path: Annotated[str, Meta(pattern=r"^/[!-~]*$")] | None = None
    tcp: bool = False
    seconds: Annotated[float, Meta(gt=0, le=60)] = 2.0


class Manifest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`image.json`; what else stands in it is kept for people, not for us."""

    name: Text
    #: Program and arguments; run in the image's folder, never by a shell.
    command: Annotated[tuple[Text, ...], Meta(min_length=1, max_length=200)]
    #: The environment variable that tells an instance its port.
    port: Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,100}$")] = "PORT"
    health: Health = Health(tcp=True)
    environment: dict[str, str] = {}
    tags: dict[str, str] = {}
    #: Epoch milliseconds; when the file was made, if it does not say.
    created: int = 0

    @property
    def check(self) -> Check:
        """How to tell whether an instance serves."""
        return Check(path=self.health.path or "", seconds=self.health.seconds)


class Labels(Struct, frozen=True, kw_only=True):
    """The tags that were set of an archive, in a file beside it, as an archive is not changed."""

    tags: dict[str, str] = {}


class Images:
    """The images in a folder."""

    def __init__(self, folder: Path, unpacked: Path) -> None:
        self._folder = folder
        self._unpacked = unpacked
        #: Manifests of archives that were read, by path, time and size.
        self._known: dict[tuple[str, int, int], Manifest] = {}

    def find(self, query: ImageQuery) -> list[Image]:
        """Images, newest first; what cannot be read is left out."""
        found = []
        for path in sorted(self._folder.iterdir()) if self._folder.is_dir() else ():
            with suppress(InvalidRequest, OSError):
                if (_ID.fullmatch(path.name) and (path / MANIFEST).is_file()) or path.name.endswith(_ENDINGS):
                    found.append(self._image(path, self._manifest(path)))
        wanted = [image for image in found if _fits(image, query)]
        return sorted(wanted, key=lambda image: (-image.created, image.id))

    def take(self, wanted: str) -> tuple[Image, Manifest, Path]:
        """An image by its id, or the newest of a name, with the folder that it is run in; an archive is unpacked once.

        Raises NotFound, InvalidRequest.
        """
        path = self._path(wanted)
        manifest = self._manifest(path)
        return self._image(path, manifest), manifest, path if path.is_dir() else self._unpack(path)

    def tag(self, names: Collection[str], tags: dict[str, str]) -> list[Image]:
        """Set tags. Raises NotFound, InvalidRequest."""
        paths = [self._path(name) for name in names]
        for path in paths:
            manifest = self._manifest(path)
            together = manifest.tags | tags
            if path.is_dir():
                created = manifest.created or _made(path)
                whole = msgspec.json.decode((path / MANIFEST).read_bytes(), type=dict)
                _write_json(path / MANIFEST, {**whole, "tags": together, "created": created})
            else:
                write(_labels(path), Labels(tags=together))
        return [self._image(path, self._manifest(path)) for path in paths]

    def _path(self, wanted: str) -> Path:
        if not _ID.fullmatch(wanted):
            raise InvalidRequest(
                f"{wanted!r} is no name of an image; expected letters, digits and . _ @ + -", "imageId"
            )
        for name in (wanted, *(wanted + ending for ending in _ENDINGS)):
            path = self._folder / name
            if (path / MANIFEST).is_file() or (path.is_file() and name.endswith(_ENDINGS)):
                return path
        named = self.find(ImageQuery(name=wanted))
        if not named:
            raise NotFound(
                f"there is no image {wanted!r} in {self._folder}; expected a folder with {MANIFEST}, or a .tar.gz of one"
            )
        return self._path(named[0].id)

    def _manifest(self, path: Path) -> Manifest:
        if path.is_dir():
            return _parse((path / MANIFEST).read_bytes(), str(path / MANIFEST))
        about = path.stat()
        key = (path.name, about.st_mtime_ns, about.st_size)
        if key not in self._known:
            content = _open(path).get(MANIFEST)
            if content is None:
                raise InvalidRequest(f"has no {MANIFEST} at its top", str(path))
            self._known[key] = _parse(content, f"{path}/{MANIFEST}")
        manifest = self._known[key]
        if _labels(path).is_file():
            manifest = replace(manifest, tags=msgspec.json.decode(_labels(path).read_bytes(), type=Labels).tags)
        return manifest

    def _image(self, path: Path, manifest: Manifest) -> Image:
        id_ = path.name
        for ending in _ENDINGS:
            id_ = id_.removesuffix(ending)
        return Image(
            id=id_,
            name=manifest.name,
            provider="local",
            created=manifest.created or _made(path),
            tags=manifest.tags,
            extra={"path": str(path)},
        )

    def _unpack(self, path: Path) -> Path:
        """The files of an archive, in a folder named by its content."""
        folder = self._unpacked / hashlib.sha256(path.read_bytes()).hexdigest()[:32]
        if folder.is_dir():
            return folder
        self._unpacked.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._unpacked, prefix=".draft-") as drafts:
            draft = Path(drafts) / "image"
            for name, content in _open(path).items():
                file = draft / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
                file.chmod(0o755 if content[:2] == b"#!" or content[:4] == b"\x7fELF" else 0o644)
            with suppress(OSError):
                draft.rename(folder)
        if not folder.is_dir():
            raise InvalidRequest(f"cannot be unpacked to {folder}", str(path))
        return folder


def _open(path: Path) -> dict[str, bytes]:
    if path.stat().st_size > _LARGEST:
        raise InvalidRequest(f"has {path.stat().st_size} bytes, more than {_LARGEST}", str(path))
    return read_archive(path.read_bytes(), _LIMITS, str(path))


def _parse(content: bytes, where: str) -> Manifest:
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except msgspec.MsgspecError as error:
        raise InvalidRequest(f"is no manifest of an image: {error}", where) from error
    if any("\0" in part for part in manifest.command):
        raise InvalidRequest("command: has a NUL character", where)
    return manifest


def _fits(image: Image, query: ImageQuery) -> bool:
    named = not query.name or any(fnmatch.fnmatchcase(text, query.name) for text in (image.name, image.id))
    return named and query.tags.items() <= image.tags.items()


def _made(path: Path) -> int:
    file = path / MANIFEST if path.is_dir() else path
    return file.stat().st_mtime_ns // 1_000_000


def _labels(path: Path) -> Path:
    return path.with_name(f".{path.name}.tags.json")


def _write_json(path: Path, content: dict[str, object]) -> None:
    draft = path.with_name(f".{path.name}.new")
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(content)))
    draft.replace(path)
