"""A real git server with a repository."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from git_server import GitServer, git


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A repository `shop` with two commits on `main`, a branch, tags, a submodule and links."""
    folder = tmp_path / "served" / "shop"
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    (folder / "README.md").write_text("first\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    git(folder, "tag", "light")
    git(folder, "tag", "-am", "a release", "v1.0")
    (folder / "README.md").write_text("second\n" * 400)
    (folder / "deploy" / "base").mkdir(parents=True)
    (folder / "deploy" / "base" / "app.yaml").write_text("kind: Deployment\n")
    (folder / "deploy" / "run.sh").write_text("#!/bin/sh\n")
    (folder / "deploy" / "run.sh").chmod(0o755)
    (folder / "deploy" / "inside").symlink_to("base/app.yaml")
    (folder / "deploy" / "outside").symlink_to("../../../etc/passwd")
    (folder / "deploy" / "absolute").symlink_to("/etc/passwd")
    git(folder, "add", ".")
    git(folder, "update-index", "--add", "--cacheinfo", f"160000,{git(folder, 'rev-parse', 'HEAD')},vendor")
    git(folder, "commit", "-qm", "second")
    git(folder, "branch", "feature/x")
    return folder


@pytest.fixture
def server(work: Path) -> Iterator[GitServer]:
    server = GitServer(work.parent)
    yield server
    server.close()
