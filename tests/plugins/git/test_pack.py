"""A pack is counted before it is unpacked, and a tree before it is walked."""

import hashlib
import itertools
import struct
import subprocess
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gennaker.core.archive import LIMITS
from gennaker.core.errors import GennakerError, NotFound, Refused
from gennaker.plugins.git.pack import LARGEST_OBJECT, MOST_OBJECTS, Found, apply_delta, read_pack
from gennaker.plugins.git.tree import files

COMMIT, TREE, BLOB, BY_OFFSET, BY_ID = 1, 2, 3, 6, 7


def entry(kind: int, content: bytes, *, size: int | None = None, origin: bytes = b"") -> bytes:
    """An object as it stands in a pack; `size` is what it says of itself."""
    left = len(content) if size is None else size
    head = bytearray([kind << 4 | left & 15])
    left >>= 4
    while left:
        head[-1] |= 0x80
        head.append(left & 0x7F)
        left >>= 7
    return bytes(head) + origin + zlib.compress(content)


def pack(*entries: bytes, count: int | None = None) -> bytes:
    """A pack of entries, with its sum."""
    body = struct.pack(">4s2L", b"PACK", 2, len(entries) if count is None else count) + b"".join(entries)
    return body + hashlib.sha1(body).digest()


def number(value: int) -> bytes:
    """A size in a difference."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def id_of(kind: bytes, content: bytes) -> bytes:
    """The id of an object, as its 20 bytes."""
    return hashlib.sha1(kind + b" %d\0" % len(content) + content).digest()


def copies(times: int, length: int = 0x10000) -> bytes:
    """A difference that copies the beginning of its origin many times."""
    return number(length) + number(times * length) + (b"\x80" if length == 0x10000 else b"") * times


def test_what_git_packs_is_read(work: Path) -> None:
    """With differences, by offset and by id."""
    for offset in ("--delta-base-offset", "--no-reuse-delta"):
        packed = subprocess.run(
            ["git", "pack-objects", "--stdout", "--revs", "--all", "-q", offset, "--window=50"],
            cwd=work,
            input=b"HEAD\n",
            capture_output=True,
            check=True,
        ).stdout
        objects = read_pack(packed)
        commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=work, capture_output=True, check=True).stdout.strip()
        assert {one.path for one in files(objects, commit)} >= {"README.md", "deploy/run.sh"}
        listed = subprocess.run(
            ["git", "rev-list", "--objects", "--all", "--no-object-names"], cwd=work, capture_output=True, check=True
        ).stdout.split()
        assert set(objects) == set(listed)


def test_a_chain_of_differences_is_followed_whatever_its_order() -> None:
    contents = [b"%064d" % i for i in range(3000)]
    deltas = [
        entry(BY_ID, number(64) + number(64) + bytes([64]) + after, origin=id_of(b"blob", before))
        for before, after in itertools.pairwise(contents)
    ]
    begun = time.process_time()
    objects = read_pack(pack(*reversed(deltas), entry(BLOB, contents[0])))
    assert {found.content for found in objects.values()} == set(contents)
    assert time.process_time() - begun < 5


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_no_bytes_break_a_difference(origin: bytes, delta: bytes) -> None:
    limits: list[int] = []
    try:
        made = apply_delta(origin, delta, limits.append)
    except (Refused, IndexError):
        return
    assert len(made) == limits[0]


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(tail: bytes) -> None:
    for data in (tail, pack(tail), pack(entry(BLOB, b"x"), tail)):
        try:
            read_pack(data)
        except Refused:
            continue


LARGE = entry(BLOB, b"\0" * 0x10000)
ATTACKS: dict[str, tuple[Callable[[], bytes], str]] = {
    "no pack": (lambda: b"hello" * 10, "no pack"),
    "nothing": (lambda: b"", "damaged"),
    "many objects": (lambda: pack(count=MOST_OBJECTS + 1), "more than 100000"),
    "more than there are": (lambda: pack(entry(BLOB, b"x"), count=5), "damaged"),
    "a wrong sum": (lambda: pack(entry(BLOB, b"x"))[:-1] + b"?", "its sum is wrong"),
    "a large object": (lambda: pack(entry(BLOB, b"x", size=LARGEST_OBJECT + 1)), "more than 33554432"),
    "an object larger than it says": (lambda: pack(entry(BLOB, b"\0" * 50_000_000, size=10)), "larger than it says"),
    "an object smaller than it says": (lambda: pack(entry(BLOB, b"x", size=10)), "smaller than it says"),
    "an endless size": (lambda: pack(b"\xff" * 40), "a size is endless"),
    "a kind that is none": (lambda: pack(entry(5, b"x")), "no kind of object 5"),
    "large together": (lambda: pack(*[entry(BLOB, b"\0" * 16_000_000)] * 9), "more than 134217728"),
    "a difference that is large": (
        lambda: pack(LARGE, entry(BY_ID, copies(1000), origin=id_of(b"blob", b"\0" * 0x10000))),
        "more than 33554432",
    ),
    "many differences that are large": (
        lambda: pack(LARGE, *[entry(BY_ID, copies(400), origin=id_of(b"blob", b"\0" * 0x10000))] * 9),
        "more than 134217728",
    ),
    "a difference that says it is small": (
        lambda: pack(LARGE, entry(BY_ID, number(0x10000) + number(1) + b"\x80", origin=id_of(b"blob", b"\0" * 0x10000))),
        "does not fit",
    ),
    "a difference from nothing": (lambda: pack(entry(BY_ID, b"\0\0", origin=b"\1" * 20)), "not in it"),
    "a difference from before the pack": (lambda: pack(entry(BY_OFFSET, b"\0\0", origin=b"\x7f")), "not in it"),
    "a difference from far before": (lambda: pack(entry(BY_OFFSET, b"\0\0", origin=b"\xff" * 9)), "outside of it"),
    "a difference from itself": (lambda: pack(entry(BY_OFFSET, b"\0\0", origin=b"\0")), "not in it"),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused_within_bounds(attack: str) -> None:
    make, said = ATTACKS[attack]
    data = make()
    tracemalloc.start()
    with pytest.raises(Refused, match=said):
        read_pack(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200_000_000


def tree(*entries: tuple[str, str, bytes]) -> bytes:
    """A folder: mode, name and id of each thing in it."""
    return b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(id_.decode()) for mode, name, id_ in entries)


ONE, TWO = b"1" * 40, b"2" * 40


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (tree(("40000", "a", ONE)), "more than 100 deep"),
        (tree(("100644", "..", TWO)), "not permitted"),
        (tree(("100644", "a/b", TWO)), "not permitted"),
        (tree(("40000", ".GIT", TWO)), "not permitted"),
        (tree(("100644", "a\\b", TWO)), "leads out"),
        (tree(("100644", "a\nb", TWO)), "is not a path"),
        (tree(("100644", "a", b"3" * 40)), "lacks the blob"),
        (tree(("100644", "a", ONE)), "lacks the blob"),
        (tree(("100644", "a", TWO))[:-3], "ends early"),
        (b"100644 \xff\xfe\0" + b"\2" * 20, "not UTF-8"),
        (b"what a\0" + b"\2" * 20, "no known kind"),
    ],
)
def test_a_wrong_tree_is_refused(content: bytes, said: str) -> None:
    objects = {b"c": Found(b"commit", b"tree " + ONE), ONE: Found(b"tree", content), TWO: Found(b"blob", b"x")}
    with pytest.raises(GennakerError, match=said):
        files(objects, b"c")


def test_a_tree_of_the_same_trees_is_counted() -> None:
    """Ten folders that are ten times the same folder, and so on: a hundred million files in a kilobyte."""
    objects = {b"c": Found(b"commit", b"tree " + b"0" * 40), b"8" * 40: Found(b"blob", b"x")}
    for level in range(8):
        inside = ("40000" if level < 7 else "100644", b"%d" % (level + 1) * 40)
        objects[b"%d" % level * 40] = Found(b"tree", tree(*((inside[0], f"f{i}", inside[1]) for i in range(10))))
    with pytest.raises(Refused, match=f"more than {LIMITS.entries} files"):
        files(objects, b"c")


def test_a_large_file_in_many_places_is_counted() -> None:
    objects = {
        b"c": Found(b"commit", b"tree " + ONE),
        ONE: Found(b"tree", tree(*(("100644", f"f{i}", TWO) for i in range(20)))),
        TWO: Found(b"blob", b"\0" * 10_000_000),
    }
    with pytest.raises(Refused, match="bytes: name a folder"):
        files(objects, b"c")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Found(b"blob", b"x"), "expected a commit"),
        (Found(b"commit", b"parent x"), "names nothing"),
        (Found(b"tag", b"object c"), "a tag of a tag"),
    ],
)
def test_what_is_no_commit_is_refused(found: Found, said: str) -> None:
    with pytest.raises(Refused, match=said):
        files({b"c": found}, b"c")
    with pytest.raises((Refused, NotFound), match="lacks the object"):
        files({}, b"c")
