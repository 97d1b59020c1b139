"""Implements `services.Artifacts`: finds the account for an artifact and has it fetch.

Separate because which account is asked, and how its failures are told, is the same for every kind of account.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from gennaker.core.artifacts.account import ArtifactAccount
from gennaker.core.artifacts.artifact import normal, told
from gennaker.core.errors import InvalidRequest, NotFound, Refused, Unavailable
from gennaker.core.outbound.errors import Blocked, CallFailed
from gennaker.core.services import Http, Json

T = TypeVar("T")


class Accounts:
    """See `gennaker.core.services.Artifacts`."""

    def __init__(self, accounts: Iterable[ArtifactAccount], http: Http) -> None:
        self._accounts = sorted(accounts, key=lambda one: (one.name, one.types))
        self._http = http

    def accounts(self) -> list[Json]:
        """See the interface."""
        types: dict[str, list[str]] = {}
        for one in self._accounts:
            types.setdefault(one.name, []).extend(one.types)
        return [{"name": name, "types": own} for name, own in types.items()]

    def fetch(self, artifact: Json) -> bytes:
        """See the interface."""
        found = normal(artifact)
        type_ = found.get("type", "")
        if not type_:
            raise InvalidRequest("is missing; expected the artifact's type, such as http/file", "artifact.type")
        account = self._account(found.get("artifactAccount", ""), type_)
        return _asked(lambda: account.fetch(found, self._http), f"{told(found)} (account {account.name})")

    def names(self, account: str, type_: str) -> list[str]:
        """See the interface."""
        chosen = self._account(account, type_)
        return _asked(lambda: chosen.names(type_, self._http), f"account {account}")

    def versions(self, account: str, type_: str, name: str) -> list[str]:
        """See the interface."""
        chosen = self._account(account, type_)
        return _asked(lambda: chosen.versions(type_, name, self._http), f"account {account}")

    def _account(self, name: str, type_: str) -> ArtifactAccount:
        """The account of this name for a type, or the only one that there is for it."""
        named = [one for one in self._accounts if not name or one.name == name]
        if not named:
            there = ", ".join(dict.fromkeys(one.name for one in self._accounts)) or "none"
            raise NotFound(f"there is no artifact account {name!r}; there are: {there}")
        found = [one for one in named if not type_ or one.has(type_)]
        if len(found) == 1:
            return found[0]
        if not found and name:
            types = ", ".join(type_ for one in named for type_ in one.types)
            raise InvalidRequest(f"the artifact account {name!r} has no {type_}; it has {types}", "artifactAccount")
        if not found:
            known = ", ".join(sorted({type_ for one in self._accounts for type_ in one.types}))
            raise InvalidRequest(f"no artifact account has {type_}; there are accounts for {known}", "artifact.type")
        listed = ", ".join(one.name for one in found)
        if name:
            raise InvalidRequest(f"the account {name!r} has several kinds of artifacts: name the type", "type")
        raise InvalidRequest(f"several accounts have {type_}: name one of {listed}", "artifactAccount")


def _asked(call: Callable[[], T], what: str) -> T:
    """What an account answers; a call that was not made or had no answer is told as the interface says."""
    try:
        return call()
    except Blocked as error:
        raise Refused(f"{what}: {error.message}") from error
    except CallFailed as error:
        kind = Unavailable if error.retryable else Refused
        raise kind(f"{what}: {error.message}") from error
