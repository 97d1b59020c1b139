"""An account for files behind URLs: the reference is the URL, the version (if the server has versions) a parameter of it.

Separate because plain web servers and the REST interfaces of the forges differ in headers and the name of that parameter only.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlencode

from gennaker.core.artifacts.account import ArtifactAccount, download
from gennaker.core.artifacts.hosts import Hosts
from gennaker.core.errors import InvalidRequest
from gennaker.core.services import Http, Json


def credentials(username: str = "", password: str = "", token: str = "") -> dict[str, str]:
    """The header that carries a bearer token, or a user and password; none when there is neither."""
    if token:
        return {"Authorization": f"Bearer {token}"}
    if username:
        return {"Authorization": "Basic " + b64encode(f"{username}:{password}".encode()).decode()}
    return {}


class WebFiles(ArtifactAccount):
    """Fetches `reference` with the account's headers, from its hosts only. `expected` describes a reference, for messages."""

    def __init__(
        self,
        name: str,
        types: Sequence[str],
        *,
        hosts: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
        version_parameter: str = "",
        expected: str = "the URL of a file",
    ) -> None:
        super().__init__(name, types)
        self._hosts = Hosts(name, hosts)
        self._headers = dict(headers or {})
        self._version_parameter = version_parameter
        self._expected = expected

    def fetch(self, artifact: Json, http: Http) -> bytes:
        """See the parent."""
        reference = artifact.get("reference") or ""
        if not reference:
            raise InvalidRequest(f"is missing; expected {self._expected}", "artifact.reference")
        parts = self._hosts.check(reference)
        version = artifact.get("version")
        query = parse_qsl(parts.query, keep_blank_values=True)
        if version and self._version_parameter and self._version_parameter not in dict(query):
            parts = parts._replace(query=urlencode([*query, (self._version_parameter, version)]))
        return download(http, parts._replace(fragment="").geturl(), self._headers)
