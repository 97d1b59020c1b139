"""An account and a region, and every call that is made there: bounded in time, paged to the end, its errors in our words.

Separate because nothing else calls the SDK.
"""

import re
import time
from collections.abc import Callable, Collection, Iterator
from typing import Any

from gennaker.core.cloud.provider import CloudError, Operation
from gennaker.core.errors import GennakerError, InvalidRequest
from gennaker.plugins.aws.clients import Clients
from gennaker.plugins.aws.failures import refused, unanswered
from gennaker.plugins.aws.settings import Account, Settings

Json = dict[str, Any]
#: More is not read: something is wrong then.
_MOST_PAGES = 2000
#: How often something that AWS does not know yet, though it was just made, is asked for again.
_LOOKS = 6
#: The services, in the words of IAM.
_IAM = {"elb": "elasticloadbalancing", "elbv2": "elasticloadbalancing"}


class Place:
    """Where calls go."""

    #: Seconds before the second look; they double.
    PAUSE_S = 0.5

    def __init__(
        self, account: Account, region: str, clients: Clients, settings: Settings, operation: Operation | None = None
    ) -> None:
        self.account = account
        self.region = region
        self.settings = settings
        self._clients = clients
        self._operation = operation

    def name(self, what: str) -> str:
        """A resource with its place, for people."""
        return f"{what} in {self.account.name}/{self.region}"

    def call(self, service: str, action: str, what: str, *, again_on: str = "", **arguments: Any) -> Json:
        """Make a call about `what`. `again_on` fits errors (`Code: message`) that pass once AWS knows what was just made.

        Raises CloudError and InvalidRequest.
        """
        found = self._made(service, action, what, (), again_on, arguments)
        assert found is not None
        return found

    def attempt(
        self, service: str, action: str, what: str, fine: Collection[str], *, again_on: str = "", **arguments: Any
    ) -> Json | None:
        """Make a call; None when AWS refuses it with one of the `fine` codes (or the beginning of a `Code: message`)."""
        return self._made(service, action, what, fine, again_on, arguments)

    def until(self, look: Callable[[], Json | None]) -> Json | None:
        """Look a few times for something that AWS may tell of in a moment; None when it does not."""
        for turn in range(_LOOKS):
            if (found := look()) is not None:
                return found
            if turn < _LOOKS - 1:
                time.sleep(self.PAUSE_S * 2**turn)
        return None

    def pages(self, service: str, action: str, key: str, what: str, **arguments: Any) -> list[Json]:
        """Everything that a listing call lists under a key."""
        return list(self._listed(service, action, key, what, arguments))

    def _listed(self, service: str, action: str, key: str, what: str, arguments: Json) -> Iterator[Json]:
        client = self._clients.get(service, self.region)
        from botocore.exceptions import BotoCoreError, ClientError

        self._in_time(what, action)
        try:
            for number, page in enumerate(client.get_paginator(action).paginate(**arguments)):
                if number >= _MOST_PAGES:
                    raise CloudError(f"{self.name(what)}: there are more than {_MOST_PAGES} pages; that is not read")
                self._in_time(what, action)
                yield from page.get(key, ())
        except ClientError as error:
            raise self._refusal(service, action, what, error) from error
        except BotoCoreError as error:
            raise unanswered(self.name(what), _in_iam(service, action), error) from error

    def _made(
        self, service: str, action: str, what: str, fine: Collection[str], again_on: str, arguments: Json
    ) -> Json | None:
        client = self._clients.get(service, self.region)  # says so when there is no botocore
        from botocore.exceptions import BotoCoreError, ClientError

        for look in range(_LOOKS):
            self._in_time(what, action)
            try:
                answer: Json = getattr(client, action)(**arguments)
                return answer
            except ClientError as error:
                told = "{Code}: {Message}".format(**{"Code": "", "Message": "", **error.response.get("Error", {})})
                if any(told.startswith(one) for one in fine):
                    return None
                if again_on and look < _LOOKS - 1 and re.search(again_on, told):
                    time.sleep(self.PAUSE_S * 2**look)
                    continue
                raise self._refusal(service, action, what, error) from error
            except BotoCoreError as error:
                raise unanswered(self.name(what), _in_iam(service, action), error) from error
        return None

    def _refusal(self, service: str, action: str, what: str, error: Any) -> GennakerError:
        told = error.response.get("Error", {})
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        code, message = str(told.get("Code", "")), str(told.get("Message", ""))
        return refused(self.name(what), _in_iam(service, action), code, message, status)

    def _in_time(self, what: str, action: str) -> None:
        if self._operation is not None:
            self._operation.check_time(f"{self.name(what)} ({action})")


class Places:
    """The places of all accounts."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._accounts = {account.name: account for account in settings.accounts}
        self._clients = {account.name: Clients(account, settings) for account in settings.accounts}

    def at(self, account: str, region: str, operation: Operation | None = None) -> Place:
        """The place; no call begins once the operation's time is over. Raises InvalidRequest for one that is not configured."""
        ours = self._accounts.get(account)
        if ours is None:
            raise InvalidRequest(
                f"{account!r} is no account of cloud aws; expected one of {', '.join(sorted(self._accounts))}",
                "account",
            )
        if region not in ours.regions:
            raise InvalidRequest(
                f"{region!r} is not a region of account {account}; expected one of {', '.join(ours.regions)}", "region"
            )
        return Place(ours, region, self._clients[account], self._settings, operation)


def _in_iam(service: str, action: str) -> str:
    words = "".join(word.capitalize() for word in action.split("_"))
    return f"{_IAM.get(service, service)}:{words}"
