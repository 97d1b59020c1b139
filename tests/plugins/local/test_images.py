"""Images: found, tagged, unpacked, and refused when they are not what they should be."""

import json
from pathlib import Path

import pytest

from gennaker.core.archive import Item, write_archive
from gennaker.core.cloud.provider import ImageQuery
from gennaker.core.errors import InvalidRequest, NotFound
from gennaker.plugins.local.images import Images


@pytest.fixture
def images(tmp_path: Path) -> Images:
    (tmp_path / "images").mkdir()
    return Images(tmp_path / "images", tmp_path / "unpacked")


def manifest(name: str, **more: object) -> bytes:
    return json.dumps({"name": name, "command": ["./run"], **more}).encode()


def folder(root: Path, id_: str, content: bytes) -> None:
    (root / "images" / id_).mkdir()
    (root / "images" / id_ / "image.json").write_bytes(content)


def archive(root: Path, id_: str, content: bytes) -> None:
    items = [Item(path="image.json", content=content), Item(path="run", content=b"#!/bin/sh\n"), Item(path="d/x")]
    (root / "images" / f"{id_}.tar.gz").write_bytes(write_archive(items))


def test_images_are_found_by_name_and_tags_newest_first(images: Images, tmp_path: Path) -> None:
    folder(tmp_path, "shop-1", manifest("shop", created=1, tags={"stack": "test"}))
    archive(tmp_path, "shop-2", manifest("shop", created=2))
    folder(tmp_path, "other", manifest("other", created=3))
    folder(tmp_path, "broken", b"{}")
    assert [one.id for one in images.find(ImageQuery())] == ["other", "shop-2", "shop-1"]
    assert [one.id for one in images.find(ImageQuery(name="sho*"))] == ["shop-2", "shop-1"]
    assert [one.id for one in images.find(ImageQuery(tags={"stack": "test"}))] == ["shop-1"]


def test_tags_are_kept_for_folders_and_archives(images: Images, tmp_path: Path) -> None:
    folder(tmp_path, "a", manifest("a", team="kept"))
    archive(tmp_path, "b", manifest("b", tags={"old": "1"}))
    before = [(one.id, one.created) for one in images.find(ImageQuery())]
    images.tag(["a", "b"], {"stage": "prod"})
    assert [one.id for one in images.find(ImageQuery(tags={"stage": "prod"}))] == [id_ for id_, _ in before]
    assert [(one.id, one.created) for one in images.find(ImageQuery())] == before
    assert images.find(ImageQuery(name="b"))[0].tags == {"old": "1", "stage": "prod"}
    assert json.loads((tmp_path / "images" / "a" / "image.json").read_text())["team"] == "kept"


def test_an_archive_is_unpacked_once_with_what_can_be_run(images: Images, tmp_path: Path) -> None:
    archive(tmp_path, "shop", manifest("shop"))
    image, about, place = images.take("shop")
    assert (image.id, about.command, place.parent) == ("shop", ("./run",), tmp_path / "unpacked")
    assert (place / "run").stat().st_mode & 0o100
    assert (place / "d" / "x").read_bytes() == b""
    assert images.take("shop")[2] == place


def test_an_image_is_taken_by_id_or_by_name_then_the_newest(images: Images, tmp_path: Path) -> None:
    folder(tmp_path, "shop-1", manifest("shop", created=1))
    folder(tmp_path, "shop-2", manifest("shop", created=2))
    assert images.take("shop")[0].id == "shop-2"
    assert images.take("shop-1")[0].id == "shop-1"


@pytest.mark.parametrize("wanted", ["../images/shop", "/etc", "shop/..", "", ".hidden", "a*"])
def test_no_other_folder_is_reached(images: Images, wanted: str) -> None:
    with pytest.raises(InvalidRequest, match="no name of an image"):
        images.take(wanted)


def test_what_is_not_there_is_told_with_the_place(images: Images, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=f"no image 'shop' in {tmp_path}"):
        images.take("shop")


@pytest.mark.parametrize(
    "content",
    [
        b"not json",
        manifest("", command=["x"]),
        json.dumps({"name": "x"}).encode(),
        json.dumps({"name": "x", "command": "sh -c x"}).encode(),
        manifest("x", port="NOT A NAME"),
        manifest("x", health={"path": "no slash"}),
        manifest("x", health={"path": "/a b\r\nX: y"}),
        manifest("x", health={"pth": "/"}),
        manifest("x", command=["a\0b"]),
    ],
)
def test_a_manifest_that_says_nonsense_is_refused(images: Images, tmp_path: Path, content: bytes) -> None:
    folder(tmp_path, "x", content)
    with pytest.raises(InvalidRequest, match=r"image\.json"):
        images.take("x")


def test_an_archive_that_leads_out_is_refused(images: Images, tmp_path: Path) -> None:
    (tmp_path / "images" / "x.tar.gz").write_bytes(b"\x1f\x8bnonsense")
    with pytest.raises(InvalidRequest, match=r"x\.tar\.gz"):
        images.take("x")
