"""Reads the configuration: defaults, then the file, then the environment, then what the caller says.

Separate because it is the only place that knows the order and where the file is looked for.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import platformdirs
from msgspec import structs

from gennaker.config import environment, secrets
from gennaker.config.checks import check
from gennaker.config.marks import secret_values
from gennaker.config.origins import Origins
from gennaker.config.problems import ConfigError, Problem
from gennaker.config.settings import SECTIONS, Settings
from gennaker.config.shape import Shape
from gennaker.config.text import FromText, SecretText
from gennaker.config.yaml_reader import Path_, dotted, plain, read

FILE_NAME = "gennaker.yaml"
#: The keys at the top of the file.
KEYS = ("home", "roles", *SECTIONS, "plugins", "plugins_dir")


def load(
    path: Path | None,
    *,
    home: Path | None = None,
    environ: Mapping[str, str],
    overrides: Mapping[str, Any] = {},
) -> Settings:
    """The settings in effect.

    `path`: the file; else `GENNAKER_CONFIG`, else `gennaker.yaml` in the home folder if it is there. `home`: the folder of the
    database; else `GENNAKER_HOME`, else the file's `home`, else the user's data folder. `overrides`: dotted keys (`server.port`).
    Raises ConfigError with every problem that was found.
    """
    given = home or (Path(environ["GENNAKER_HOME"]) if environ.get("GENNAKER_HOME") else None)
    file = _file(path, given, environ)
    reader = _Reader(file, environ)
    if file is not None:
        reader.read_file(file)
    reader.read_environment()
    for key, value in overrides.items():
        reader.put(tuple(key.split(".")), value, ("command line", None))
    reader.resolve()
    return reader.settings(given)


def default_home() -> Path:
    """The folder that is used when none is named."""
    return platformdirs.user_data_path("gennaker")


def _file(path: Path | None, home: Path | None, environ: Mapping[str, str]) -> Path | None:
    if path is not None:
        return path
    if environ.get("GENNAKER_CONFIG"):
        return Path(environ["GENNAKER_CONFIG"])
    usual = (home or default_home()) / FILE_NAME
    return usual if usual.is_file() else None


class _Reader:
    """Gathers raw values with their places, then types them."""

    def __init__(self, file: Path | None, environ: Mapping[str, str]) -> None:
        self.file = file
        self.environ = environ
        self.raw: dict[str, Any] = {}
        self.places: dict[str, tuple[str, int | None]] = {}
        self.problems: list[Problem] = []
        self.secrets: set[str] = set()

    def read_file(self, path: Path) -> None:
        """Take the file's keys; a broken file raises at once, as nothing else can be said."""
        document = read(path)
        self.places[""] = (str(path), None)
        if document.value is None:
            return
        if not isinstance(document.value, dict):
            raise ConfigError(
                [Problem(file=str(path), line=1, message="is not a set of keys", expected="key: value lines")]
            )
        self.raw = document.value
        self.places |= {dotted(where): (str(path), line) for where, line in document.lines.items() if where}

    def read_environment(self) -> None:
        """Lay the variables over the file."""
        for name, path, text in environment.variables(self.environ):
            if path[0] not in KEYS:
                self.problems.append(environment.unknown(name, path, KEYS))
            else:
                self.put(path, text, (f"environment variable {name}", None))

    def put(self, path: Path_, value: Any, place: tuple[str, int | None]) -> None:
        """Set one key, whatever was there; a mapping is laid over key by key."""
        if isinstance(value, Mapping) and value:
            for key, inner in value.items():
                self.put((*path, key), inner, place)
            return
        folder: dict[str, Any] = self.raw
        for depth, part in enumerate(path[:-1], start=1):
            if not isinstance(folder.get(str(part)), dict):
                folder[str(part)] = {}
                self.places[dotted(path[:depth])] = place
            folder = folder[str(part)]
        folder[str(path[-1])] = value
        inside = dotted(path)
        self.places = {key: at for key, at in self.places.items() if not key.startswith((f"{inside}.", f"{inside}["))}
        self.places[inside] = place

    def resolve(self) -> None:
        """Put the secrets in place of their references."""
        self.raw = {key: self._resolved(value, (key,)) for key, value in self.raw.items()}

    def _resolved(self, value: Any, path: Path_) -> Any:
        if isinstance(value, dict):
            return {key: self._resolved(inner, (*path, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._resolved(inner, (*path, index)) for index, inner in enumerate(value)]
        if not isinstance(value, str) or not value.startswith(secrets.PREFIX):
            return value
        try:
            secret = secrets.resolve(value, self.environ, self.file.parent if self.file else Path())
        except secrets.SecretMissing as error:
            self.problem(path, error.message, error.expected)
            return SecretText("")
        self.secrets.add(str(secret))
        return secret

    def problem(self, path: Path_, message: str, expected: str) -> None:
        """Note a problem where the key was set."""
        file, line = Origins(places=self.places).locate(dotted(path))
        self.problems.append(Problem(file=file, line=line, key=dotted(path), message=message, expected=expected))

    def settings(self, home: Path | None) -> Settings:
        """Everything typed and checked. Raises ConfigError."""
        broken = {problem.key for problem in self.problems}
        shape = Shape(Origins(places=self.places), self._resolved)
        shape.unknown(self.raw, KEYS, ())
        sections = {name: shape.struct(type_, self.raw.get(name), (name,)) for name, type_ in SECTIONS.items()}
        values: dict[str, Any] = {name: value for name, value in sections.items() if value is not None}
        if "roles" in self.raw:
            values["roles"] = shape.value(_annotation("roles"), self.raw["roles"], ("roles",))
        values["plugins"] = self._plugins(shape)
        configured = self._path("home", shape)
        folder = (home or configured or default_home()).expanduser().absolute()
        plugins_dir = self._path("plugins_dir", shape) or folder / "plugins.d"
        self.problems += [problem for problem in shape.problems if problem.key not in broken]
        if self.problems:
            raise ConfigError(self.problems)
        database = values["database"]
        if not database.url:
            values["database"] = structs.replace(database, url=f"sqlite:///{folder / 'gennaker.db'}")
        settings = Settings(
            home=folder,
            plugins_dir=plugins_dir.expanduser().absolute(),
            file=self.file,
            origins=Origins(places=self.places),
            secrets=frozenset(self.secrets.union(*(secret_values(values[name]) for name in SECTIONS))),
            **values,
        )
        if problems := check(settings):
            raise ConfigError(problems)
        return settings

    def _plugins(self, shape: Shape) -> dict[str, dict[str, Any]]:
        """The sections as they are, each a mapping; `enabled` is read here."""
        raw = self.raw.get("plugins") or {}
        if not isinstance(raw, dict):
            shape.add(("plugins",), "is not a set of sections", "plugins.<name>: keys of that plugin")
            return {}
        found: dict[str, dict[str, Any]] = {}
        for name, section in raw.items():
            if section is not None and not isinstance(section, dict):
                shape.add(("plugins", name), "is not a section", "the plugin's keys, or nothing")
                continue
            found[name] = dict(section or {})
            if "enabled" in found[name]:
                enabled = found[name]["enabled"]
                found[name]["enabled"] = plain(enabled) if isinstance(enabled, FromText) else enabled
                shape.value(bool, found[name]["enabled"], ("plugins", name, "enabled"))
        return found

    def _path(self, key: str, shape: Shape) -> Path | None:
        """A folder; a relative one starts at the folder of the file."""
        text = self.raw.get(key)
        if text is None or text == "":
            return None
        if not isinstance(text, str):
            shape.add((key,), f"is {text!r}", "the path of a folder")
            return None
        folder = Path(str(text)).expanduser()
        set_in_file = self.places.get(key, ("", None))[1] is not None
        return self.file.parent / folder if self.file and set_in_file else folder


def _annotation(name: str) -> Any:
    return next(one.type for one in structs.fields(Settings) if one.name == name)
