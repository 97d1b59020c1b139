"""The section `plugins.aws` of the configuration.

Separate because it is what an operator writes.
"""

import re
from typing import Annotated

from msgspec import Meta, Struct

from gennaker.config.settings import SECRET
from gennaker.core.artifacts.hosts import origin

_REGION = r"^[a-z0-9-]{1,40}$"
_ROLE = re.compile(r"arn:[\w-]+:iam::\d{12}:role/[\w+=,.@/-]{1,512}|role/[\w+=,.@/-]{1,512}")


class Account(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An AWS account under the name that pipelines use, and how it is entered."""

    name: Annotated[str, Meta(min_length=1, description="what credentials or account in a pipeline says")]
    regions: Annotated[
        tuple[Annotated[str, Meta(pattern=_REGION)], ...], Meta(min_length=1, description="regions that are used")
    ]
    account_id: Annotated[str, Meta(pattern=r"^(\d{12})?$", description="number of the account")] = ""
    environment: Annotated[str, Meta(description="what it is for, such as prod; shown to people")] = ""
    type: Annotated[str, Meta(description="kind of account; shown to people")] = ""
    assume_role: Annotated[
        str, Meta(description="role to work as: an ARN, or role/name of the account with account_id")
    ] = ""
    external_id: Annotated[str, Meta(description="external id that the role asks for")] = ""
    session_name: Annotated[
        str, Meta(pattern=r"^[\w+=,.@-]{2,64}$", description="name of the sessions of the role, in AWS's audit trail")
    ] = "gennaker"
    session_s: Annotated[
        int, Meta(ge=900, le=43_200, description="seconds that one session of the role lasts; it is renewed before")
    ] = 3600
    access_key: Annotated[
        str, Meta(description="access key id; empty means what AWS's own tools would use on this machine")
    ] = ""
    secret_key: Annotated[
        str, Meta(description="secret access key, best as a secret reference", extra_json_schema=SECRET)
    ] = ""
    session_token: Annotated[str, Meta(description="token of temporary keys", extra_json_schema=SECRET)] = ""
    profile: Annotated[str, Meta(description="profile of AWS's own configuration, instead of keys")] = ""
    endpoint: Annotated[
        str, Meta(description="https://host of a server that speaks like AWS, for all services; empty means Amazon's")
    ] = ""
    key_pair: Annotated[str, Meta(description="key pair of instances when a pipeline names none")] = ""
    iam_role: Annotated[str, Meta(description="instance profile of instances when a pipeline names none")] = ""
    security_groups: Annotated[
        tuple[str, ...], Meta(description="security groups, by name or id, that every server group gets too")
    ] = ()
    image_owners: Annotated[
        tuple[str, ...], Meta(description="accounts whose images are found, besides its own; amazon for Amazon's")
    ] = ()

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if bool(self.access_key) != bool(self.secret_key):
            raise ValueError("access_key and secret_key belong together: one of them is missing")
        if self.access_key and self.profile:
            raise ValueError("only one of access_key and profile can be used")
        if self.assume_role and not _ROLE.fullmatch(self.assume_role):
            raise ValueError(
                f"assume_role: {self.assume_role!r} was given; expected arn:aws:iam::<account>:role/<name> or role/<name>"
            )
        if self.assume_role.startswith("role/") and not self.account_id:
            raise ValueError("assume_role names a role without its account; expected account_id, or a whole ARN")
        if self.endpoint:
            origin(self.endpoint)
            if not re.fullmatch(r"https?://[^/?#]+/?", self.endpoint):
                raise ValueError(
                    f"endpoint: {self.endpoint!r} was given; expected https://host (or http) without a path"
                )

    def __repr__(self) -> str:
        return f"Account(name={self.name!r}, regions={self.regions!r}, assume_role={self.assume_role!r})"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `plugins.aws`."""

    accounts: Annotated[tuple[Account, ...], Meta(description="accounts that are deployed to")] = ()
    require_imdsv2: Annotated[
        bool, Meta(description="instances answer to IMDSv2 only, unless a pipeline says requireIMDSv2: false")
    ] = True
    connect_s: Annotated[float, Meta(gt=0, le=60, description="seconds to connect to AWS")] = 5.0
    read_s: Annotated[float, Meta(gt=0, le=120, description="seconds to wait for an answer of AWS")] = 20.0
    attempts: Annotated[
        int, Meta(ge=1, le=20, description="how often one call is tried while AWS throttles it or does not answer")
    ] = 5
    poll_s: Annotated[float, Meta(ge=5, le=3600, description="seconds between two looks at an account and region")] = (
        30.0
    )

    def __post_init__(self) -> None:
        """Refuse two accounts of one name."""
        names = [account.name for account in self.accounts]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two accounts are named {twice[0]!r}; expected a name of its own for each")
