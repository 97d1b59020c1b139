"""Fixtures for tests that start the real daemon; see `daemons`."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from daemons import ROOT, Daemon


@pytest.fixture
def new_daemon(tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    """Makes daemons that are gone after the test."""
    made: list[Daemon] = []

    def make(settings: str = "", **environment: str) -> Daemon:
        made.append(Daemon(tmp_path / f"home{len(made)}", settings, **environment))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A fresh daemon with default settings, shared by the tests of a file; SIGTERM ends it with 0."""
    made = Daemon(tmp_path_factory.mktemp("home")).start()
    yield made
    code = made.stop()
    log = made.log.read_text()
    made.close()
    assert code == 0, log[-3000:]
    problems = [line for line in log.splitlines() if "Traceback" in line]
    assert not problems, problems[0][-1500:]


@pytest.fixture(scope="session")
def blocks() -> Callable[[str, str], list[str]]:
    """The code blocks of one language in a document of the repository."""

    def found(document: str, language: str) -> list[str]:
        text = (ROOT / document).read_text()
        return [match[1] for match in re.finditer(rf"^```{language}\n(.*?)^```", text, re.M | re.S)]

    return found
