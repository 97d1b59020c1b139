"""The section `plugins.follow`: what is followed, and what that may change.

Separate so that the configuration can be read, and its schema shown, without what does the work.
"""

from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta, Struct


class Followed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A source of definitions: a branch of a repository, or a folder on this machine."""

    name: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$",
            description="what its pipelines are marked with; another name is another source",
        ),
    ]
    repository: Annotated[str, Meta(description="http(s) URL of a git repository; empty for a folder")] = ""
    branch: Annotated[str, Meta(description="branch, tag or commit; the repository's own branch when empty")] = ""
    path: Annotated[str, Meta(description="folder in the repository; the whole when empty")] = ""
    account: Annotated[str, Meta(description="artifact account that may read the repository")] = ""
    directory: Annotated[str, Meta(description="absolute path of a folder on this machine, instead")] = ""
    every: Annotated[float, Meta(ge=1, le=86_400, description="seconds between two looks")] = 60.0
    prune: Annotated[bool, Meta(description="delete pipelines that it saved and that it no longer holds")] = False
    overwrite: Annotated[
        bool, Meta(description="also replace pipelines that were made by hand, or changed by hand since it saved them")
    ] = False

    @property
    def folder(self) -> str:
        """The path in its one spelling."""
        return "/".join(part for part in self.path.split("/") if part not in ("", "."))

    def __post_init__(self) -> None:
        """Refuse what could never be followed."""
        if bool(self.repository) == bool(self.directory):
            raise ValueError(f"source {self.name!r} needs either a repository or a directory, not both or none")
        if self.directory and (self.branch or self.path or self.account):
            raise ValueError(f"source {self.name!r} is a directory; branch, path and account are of repositories")
        if self.directory and not self.directory.startswith("/"):
            raise ValueError(f"source {self.name!r}: directory is {self.directory!r}; expected an absolute path")
        if self.repository:
            self._check_repository()

    def _check_repository(self) -> None:
        url = urlsplit(self.repository)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ValueError(f"source {self.name!r}: repository is {self.repository!r}; expected an http(s) URL")
        if "@" in url.netloc:
            raise ValueError(f"source {self.name!r}: repository holds a login; expected it in an artifact account")
        if self.path.startswith("/") or ".." in self.path.split("/"):
            raise ValueError(f"source {self.name!r}: path is {self.path!r}; expected a folder inside the repository")
        if self.branch.startswith("-"):
            raise ValueError(f"source {self.name!r}: branch is {self.branch!r}; expected the name of a branch")


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `plugins.follow`."""

    sources: Annotated[tuple[Followed, ...], Meta(description="what is followed")] = ()

    def __post_init__(self) -> None:
        """A name is one source."""
        names = [source.name for source in self.sources]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two sources are called {twice[0]!r}; expected a name of its own for each")
