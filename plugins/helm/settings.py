"""The section `plugins.helm` of the configuration.

Separate because it is what an operator writes.
"""

import re
from typing import Annotated

from msgspec import Meta, Struct

from gennaker.config.settings import SECRET
from gennaker.core.artifacts.hosts import origin


class Account(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A repository, and who asks it."""

    name: Annotated[str, Meta(min_length=1, description="what artifactAccount in a pipeline says")]
    repository: Annotated[str, Meta(description="https://host/path of the repository: where its index.yaml is")]
    username: Annotated[str, Meta(pattern="^[^:]*$", description="user name; empty asks as nobody in particular")] = ""
    password: Annotated[str, Meta(description="password, best as a secret reference", extra_json_schema=SECRET)] = ""
    max_index: Annotated[
        int,
        Meta(
            ge=1024,
            le=64 * 1024 * 1024,
            description="largest index, in bytes; reading one takes some 40 times as much memory",
        ),
    ] = 8 * 1024 * 1024

    def __post_init__(self) -> None:
        """Refuse what could never be called."""
        if bool(self.username) != bool(self.password):
            raise ValueError("username and password belong together: one of them is missing")
        origin(self.repository)
        if not re.fullmatch(r"https?://[^?#]+(?<!\.yaml)", self.repository):
            raise ValueError(f"repository: {self.repository!r} was given; expected the URL of the folder of index.yaml")

    def __repr__(self) -> str:
        return f"Account(name={self.name!r}, repository={self.repository!r}, username={self.username!r})"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `plugins.helm`."""

    accounts: Annotated[tuple[Account, ...], Meta(description="artifact accounts for helm/chart")] = ()
