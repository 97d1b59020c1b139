"""Writes the package of a new plugin.

Separate from the command because it only makes files: a package that installs, runs a stage and passes its own tests.
"""

import keyword
import re
import sys
from importlib.resources import files
from pathlib import Path
from string import Template

from gennaker.core.errors import Conflict, InvalidRequest

#: Template to file, of the plugin's package folder where it begins with `$`.
_FILES = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "init.py": "$package/__init__.py",
    "stages.py": "$package/stages.py",
    "test_stages.py": "tests/test_stages.py",
}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")


def write_plugin(name: str, folder: Path) -> list[Path]:
    """Write `gennaker-<name>/` into a folder; returns the files. Raises InvalidRequest for a bad name, Conflict for a folder that exists."""
    if not _NAME.fullmatch(name) or keyword.iskeyword(name) or name in sys.stdlib_module_names or name == "gennaker":
        raise InvalidRequest(f"{name!r} cannot name a plugin: expected one lower-case word such as `slack`", "NAME")
    root = folder / f"gennaker-{name}"
    if root.exists():
        raise Conflict(f"{root} exists already: choose another name or folder")
    words = {"name": name, "package": f"gennaker_{name}", "class": "".join(map(str.capitalize, name.split("_")))}
    written = []
    for template, target in _FILES.items():
        text = (files("gennaker.core.cli") / "templates" / "plugin" / f"{template}.tmpl").read_text("utf-8")
        path = root / Template(target).substitute(words)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Template(text).substitute(words), "utf-8")
        written.append(path)
    return written
