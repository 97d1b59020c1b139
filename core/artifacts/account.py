"""What a plugin brings to fetch artifacts with: accounts, each with a name, the types it has, and its credentials.

Separate because this is the contract with plugin authors; which account is asked for an artifact is decided in `accounts`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from gennaker.core.errors import InvalidRequest, NotFound, Refused, Unavailable
from gennaker.core.services import Http, HttpAnswer, Json

#: The largest artifact that is fetched, in bytes.
MAX_BYTES = 32 * 1024 * 1024
_MAY_PASS = frozenset({408, 425, 429, 500, 502, 503, 504})


class ArtifactAccount(ABC):
    """One account. A plugin derives from it and gives its accounts in the hook `gennaker_artifacts`.

    `name` is what `artifactAccount` says. `types` are the types of artifacts that it fetches, such as `http/file`; one that ends in `*`
    stands for all that begin so. An account is asked by many threads at once. It makes its calls through the `http` that it is given, and
    its credentials go to the host that they are for and nowhere else (a redirect to another host does not carry them on).
    """

    def __init__(self, name: str, types: Sequence[str]) -> None:
        self.name = name
        self.types = tuple(types)

    def has(self, type_: str) -> bool:
        """Whether it fetches artifacts of a type."""
        return any(type_.startswith(one[:-1]) if one.endswith("*") else one == type_ for one in self.types)

    def overlaps(self, other: "ArtifactAccount") -> bool:
        """Whether there is a type that both fetch."""
        return any(self.has(type_) for type_ in other.types) or any(other.has(type_) for type_ in self.types)

    @abstractmethod
    def fetch(self, artifact: Json, http: Http) -> bytes:
        """The content of an artifact, normal as `artifact.normal` makes it: `type`, `name`, `version`, `location`, `reference`, `metadata`.

        Raises InvalidRequest (a wrong or missing reference), NotFound, Refused (not allowed, too large), Unavailable (may work later);
        what `http` raises may pass.
        """

    def names(self, type_: str, http: Http) -> list[str]:
        """The names of the artifacts of a type that there are. Raises InvalidRequest when this kind of account cannot tell."""
        raise InvalidRequest(f"the artifact account {self.name!r} does not list names of {type_ or 'artifacts'}")

    def versions(self, type_: str, name: str, http: Http) -> list[str]:
        """The versions of an artifact, newest first where there is an order. Raises InvalidRequest when this kind of account cannot tell."""
        raise InvalidRequest(f"the artifact account {self.name!r} does not list versions of {type_ or 'artifacts'}")


def download(http: Http, url: str, headers: Mapping[str, str] | None = None, *, max_bytes: int = MAX_BYTES) -> bytes:
    """The body of what a URL names. Raises as `checked` does, and what `http` raises."""
    return checked(http.request("GET", url, headers=headers, timeout=60.0, max_bytes=max_bytes)).body


def checked(answer: HttpAnswer) -> HttpAnswer:
    """An answer that is a success. Raises NotFound (404, 410), Refused (401, 403 and others) and Unavailable (429, 5xx)."""
    if 200 <= answer.status < 300:
        return answer
    said = f"{answer.url} answered {answer.status}"
    if answer.status in (404, 410):
        raise NotFound(f"{said}: there is nothing of that name, or the account may not see it")
    if answer.status in (401, 403):
        raise Refused(f"{said}: the account's credentials do not permit it")
    if answer.status in _MAY_PASS:
        raise Unavailable(said)
    raise Refused(f"{said}, expected 200")
