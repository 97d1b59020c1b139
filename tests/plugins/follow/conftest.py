"""A real store, a folder, and artifacts that a test makes up."""

import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gennaker.core.archive import Item, write_archive
from gennaker.core.errors import GennakerError
from gennaker.core.services import Json, Services
from gennaker.core.store.database import Database
from gennaker.core.store.definitions import SqlDefinitions
from gennaker.core.store.sources import SqlSources
from gennaker.core.testing.clock import Clock
from gennaker.plugins.follow.follower import Follower
from gennaker.plugins.follow.settings import Followed


class Repository:
    """`services.Artifacts` with one repository, whose files a test changes."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.asked: list[Json] = []
        self.error: GennakerError | None = None
        self.while_fetching: Callable[[], Any] = lambda: None
        self.answer: bytes | None = None

    def accounts(self) -> list[Json]:
        return []

    def names(self, account: str, type_: str) -> list[str]:
        return []

    def versions(self, account: str, type_: str, name: str) -> list[str]:
        return []

    def fetch(self, artifact: Json) -> bytes:
        self.asked.append(artifact)
        files = dict(self.files)
        self.while_fetching()
        if self.error:
            raise self.error
        return self.answer or write_archive(Item(path=path, content=text.encode()) for path, text in files.items())


class World:
    """Everything around a follower."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.clock = Clock()
        self.database = database
        self.definitions = SqlDefinitions(database, self.clock)
        self.sources = SqlSources(database, self.clock)
        self.repository = Repository()
        self.folder = folder
        self.services = Services(
            definitions=self.definitions, sources=self.sources, artifacts=self.repository, clock=self.clock
        )

    def follower(self, services: Services | None = None, **settings: Any) -> Follower:
        return Follower(Followed(name="team", **settings), services or self.services)

    def in_git(self, **settings: Any) -> Follower:
        return self.follower(repository="https://git.example/team/pipelines.git", branch="main", **settings)

    def in_folder(self, **settings: Any) -> Follower:
        return self.follower(directory=str(self.folder), **settings)

    def write(self, path: str, text: str) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text)

    def stored(self) -> dict[str, Json]:
        return {one["name"]: one for one in self.definitions.pipelines()}


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database to copy."""
    path = tmp_path_factory.mktemp("follow") / "empty.db"
    Database.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def world(tmp_path: Path, empty_database: Path, caplog: pytest.LogCaptureFixture) -> Iterator[World]:
    caplog.set_level(logging.INFO, "gennaker.plugins.follow")
    shutil.copy(empty_database, tmp_path / "follow.db")
    database = Database.open(f"sqlite:///{tmp_path}/follow.db", synchronous="NORMAL")
    (tmp_path / "pipelines").mkdir()
    yield World(database, tmp_path / "pipelines")
    database.close()
