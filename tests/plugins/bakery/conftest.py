"""A bakery with the real Packer, and images for this machine."""

import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gennaker.core.services import Services
from gennaker.core.testing import Rig, Trouble
from gennaker.plugins.bakery import gennaker_stages
from gennaker.plugins.bakery.settings import Settings

MANIFEST = {"command": ["python3", "app.py"], "health": {"path": "/"}}


def packed(files: dict[str, str]) -> bytes:
    """A gzipped tar."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return raw.getvalue()


@pytest.fixture(scope="session")
def packer() -> str:
    """The real Packer; a CI run without it is an error, not a skip."""
    for place in os.environ["PATH"].split(":"):
        if os.access(Path(place, "packer"), os.X_OK):
            return str(Path(place, "packer"))
    if os.environ.get("CI") == "true":
        pytest.fail("Packer is not installed; scripts/install-packages servers installs it")
    pytest.skip("Packer is not installed; scripts/install-packages servers installs it")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with packages beside it."""
    packages = tmp_path / "packages"
    packages.mkdir()
    for version in ("1.0", "2.0"):
        files = {"app.py": f"print('{version}')\n", "image.json": json.dumps(MANIFEST)}
        (packages / f"shop_{version}.tar.gz").write_bytes(packed(files))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def settings(home: Path, packer: str) -> Callable[..., Settings]:
    """Makes the section, for images of this machine."""

    def make(**changes: Any) -> Settings:
        return Settings(**{"packer": packer, "packages": str(home.parent / "packages"), **changes})

    return make


@pytest.fixture
def bakery(home: Path, settings: Callable[..., Settings]) -> Callable[..., Rig]:
    """Makes a bakery for one pipeline."""

    def make(
        *,
        execution: str = "TEST",
        clouds: Any = None,
        artifacts: Any = None,
        trouble: Trouble | None = None,
        **changes: Any,
    ) -> Rig:
        services = Services(settings=settings(**changes), home=home, clouds=clouds or {}, artifacts=artifacts)
        return Rig(*gennaker_stages(), services=services, id_=execution, trouble=trouble)

    return make


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    """A folder of templates of our own."""
    folder = tmp_path / "templates"
    folder.mkdir()
    return folder


@pytest.fixture
def shell() -> Callable[..., str]:
    """Makes a template that runs a few lines on this machine."""

    def make(*lines: str, **variables: str) -> str:
        given = [f"{name}={value}" for name, value in variables.items()]
        provisioner = {"type": "shell-local", "inline": list(lines), "environment_vars": given}
        names = {"image_root": "", "image_name": "", "bake_key": ""}
        builder = {"type": "null", "communicator": "none"}
        return json.dumps({"variables": names, "builders": [builder], "provisioners": [provisioner]})

    return make
