"""Bitbucket, cloud and Data Center: files of repositories, as artifacts of the type `bitbucket/file`."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from gennaker.config.settings import SECRET
from gennaker.core.artifacts.account import ArtifactAccount
from gennaker.core.artifacts.hosts import origin
from gennaker.core.artifacts.web_file import WebFiles, credentials
from gennaker.core.hookspecs import hookimpl

_CLOUD = "api.bitbucket.org"


class Account(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account of a Bitbucket: a user and (app) password, or a token."""

    name: Annotated[str, Meta(min_length=1, description="what `artifactAccount` says")]
    username: Annotated[str, Meta(description="user of basic authentication")] = ""
    password: Annotated[
        str, Meta(description="password or app password, best as a secret reference", extra_json_schema=SECRET)
    ] = ""
    token: Annotated[str, Meta(description="access token, best as a secret reference", extra_json_schema=SECRET)] = ""
    host: Annotated[str, Meta(min_length=1, description="host of the REST interface; of a Data Center its own")] = (
        _CLOUD
    )

    def __post_init__(self) -> None:
        origin(self.host)
        if self.token and self.username:
            raise ValueError("has both a token and a user: expected one of them")

    def __repr__(self) -> str:
        return f"Account(name={self.name!r}, host={self.host!r})"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `plugins.bitbucket`."""

    accounts: Annotated[tuple[Account, ...], Meta(description="accounts for bitbucket/file artifacts")] = ()


@hookimpl
def gennaker_settings() -> type[Settings]:
    """The section `plugins.bitbucket` of the configuration."""
    return Settings


@hookimpl
def gennaker_artifacts(settings: Settings) -> Sequence[ArtifactAccount]:
    """The configured accounts."""
    return [_files(one) for one in settings.accounts]


def _files(account: Account) -> WebFiles:
    return WebFiles(
        account.name,
        ["bitbucket/file"],
        hosts=[account.host],
        headers=credentials(account.username, account.password, account.token),
        # In the cloud the version is a part of the reference's path.
        version_parameter="" if account.host == _CLOUD else "at",
        expected=f"the file's URL, such as https://{_CLOUD}/2.0/repositories/acme/shop/src/main/deploy.yml",
    )
