"""Signs requests as S3 wants it, with botocore: what the keys are, which host a region has, and the signature's headers.

Separate because this alone needs the SDK, which is imported at the first fetch. The SDK makes no call to S3; only looking for the
machine's own keys (a profile, the role of a container or an instance) may make it call, as AWS's tools do.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from gennaker.core.errors import InvalidRequest, Refused
from gennaker.plugins.s3.settings import Account

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials
    from botocore.session import Session

#: The domain of Amazon's services, by partition.
_DOMAINS = {
    "aws": "amazonaws.com",
    "aws-cn": "amazonaws.com.cn",
    "aws-eusc": "amazonaws.eu",
    "aws-us-gov": "amazonaws.com",
}


class Signer:
    """The keys of one account. Safe for many threads."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def endpoint(self, region: str) -> str:
        """Amazon's URL for the buckets of a region. Raises InvalidRequest for a region that does not exist, and Refused."""
        session = self._session
        from botocore.exceptions import BotoCoreError, UnknownRegionError

        try:
            partition = session.get_partition_for_region(region)
        except UnknownRegionError as error:
            raise InvalidRequest(
                f"there is no region {region!r}; expected one of Amazon's, such as eu-central-1", "location"
            ) from error
        except BotoCoreError as error:
            raise self._useless(error) from error
        if partition not in _DOMAINS:
            raise Refused(f"where S3 is in {region} is not known here; expected the account's endpoint to say")
        return f"https://s3.{region}.{_DOMAINS[partition]}"

    def headers(self, url: str, region: str) -> Mapping[str, str]:
        """The headers that sign a GET of a URL. Raises Refused when there are no keys."""
        if self._account.anonymous:
            return {}
        try:
            from botocore.auth import S3SigV4Auth
            from botocore.awsrequest import AWSRequest
        except ImportError as error:
            raise _missing() from error

        request = AWSRequest(method="GET", url=url)
        S3SigV4Auth(self._keys(), "s3", region).add_auth(request)
        return dict(request.headers.items())

    def _keys(self) -> "ReadOnlyCredentials":
        from botocore.credentials import ReadOnlyCredentials
        from botocore.exceptions import BotoCoreError

        ours = self._account
        if ours.access_key:
            return ReadOnlyCredentials(ours.access_key, ours.secret_key, ours.session_token or None)
        try:
            found = self._session.get_credentials()
            keys = found.get_frozen_credentials() if found else None
        except BotoCoreError as error:
            raise self._useless(error) from error
        if keys is None:
            raise Refused(
                f"account {ours.name!r} has no keys: neither its settings nor AWS's configuration of this machine name any; "
                "expected access_key and secret_key, a profile, a role, or anonymous: true"
            )
        return keys

    def _useless(self, error: Exception) -> Refused:
        return Refused(f"account {self._account.name!r}: AWS's configuration of this machine cannot be used: {error}")

    @cached_property
    def _session(self) -> "Session":
        try:
            from botocore.session import Session
        except ImportError as error:
            raise _missing() from error
        return Session(profile=self._account.profile or None)


def _missing() -> Refused:
    return Refused("s3/object needs botocore, which is not installed: pip install 'gennaker[aws]'")
