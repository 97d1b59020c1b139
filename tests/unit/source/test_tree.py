"""Which files of a folder are read, and what a folder cannot do to whoever reads it."""

import os
from pathlib import Path

import pytest

from gennaker.core.errors import InvalidRequest
from gennaker.core.source import tree
from gennaker.core.source.tree import MAX_FILE, MAX_FILES, MAX_TOTAL, read_place, tree_of


def written(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("{}")
    return root


def told(root: Path) -> list[str]:
    return [str(problem) for problem in read_place(root).problems]


def test_json_and_yaml_are_read_at_any_depth_and_nothing_hidden(tmp_path: Path) -> None:
    wanted = ["a.json", "b/c/d.yml", "b/e.yaml"]
    written(tmp_path, *wanted, "README.md", ".github/workflows/x.yaml", "b/.hidden.yaml", "json")
    found = read_place(tmp_path)
    assert (sorted(found.files), found.problems) == (wanted, ())


def test_one_file_is_read_as_if_its_folder_was(tmp_path: Path) -> None:
    written(tmp_path, "shop/a.json", "shop/b.json")
    assert list(read_place(tmp_path / "shop" / "a.json").files) == ["shop/a.json"]


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidRequest, match=r"nowhere: cannot be read \(No such file or directory\); expected a folder"
    ):
        read_place(tmp_path / "nowhere")


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    root = written(tmp_path / "root", "a.json")
    written(tmp_path, "secret.json")
    (root / "out.json").symlink_to(tmp_path / "secret.json")
    (root / "up.json").symlink_to("../secret.json")
    assert list(read_place(root).files) == ["a.json"]
    assert told(root) == [
        "out.json: is a link that leads out of the folder; expected a file",
        "up.json: is a link that leads out of the folder; expected a file",
    ]


def test_a_folder_beside_with_a_longer_name_is_out_too(tmp_path: Path) -> None:
    root = written(tmp_path / "root", "a.json")
    written(tmp_path / "root2", "b.json")
    (root / "b.json").symlink_to(tmp_path / "root2" / "b.json")
    assert "leads out" in told(root)[0]


def test_links_inside_are_read_as_a_mounted_configmap_needs(tmp_path: Path) -> None:
    written(tmp_path, "..2026/a.json")
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "a.json").symlink_to("..data/a.json")
    found = read_place(tmp_path)
    assert (list(found.files), found.problems) == (["a.json"], ())


def test_a_link_to_a_folder_is_a_problem_and_no_circle(tmp_path: Path) -> None:
    written(tmp_path, "a/b.json")
    (tmp_path / "again").symlink_to(".")
    assert told(tmp_path) == ["again: is a link, and links to folders are not followed; expected the folder itself"]


def test_a_link_to_itself_and_one_to_nothing_are_problems(tmp_path: Path) -> None:
    (tmp_path / "self.json").symlink_to("self.json")
    (tmp_path / "gone.json").symlink_to("nothing.json")
    gone, itself = told(tmp_path)
    assert gone == "gone.json: cannot be read (No such file or directory); expected a file that can"
    assert itself.startswith("self.json: cannot be read (")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    assert told(tmp_path) == ["pipe.json: is no ordinary file; expected a file"]


def test_a_folder_that_cannot_be_gone_into_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, "a.json", "locked/b.json")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert list(read_place(tmp_path).files) == ["a.json"]
    assert told(tmp_path) == ["locked: cannot be read (Permission denied); expected a folder that can"]


def test_of_a_giant_file_only_so_much_is_kept_that_it_is_seen_to_be_one(tmp_path: Path) -> None:
    with (tmp_path / "giant.json").open("wb") as file:
        file.truncate(1 << 34)
    assert len(read_place(tmp_path).files["giant.json"]) == MAX_FILE + 1


def test_too_many_files_and_too_many_bytes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidRequest, match=f"holds {MAX_FILES + 1} files"):
        tree_of({f"{number}.json": b"" for number in range(MAX_FILES + 1)})
    with pytest.raises(InvalidRequest, match=f"expected at most {MAX_FILES} files and {MAX_TOTAL} bytes"):
        tree_of({f"{number}.json": b"x" * MAX_FILE for number in range(MAX_TOTAL // MAX_FILE + 1)})
    written(tmp_path, "a.json", "b.json", "c.txt")
    monkeypatch.setattr(tree, "MAX_FILES", 1)
    with pytest.raises(InvalidRequest, match="holds more definitions than are read"):
        read_place(tmp_path)
    monkeypatch.setattr(tree, "_MAX_NAMES", 2)
    with pytest.raises(InvalidRequest, match="holds more than 2 names"):
        read_place(tmp_path)


def test_the_digest_knows_names_and_content_and_no_order() -> None:
    one = tree_of({"a.json": b"1", "b.json": b"2"})
    assert one.digest == tree_of({"b.json": b"2", "a.json": b"1", "README": b"other"}).digest
    others = [tree_of(files).digest for files in ({"a.json": b"1"}, {"a.json": b"2", "b.json": b"1"}, {})]
    assert len({one.digest, *others}) == 4
