"""Archives are read within limits, and never out of themselves."""

import gzip
import io
import struct
import tarfile
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable

import pytest

from gennaker.core.archive import Item, Limits, read_archive, write_archive
from gennaker.core.errors import InvalidRequest

FILES = {"chart/Chart.yaml": b"name: shop\n", "chart/templates/a.yaml": b"kind: A\n", "empty": b""}


def tar(*entries: tuple[tarfile.TarInfo, bytes] | tuple[str, bytes], mode: str = "w") -> bytes:
    """A tar of entries, each a name or a ready header, with content."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode=mode) as archive:  # type: ignore[call-overload]
        for entry, content in entries:
            info = entry if isinstance(entry, tarfile.TarInfo) else tarfile.TarInfo(entry)
            if info.isreg():
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return raw.getvalue()


def header(name: str, kind: bytes, link: str = "") -> tuple[tarfile.TarInfo, bytes]:
    """An entry that is no file."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info, b""


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    """A zip of entries."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content, zipfile.ZIP_DEFLATED)
    return raw.getvalue()


def zip_link(name: str, target: str) -> bytes:
    """A zip with a symbolic link."""
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o120777 << 16
    return zipped((info, target.encode()), ("a/b", b"x"))


def raw_header(size: bytes, kind: bytes = b"0") -> bytes:
    """A tar header whose size field is as given."""
    block = bytearray(tarfile.TarInfo("a").tobuf(tarfile.USTAR_FORMAT))
    block[124:136] = size
    block[156:157] = kind
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


@pytest.mark.parametrize(
    "data",
    [
        tar(*FILES.items()),
        tar(*FILES.items(), mode="w:gz"),
        tar(*FILES.items(), header("chart", tarfile.DIRTYPE), header("./", tarfile.DIRTYPE)),
        tar(*((f"./{name}", content) for name, content in FILES.items())),
        zipped(*FILES.items(), ("chart/", b"")),
        write_archive(Item(path=name, content=content) for name, content in FILES.items()),
        tar(*FILES.items(), mode="w:gz") + b"\0" * 700,
    ],
    ids=["tar", "tar.gz", "with folders", "with a dot", "zip", "ours", "padded"],
)
def test_every_kind_of_archive_is_read(data: bytes) -> None:
    assert read_archive(data) == FILES


def test_a_gzip_of_several_members_is_one_file() -> None:
    whole = tar(*FILES.items())
    assert read_archive(gzip.compress(whole[:700]) + gzip.compress(whole[700:])) == FILES


def test_the_same_items_give_the_same_bytes() -> None:
    items = [Item(path="b", content=b"1"), Item(path="a/x", content=b"2", executable=True), Item(path="l", link="a/x")]
    written = write_archive(items)
    assert written == write_archive(reversed(items))
    with tarfile.open(fileobj=io.BytesIO(written)) as archive:
        entries = archive.getmembers()
    assert [(one.name, one.mode, one.mtime, one.uid, one.linkname) for one in entries] == [
        ("a/x", 0o755, 0, 0, ""),
        ("b", 0o644, 0, 0, ""),
        ("l", 0o644, 0, 0, "a/x"),
    ]
    assert read_archive(written) == {"a/x": b"2", "b": b"1", "l": b"2"}


@pytest.mark.parametrize(
    ("links", "found"),
    [
        ([header("l", tarfile.SYMTYPE, "a/b")], {"l": b"x"}),
        ([header("c/l", tarfile.SYMTYPE, "../a/b")], {"c/l": b"x"}),
        ([header("l", tarfile.LNKTYPE, "a/b")], {"l": b"x"}),
        ([header("l", tarfile.SYMTYPE, "a")], {"l/b": b"x"}),
        ([header("l", tarfile.SYMTYPE, "m"), header("m", tarfile.SYMTYPE, "a/b")], {"l": b"x", "m": b"x"}),
        ([header("l", tarfile.SYMTYPE, "m"), header("m", tarfile.SYMTYPE, "l")], {}),
        ([header("l", tarfile.SYMTYPE, "nowhere")], {}),
    ],
)
def test_a_link_inside_is_what_it_leads_to(links: list[tuple[tarfile.TarInfo, bytes]], found: dict[str, bytes]) -> None:
    assert read_archive(tar(("a/b", b"x"), *links)) == {"a/b": b"x", **found}


def test_a_link_in_a_zip_is_followed() -> None:
    assert read_archive(zip_link("c/l", "../a/b")) == {"a/b": b"x", "c/l": b"x"}


NUL_NAME = zipped(("a#.txt", b"x")).replace(b"a#.txt", b"a\0.txt")
ATTACKS: dict[str, tuple[Callable[[], bytes], str]] = {
    "absolute path": (lambda: tar(("/etc/passwd", b"x")), "leads out"),
    "parent path": (lambda: tar(("../x", b"x")), "leads out"),
    "parent inside": (lambda: tar(("a/../../x", b"x")), "leads out"),
    "backslashes": (lambda: tar(("..\\x", b"x")), "leads out"),
    "a drive": (lambda: tar(("C:x", b"x")), "leads out"),
    "zip: absolute path": (lambda: zipped(("/etc/passwd", b"x")), "leads out"),
    "zip: parent path": (lambda: zipped(("a/../../x", b"x")), "leads out"),
    "zip: a NUL in a name": (lambda: NUL_NAME, "is not a path"),
    "a control character": (lambda: tar(("a\x1b[2J", b"x")), "is not a path"),
    "an endless name": (lambda: tar(("a" * 2000, b"x")), "is not a path"),
    "link out": (lambda: tar(header("l", tarfile.SYMTYPE, "../../etc/passwd")), "leads out"),
    "absolute link": (lambda: tar(header("l", tarfile.SYMTYPE, "/etc/passwd")), "leads out"),
    "hard link out": (lambda: tar(header("l", tarfile.LNKTYPE, "../x")), "leads out"),
    "absolute hard link": (lambda: tar(header("l", tarfile.LNKTYPE, "/etc/passwd")), "leads out"),
    "link to all": (lambda: tar(("a", b"x"), header("l", tarfile.SYMTYPE, ".")), "leads out"),
    "zip: link out": (lambda: zip_link("l", "../../x"), "leads out"),
    "through a link": (lambda: tar(header("l", tarfile.SYMTYPE, "a"), ("l/x", b"x")), "lies in what is no folder"),
    "link through a link": (
        lambda: tar(header("l", tarfile.SYMTYPE, "a"), header("l/x", tarfile.SYMTYPE, "b")),
        "lies in what is no folder",
    ),
    "file as folder": (lambda: tar(("a", b"x"), ("a/b", b"x")), "lies in what is no folder"),
    "twice": (lambda: tar(("a", b"x"), ("./a", b"y")), "twice"),
    "file and link": (lambda: tar(("a", b"x"), header("a", tarfile.SYMTYPE, "b")), "twice"),
    "a device": (lambda: tar(header("sda", tarfile.BLKTYPE)), "neither a file"),
    "a pipe": (lambda: tar(header("pipe", tarfile.FIFOTYPE)), "neither a file"),
    "many files": (lambda: tar(*((f"f{i}", b"") for i in range(60))), "more than 50 entries"),
    "many folders": (lambda: tar(*(header(f"f{i}", tarfile.DIRTYPE) for i in range(60))), "more than 50 entries"),
    "zip: many files": (lambda: zipped(*((f"f{i}", b"") for i in range(60))), "more than 50 entries"),
    "a large file": (lambda: tar(("a", b"x" * 70_000)), "'a' has 70000 bytes, more than 65536"),
    "large together": (lambda: tar(*((f"f{i}", b"x" * 60_000) for i in range(4))), "more than 200000 bytes"),
    "zip: a large file": (lambda: zipped(("a", b"x" * 70_000)), "'a' has 70000 bytes, more than 65536"),
    "zip: large together": (lambda: zipped(*((f"f{i}", b"x" * 60_000) for i in range(4))), "more than 200000 bytes"),
    "links to much": (
        lambda: tar(("a", b"x" * 60_000), *(header(f"l{i}", tarfile.SYMTYPE, "a") for i in range(9))),
        "links to more",
    ),
    "links to many": (
        lambda: tar(*((f"d/{i}", b"") for i in range(20)), *(header(f"l{i}", tarfile.SYMTYPE, "d") for i in range(5))),
        "links to more",
    ),
    "a negative size": (lambda: raw_header(b"\xff" * 11 + b"\0") * 60, "archive"),
    "a negative pax header": (lambda: raw_header(b"\xff" * 11 + b"\0", b"x") * 3000, "archive"),
    "headers in headers": (lambda: raw_header(b"00000000000\0", b"x") * 3000, "archive"),
    "a truncated tar": (lambda: tar(("a", b"x" * 5000))[:3000], "archive"),
    "a truncated gzip": (lambda: tar(*FILES.items(), mode="w:gz")[:-12], "ends early"),
    "a truncated zip": (lambda: zipped(*FILES.items())[:-30], "directory is missing"),
    "a wrong sum": (
        lambda: zipped(("a", b"hello")).replace(struct.pack("<L", zlib.crc32(b"hello")), b"1234"),
        "archive",
    ),
    "text": (lambda: b"<html>not found</html>" * 100, "no archive"),
    "nothing": (lambda: b"", "no archive"),
    "bzip2": (lambda: b"BZh91AY&SY" + b"\0" * 600, "no archive"),
    "zip64": (
        lambda: zipped(("a", b""))[:-22] + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 46, 0, 0),
        "zip64",
    ),
    "a directory of millions": (
        lambda: zipped(("a", b""))[:-22] + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 40, 40, 2**30, 0, 0),
        "more than 50 entries",
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused_with_its_place(attack: str) -> None:
    make, said = ATTACKS[attack]
    with pytest.raises(InvalidRequest) as caught:
        read_archive(make(), Limits(entries=50, file=65_536, total=200_000), "artifact shop.tgz")
    assert said.replace("archive", "artifact shop.tgz") in caught.value.message or said in caught.value.message
    assert caught.value.message.startswith("artifact shop.tgz: ")


def bomb(size: int) -> bytes:
    """A gzip of zeros."""
    engine = zlib.compressobj(9, wbits=31)
    parts = [engine.compress(b"\0" * 1_000_000) for _ in range(size // 1_000_000)]
    return b"".join([*parts, engine.flush()])


def zip_bomb() -> bytes:
    """A zip whose one file says that it is small."""
    data = zipped(("a", b"\0" * 40_000_000))
    size = struct.pack("<L", 40_000_000)
    return data.replace(size, struct.pack("<L", 1000))


@pytest.mark.parametrize("make", [lambda: bomb(300_000_000), zip_bomb, lambda: gzip.compress(bomb(200_000_000))])
def test_a_bomb_is_stopped_before_it_is_large(make: Callable[[], bytes]) -> None:
    data = make()
    tracemalloc.start()
    begun = time.process_time()
    with pytest.raises(InvalidRequest):
        read_archive(data, Limits(total=20_000_000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 150_000_000
    assert time.process_time() - begun < 20


def test_what_is_packed_too_tightly_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="unpacks to more than"):
        read_archive(tar(("a", b"\0" * 20_000_000), mode="w:gz"))
    assert len(read_archive(tar(("a", b"\0" * 900_000), mode="w:gz"))["a"]) == 900_000


@pytest.mark.parametrize("path", ["/a", "../a", "a/../../b", "", ".", "a\0b"])
def test_nothing_is_written_out_of_an_archive(path: str) -> None:
    with pytest.raises(InvalidRequest):
        write_archive([Item(path=path)])


@pytest.mark.parametrize("link", ["/etc", "../x", "a/../../x", ".."])
def test_no_link_is_written_that_leads_out(link: str) -> None:
    with pytest.raises(InvalidRequest, match="leads out"):
        write_archive([Item(path="l", link=link)])
