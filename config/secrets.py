"""Secret references: a value that says where the secret is, instead of being it.

`secret:env:NAME` is an environment variable, `secret:file:/path` the text of a file (a final line end is dropped; a relative path
starts at the configuration file's folder). Separate because it is the one place where secrets enter.
"""

from collections.abc import Mapping
from pathlib import Path

from gennaker.config.text import SecretText

PREFIX = "secret:"
MAX_BYTES = 64 * 1024


class SecretMissing(Exception):
    """A reference leads nowhere. `message` never has the secret; `expected` says what is needed."""

    def __init__(self, message: str, expected: str) -> None:
        super().__init__(message)
        self.message = message
        self.expected = expected


def resolve(reference: str, environ: Mapping[str, str], folder: Path) -> SecretText:
    """The secret that a reference names. Raises SecretMissing."""
    kind, _, name = reference.removeprefix(PREFIX).partition(":")
    if kind == "env" and name:
        if not environ.get(name):
            raise SecretMissing(f"the environment variable {name} is not set", f"{name} to be set and not empty")
        return SecretText(environ[name])
    if kind == "file" and name:
        return _file(folder / Path(name).expanduser())
    raise SecretMissing(f"{PREFIX}{kind}: is not a kind of secret", "secret:env:NAME or secret:file:/path")


def _file(path: Path) -> SecretText:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        text = data.decode().removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise SecretMissing(f"{path} cannot be read ({error.strerror})", "a readable file") from error
    except UnicodeDecodeError as error:
        raise SecretMissing(f"{path} is not text", "UTF-8 text") from error
    if not text or len(data) > MAX_BYTES:
        raise SecretMissing(f"{path} is {'too large' if text else 'empty'}", f"a secret of at most {MAX_BYTES} bytes")
    return SecretText(text)
