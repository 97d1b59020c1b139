"""Fetches charts from a Helm repository: `helm/chart`, with a name and a version or a range.

Separate because it is the account as the program knows it; the index is read in `index`, versions are compared in `choice`.
"""

import hashlib
from threading import Lock
from urllib.parse import urljoin

from gennaker.core.artifacts.account import MAX_BYTES, ArtifactAccount, download
from gennaker.core.artifacts.hosts import origin, web_address
from gennaker.core.artifacts.web_file import credentials
from gennaker.core.errors import InvalidRequest, NotFound, Refused
from gennaker.core.services import Http, Json
from gennaker.plugins.helm.choice import chosen, newest_first
from gennaker.plugins.helm.index import Index, Release, read_index
from gennaker.plugins.helm.settings import Account


class HelmAccount(ArtifactAccount):
    """An account of `plugins.helm.accounts`."""

    def __init__(self, settings: Account) -> None:
        super().__init__(settings.name, ("helm/chart",))
        self._settings = settings
        self._folder = settings.repository.rstrip("/") + "/"
        self._origin = origin(settings.repository)
        #: The digest of the index that was read last, and what it says: reading a large one costs seconds and much memory, so one
        #: thread does it.
        self._read: tuple[str, Index] = ("", {})
        self._reading = Lock()

    def fetch(self, artifact: Json, http: Http) -> bytes:
        """The chart's archive; its digest is checked where the index tells it. Raises as `ArtifactAccount.fetch` does."""
        chart = str(artifact.get("name") or "")
        if not chart:
            raise InvalidRequest("there is no name; expected the name of a chart", "name")
        release = chosen(chart, self._releases(chart, http), str(artifact.get("version") or "").strip())
        return self._archive(chart, release, http)

    def names(self, type_: str, http: Http) -> list[str]:
        """The charts of the repository."""
        return sorted(self._index(http))

    def versions(self, type_: str, name: str, http: Http) -> list[str]:
        """The versions of a chart, newest first."""
        return newest_first(one.version for one in self._releases(name, http))

    def _archive(self, chart: str, release: Release, http: Http) -> bytes:
        what = f"{chart} {release.version} of {self._settings.repository}"
        url = urljoin(self._folder, release.url)
        if url.startswith("oci://"):
            raise Refused(
                f"{what} is in a registry ({url[:200]}); expected a helm/image with an account of the plugin docker"
            )
        data = download(http, url, self._headers(url), max_bytes=MAX_BYTES)
        found = hashlib.sha256(data).hexdigest()
        if release.digest and found != release.digest:
            raise Refused(f"{what} is not what its index says: its sha256 is {found}, expected {release.digest[:128]}")
        return data

    def _releases(self, chart: str, http: Http) -> tuple[Release, ...]:
        index = self._index(http)
        if chart not in index:
            raise NotFound(f"{self._settings.repository} has no chart {chart!r}; it has {_some(index)}")
        return index[chart]

    def _index(self, http: Http) -> Index:
        url = self._folder + "index.yaml"
        data = download(http, url, self._headers(url), max_bytes=self._settings.max_index)
        digest = hashlib.sha256(data).hexdigest()
        with self._reading:
            known, index = self._read
            if digest != known:
                index = read_index(data, url, self._settings.max_index)
                self._read = (digest, index)
            return index

    def _headers(self, url: str) -> dict[str, str]:
        """The password, for the repository's own origin only: an index may name archives anywhere. Raises InvalidRequest."""
        web_address(url, "index.yaml")
        same = origin(url) == self._origin
        return credentials(self._settings.username, self._settings.password) if same else {}


def _some(index: Index) -> str:
    names = sorted(index)
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "") or "none"
