"""The section `plugins.s3` of the configuration.

Separate because it is what an operator writes.
"""

import re
from typing import Annotated

from msgspec import Meta, Struct

from gennaker.config.settings import SECRET
from gennaker.core.artifacts.hosts import origin


class Account(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who asks, and where."""

    name: Annotated[str, Meta(min_length=1, description="what artifactAccount in a pipeline says")]
    region: Annotated[
        str, Meta(pattern=r"^[A-Za-z0-9_-]{1,40}$", description="region of the buckets, when an artifact names none")
    ] = "us-east-1"
    endpoint: Annotated[
        str, Meta(description="https://host of a server that speaks like S3; empty means Amazon's of the region")
    ] = ""
    path_style: Annotated[
        bool | None,
        Meta(
            description="the bucket stands in the path (true) or before the host (false); null: as the endpoint needs"
        ),
    ] = None
    access_key: Annotated[
        str, Meta(description="access key id; empty means what AWS's own tools would use on this machine")
    ] = ""
    secret_key: Annotated[
        str, Meta(description="secret access key, best as a secret reference", extra_json_schema=SECRET)
    ] = ""
    session_token: Annotated[str, Meta(description="token of temporary keys", extra_json_schema=SECRET)] = ""
    profile: Annotated[str, Meta(description="profile of AWS's own configuration, instead of keys")] = ""
    anonymous: Annotated[bool, Meta(description="sign nothing: for buckets that everybody may read")] = False

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if bool(self.access_key) != bool(self.secret_key):
            raise ValueError("access_key and secret_key belong together: one of them is missing")
        if [bool(self.access_key), bool(self.profile), self.anonymous].count(True) > 1:
            raise ValueError("only one of access_key, profile and anonymous can be used")
        if self.endpoint:
            origin(self.endpoint)
            if not re.fullmatch(r"https?://[^/?#]+/?", self.endpoint):
                raise ValueError(
                    f"endpoint: {self.endpoint!r} was given; expected https://host (or http) without a path"
                )

    def __repr__(self) -> str:
        return f"Account(name={self.name!r}, region={self.region!r}, endpoint={self.endpoint!r})"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `plugins.s3`."""

    accounts: Annotated[tuple[Account, ...], Meta(description="artifact accounts for s3/object")] = ()
