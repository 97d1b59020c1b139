"""Git repositories over HTTP, of any forge, as artifacts of the type `git/repo`."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from gennaker.config.settings import SECRET
from gennaker.core.artifacts.account import ArtifactAccount
from gennaker.core.artifacts.hosts import origin
from gennaker.core.hookspecs import hookimpl
from gennaker.plugins.git.account import Repositories


class Account(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account for repositories: with a password (or token) for some hosts, or without for any."""

    name: Annotated[str, Meta(min_length=1, description="what `artifactAccount` says")]
    hosts: Annotated[
        tuple[str, ...],
        Meta(description="hosts of the repositories, such as github.com; an account with a password needs them"),
    ] = ()
    username: Annotated[
        str, Meta(min_length=1, description="user of basic authentication; forges that are given a token take any")
    ] = "x-access-token"
    password: Annotated[
        str, Meta(description="password or access token, best as a secret reference", extra_json_schema=SECRET)
    ] = ""

    def __post_init__(self) -> None:
        for entry in self.hosts:
            origin(entry)
        if self.password and not self.hosts:
            raise ValueError("has a password and no hosts: expected the hosts that get the password")

    def __repr__(self) -> str:
        return f"Account(name={self.name!r}, hosts={self.hosts!r})"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `plugins.git`."""

    accounts: Annotated[tuple[Account, ...], Meta(description="accounts for git/repo artifacts")] = ()


@hookimpl
def gennaker_settings() -> type[Settings]:
    """The section `plugins.git` of the configuration."""
    return Settings


@hookimpl
def gennaker_artifacts(settings: Settings) -> Sequence[ArtifactAccount]:
    """The configured accounts."""
    return [Repositories(one.name, one.hosts, one.username, one.password) for one in settings.accounts]
