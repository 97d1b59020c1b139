"""GitLab: files of repositories, as artifacts of the type `gitlab/file`."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from gennaker.config.settings import SECRET
from gennaker.core.artifacts.account import ArtifactAccount
from gennaker.core.artifacts.hosts import origin
from gennaker.core.artifacts.web_file import WebFiles
from gennaker.core.hookspecs import hookimpl


class Account(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account of a GitLab."""

    name: Annotated[str, Meta(min_length=1, description="what `artifactAccount` says")]
    token: Annotated[
        str,
        Meta(description="access token, best as a secret reference; none for public files", extra_json_schema=SECRET),
    ] = ""
    host: Annotated[str, Meta(min_length=1, description="host of the GitLab")] = "gitlab.com"

    def __post_init__(self) -> None:
        origin(self.host)

    def __repr__(self) -> str:
        return f"Account(name={self.name!r}, host={self.host!r})"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `plugins.gitlab`."""

    accounts: Annotated[tuple[Account, ...], Meta(description="accounts for gitlab/file artifacts")] = ()


@hookimpl
def gennaker_settings() -> type[Settings]:
    """The section `plugins.gitlab` of the configuration."""
    return Settings


@hookimpl
def gennaker_artifacts(settings: Settings) -> Sequence[ArtifactAccount]:
    """The configured accounts."""
    return [_files(one) for one in settings.accounts]


def _files(account: Account) -> WebFiles:
    return WebFiles(
        account.name,
        ["gitlab/file"],
        hosts=[account.host],
        headers={"PRIVATE-TOKEN": account.token} if account.token else {},
        version_parameter="ref",
        expected="the file's raw URL, such as "
        "https://gitlab.com/api/v4/projects/acme%2Fshop/repository/files/deploy.yml/raw",
    )
