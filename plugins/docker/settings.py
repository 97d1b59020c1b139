"""The section `plugins.docker` of the configuration.

Separate because it is what an operator writes.
"""

import re
from typing import Annotated

from msgspec import Meta, Struct

from gennaker.config.settings import SECRET
from gennaker.core.artifacts.hosts import origin
from gennaker.core.errors import InvalidRequest
from gennaker.plugins.docker.reference import parse


class Account(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A registry, and who asks it."""

    name: Annotated[str, Meta(min_length=1, description="what artifactAccount in a pipeline says")]
    address: Annotated[str, Meta(description="https://host of the registry (http for one without TLS)")] = (
        "https://index.docker.io"
    )
    username: Annotated[str, Meta(pattern="^[^:]*$", description="user name; empty asks as nobody in particular")] = ""
    password: Annotated[
        str, Meta(description="password or access token, best as a secret reference", extra_json_schema=SECRET)
    ] = ""
    token_service: Annotated[
        str,
        Meta(
            description="https://host that gives out the registry's tokens, when it is another host than the registry: "
            "the password goes to these two and nowhere else"
        ),
    ] = ""
    repositories: Annotated[
        tuple[str, ...],
        Meta(description="repositories to list, such as org/app; empty asks the registry (Docker Hub does not tell)"),
    ] = ()

    def __post_init__(self) -> None:
        """Refuse what could never be called."""
        if bool(self.username) != bool(self.password):
            raise ValueError("username and password belong together: one of them is missing")
        for key, url in (("address", self.address), ("token_service", self.token_service or "https://x")):
            origin(url)
            if not re.fullmatch(r"(?:https?://)?[^/?#]+/?", url):
                raise ValueError(f"{key}: {url!r} was given; expected https://host (or http) without a path")
        for one in self.repositories:
            try:
                parse(f"registry.example/{one}")
            except InvalidRequest as error:
                raise ValueError(f"repositories: {one!r} is no repository; expected one such as org/app") from error

    def __repr__(self) -> str:
        return f"Account(name={self.name!r}, address={self.address!r}, username={self.username!r})"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `plugins.docker`."""

    accounts: Annotated[
        tuple[Account, ...], Meta(description="artifact accounts for docker/image, helm/image and oci/artifact")
    ] = ()
