"""Where plugins come from: installed distributions (entry points `gennaker`), files in a folder, a folder of an author's own.

Separate because finding a plugin is not yet trusting it: nothing is imported here until `load` is called.
"""

import importlib.metadata
import importlib.util
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from msgspec import Struct

from gennaker.core.errors import InvalidRequest

GROUP = "gennaker"


class Candidate(Struct, frozen=True, kw_only=True):
    """A plugin that exists somewhere."""

    name: str
    version: str = ""
    #: Distribution or file.
    source: str
    #: Imports it; may raise whatever its code raises.
    load: Callable[[], ModuleType]


def candidates(folder: Path) -> list[Candidate]:
    """Installed plugins by name, then the files of `folder` (`*.py`, without those that begin with `_`) by name."""
    return [*installed(), *in_folder(folder)]


def installed() -> list[Candidate]:
    """The plugins of installed distributions; one that is seen twice on the path counts once."""
    found: dict[tuple[str, str], Candidate] = {}
    for entry in importlib.metadata.entry_points(group=GROUP):
        version = entry.dist.version if entry.dist else ""
        source = entry.dist.name if entry.dist else entry.value
        candidate = Candidate(name=entry.name, version=version, source=source, load=entry.load)
        found.setdefault((entry.name, entry.value), candidate)
    return [found[key] for key in sorted(found)]


def in_folder(folder: Path) -> list[Candidate]:
    """The single-file plugins of a folder; none when there is no such folder."""
    if not folder.is_dir():
        return []
    return [from_file(path) for path in sorted(folder.glob("*.py")) if not path.name.startswith("_")]


def from_file(path: Path) -> Candidate:
    """A plugin that is one file, or a package folder; its name is the file's."""
    return Candidate(name=path.stem, source=str(path), load=lambda: _import(path))


def _import(path: Path) -> ModuleType:
    file = path / "__init__.py" if path.is_dir() else path
    name = f"gennaker_plugin_{path.stem}"
    search = [str(path)] if path.is_dir() else None
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=search)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def from_project(folder: Path) -> list[Candidate]:
    """The plugins that a project's `pyproject.toml` declares, from its source. Raises InvalidRequest when it declares none."""
    file = folder / "pyproject.toml"
    try:
        project = tomllib.loads(file.read_text("utf-8")).get("project", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"is no TOML: {error}", str(file)) from error
    declared = project.get("entry-points", {}).get(GROUP, {})
    if not declared:
        raise InvalidRequest(f"declares no plugin: expected a table [project.entry-points.{GROUP}]", str(file))
    for source in (folder, folder / "src"):
        if source.is_dir() and str(source.resolve()) not in sys.path:
            sys.path.insert(0, str(source.resolve()))
    entries = [importlib.metadata.EntryPoint(name, value, GROUP) for name, value in sorted(declared.items())]
    version = str(project.get("version", ""))
    return [Candidate(name=entry.name, version=version, source=str(folder), load=entry.load) for entry in entries]
