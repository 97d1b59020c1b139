"""Which environment variables set which key.

Separate because names of variables have no dots and no lower case, and because other programs' variables may look like ours.
"""

from collections.abc import Iterator, Mapping

from gennaker.config.problems import Problem, did_you_mean
from gennaker.config.text import FromText
from gennaker.config.yaml_reader import Path_

PREFIX = "GENNAKER_"
#: Top-level keys that are one value; the home folder and the file itself are read before anything else.
SINGLE = ("roles", "plugins_dir")


def variables(environ: Mapping[str, str]) -> Iterator[tuple[str, Path_, FromText]]:
    """Each variable that sets a key: `(variable, path, text)`.

    `GENNAKER_<SECTION>__<KEY>`, with two underscores for each dot. A name without two underscores that is no top-level key is left
    alone: service managers and clusters set such names (`GENNAKER_PORT`), and the command line has its own.
    """
    for name in sorted(environ):
        if not name.startswith(PREFIX):
            continue
        parts = tuple(part.lower() for part in name.removeprefix(PREFIX).split("__"))
        if len(parts) > 1 or parts[0] in SINGLE:
            yield name, parts, FromText(environ[name])


def unknown(name: str, path: Path_, sections: tuple[str, ...]) -> Problem:
    """What to say of a variable that names no section."""
    return Problem(
        file=f"environment variable {name}",
        message=f"there is no section {path[0]!r}{did_you_mean(str(path[0]), sections)}",
        expected="one of " + ", ".join(sections),
    )
