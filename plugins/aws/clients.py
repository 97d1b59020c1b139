"""The SDK's clients, one for each account, region and service: with keys, assumed roles, time-outs and retries.

Separate because this alone imports the SDK, when a client is first wanted.
"""

import threading
from functools import cache
from typing import TYPE_CHECKING, Any

from gennaker.core.cloud.provider import CloudError
from gennaker.plugins.aws.settings import Account, Settings

if TYPE_CHECKING:
    from botocore.config import Config
    from botocore.session import Session


class Clients:
    """The clients of one account. Safe for many threads."""

    def __init__(self, account: Account, settings: Settings) -> None:
        self._account = account
        self._settings = settings
        self._lock = threading.Lock()
        self._session: Any = None
        self._made: dict[tuple[str, str], Any] = {}

    def get(self, service: str, region: str) -> Any:
        """The client of a service. Raises CloudError when the SDK is missing or the account's keys cannot be found."""
        with self._lock:
            if (service, region) not in self._made:
                if self._session is None:
                    self._session = self._opened(region)
                self._made[service, region] = self._client(self._session, service, region)
            return self._made[service, region]

    def _opened(self, region: str) -> Any:
        try:
            from boto3.session import Session
        except ImportError as error:
            raise CloudError("cloud aws needs boto3, which is not installed: pip install 'gennaker[aws]'") from error
        return Session(botocore_session=self._begin(region))

    def _client(self, session: Any, service: str, region: str) -> Any:
        return session.client(
            service, region_name=region, endpoint_url=self._account.endpoint or None, config=self._config()
        )

    def _config(self) -> "Config":
        from botocore.config import Config

        return Config(
            connect_timeout=self._settings.connect_s,
            read_timeout=self._settings.read_s,
            retries={"mode": "adaptive", "total_max_attempts": self._settings.attempts},
            user_agent_extra="gennaker",
            max_pool_connections=20,
        )

    def _begin(self, region: str) -> "Session":
        """A session with the account's keys; with a role, they only open the role."""
        from botocore.exceptions import BotoCoreError
        from botocore.session import Session

        ours = self._account
        try:
            session = _shared(Session(profile=ours.profile or None))
            if ours.access_key:
                session.set_credentials(ours.access_key, ours.secret_key, ours.session_token or None)
            if not ours.assume_role:
                return session
            source = session.get_credentials()
        except BotoCoreError as error:
            raise CloudError(
                f"account {ours.name!r}: AWS's configuration of this machine cannot be used: {error}"
            ) from error
        if source is None:
            raise CloudError(
                f"account {ours.name!r} has no keys to assume {ours.assume_role} with; expected access_key and secret_key, "
                "a profile or a role of this machine"
            )
        return self._as_role(source, region)

    def _as_role(self, source: Any, region: str) -> "Session":
        from botocore.credentials import AssumeRoleCredentialFetcher, CredentialResolver
        from botocore.session import Session

        ours = self._account
        plain = _shared(Session())

        def sts(service: str, **keys: Any) -> Any:
            return plain.create_client(
                service, region_name=region, endpoint_url=ours.endpoint or None, config=self._config(), **keys
            )

        extra: dict[str, Any] = {"RoleSessionName": ours.session_name, "DurationSeconds": ours.session_s}
        if ours.external_id:
            extra["ExternalId"] = ours.external_id
        fetcher = AssumeRoleCredentialFetcher(sts, source, role_arn(ours), extra_args=extra)
        session = _shared(Session())
        session.register_component("credential_provider", CredentialResolver([_Role(fetcher)]))  # type: ignore[list-item]
        return session


@cache
def _loader() -> Any:
    from botocore.loaders import create_loader

    return create_loader()


def _shared(session: "Session") -> "Session":
    """The session with the one loader of AWS's descriptions of services, which are large."""
    session.register_component("data_loader", _loader())
    return session


class _Role:
    """Gives the SDK keys of an assumed role, which renew themselves before they end."""

    METHOD = CANONICAL_NAME = "assume-role"

    def __init__(self, fetcher: Any) -> None:
        self._fetcher = fetcher

    def load(self) -> Any:
        """The keys; asked for by the SDK."""
        from botocore.credentials import DeferredRefreshableCredentials

        return DeferredRefreshableCredentials(self._fetcher.fetch_credentials, self.METHOD)


def role_arn(account: Account) -> str:
    """The role to assume, whole."""
    if account.assume_role.startswith("role/"):
        return f"arn:{_partition(account.regions[0])}:iam::{account.account_id}:{account.assume_role}"
    return account.assume_role


def _partition(region: str) -> str:
    special = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "eusc-": "aws-eusc"}
    return next((partition for prefix, partition in special.items() if region.startswith(prefix)), "aws")
