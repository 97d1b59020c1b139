"""Files on web servers, as artifacts of the type `http/file`."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from gennaker.config.settings import SECRET
from gennaker.core.artifacts.account import ArtifactAccount
from gennaker.core.artifacts.hosts import origin
from gennaker.core.artifacts.web_file import WebFiles, credentials
from gennaker.core.hookspecs import hookimpl


class Account(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Credentials for some web servers: a user and password, a bearer token, or headers of any name."""

    name: Annotated[str, Meta(min_length=1, description="what `artifactAccount` says")]
    hosts: Annotated[
        tuple[str, ...],
        Meta(
            min_length=1,
            description="hosts that get the credentials, such as files.example.com (https) or http://10.1.0.5:8080",
        ),
    ]
    username: Annotated[str, Meta(description="user of basic authentication")] = ""
    password: Annotated[str, Meta(description="password, best as a secret reference", extra_json_schema=SECRET)] = ""
    token: Annotated[str, Meta(description="bearer token, best as a secret reference", extra_json_schema=SECRET)] = ""
    headers: Annotated[dict[str, str], Meta(description="further request headers, by name")] = {}

    def __post_init__(self) -> None:
        for entry in self.hosts:
            origin(entry)
        if self.token and self.username:
            raise ValueError("has both a token and a user: expected one of them")

    def __repr__(self) -> str:
        return f"Account(name={self.name!r}, hosts={self.hosts!r})"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `plugins.http`."""

    accounts: Annotated[tuple[Account, ...], Meta(description="accounts for http/file artifacts")] = ()


@hookimpl
def gennaker_settings() -> type[Settings]:
    """The section `plugins.http` of the configuration."""
    return Settings


@hookimpl
def gennaker_artifacts(settings: Settings) -> Sequence[ArtifactAccount]:
    """The configured accounts, and the one without credentials that Spinnaker has too."""
    return [WebFiles("no-auth-http-account", ["http/file"]), *(_files(one) for one in settings.accounts)]


def _files(account: Account) -> WebFiles:
    headers = {**account.headers, **credentials(account.username, account.password, account.token)}
    return WebFiles(account.name, ["http/file"], hosts=account.hosts, headers=headers)
