"""Fetches objects from S3: `s3/object`, with the reference `s3://bucket/path`.

Separate because it is the account as the program knows it. The request is signed by `signing` and sent by the program's own HTTP client.
"""

import re
from urllib.parse import quote

from gennaker.core.artifacts.account import MAX_BYTES, ArtifactAccount
from gennaker.core.errors import InvalidRequest
from gennaker.core.services import Http, Json
from gennaker.plugins.s3.answer import refusal
from gennaker.plugins.s3.settings import Account
from gennaker.plugins.s3.signing import Signer

_REFERENCE = re.compile(r"s3://([A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9])/(.+)", re.DOTALL)
_REGION = re.compile(r"[A-Za-z0-9_-]{1,40}")
_LONGEST_KEY = 1024


class S3Account(ArtifactAccount):
    """An account of `plugins.s3.accounts`."""

    def __init__(self, settings: Account) -> None:
        super().__init__(settings.name, ("s3/object",))
        self._settings = settings
        self._signer = Signer(settings)

    def fetch(self, artifact: Json, http: Http) -> bytes:
        """The object; `version` is the id of a version, `location` the bucket's region. Raises as `ArtifactAccount.fetch` does."""
        what = str(artifact.get("reference") or artifact.get("name") or "")
        bucket, key = located(what)
        region = str(artifact.get("location") or self._settings.region)
        if not _REGION.fullmatch(region):
            raise InvalidRequest(f"{region[:60]!r} is not a region; expected one such as eu-central-1", "location")
        url = self._bucket(bucket, region) + quote(key, safe="/-_.~")
        if version := artifact.get("version"):
            url += f"?versionId={quote(str(version), safe='-_.~')}"
        answer = http.request(
            "GET",
            url,
            headers=self._signer.headers(url, region),
            timeout=60.0,
            follow_redirects=False,
            max_bytes=MAX_BYTES,
        )
        if answer.status != 200:
            raise refusal(what, answer, region)
        return answer.body

    def _bucket(self, bucket: str, region: str) -> str:
        """The URL of a bucket: its name in the path, or before the host where a certificate covers that."""
        ours = self._settings
        endpoint = ours.endpoint.rstrip("/") or self._signer.endpoint(region)
        in_path = ours.path_style if ours.path_style is not None else bool(ours.endpoint) or "." in bucket
        if in_path:
            return f"{endpoint}/{bucket}/"
        scheme, _, host = endpoint.partition("://")
        return f"{scheme}://{bucket}.{host}/"


def located(reference: str) -> tuple[str, str]:
    """Bucket and key. Raises InvalidRequest."""
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise InvalidRequest(
            f"{reference[:200]!r} is not the place of an object; expected s3://bucket/path", "reference"
        )
    bucket, key = found.groups()
    if len(key.encode("utf-8", "replace")) > _LONGEST_KEY:
        raise InvalidRequest(f"the path is longer than {_LONGEST_KEY} bytes, which S3 permits", "reference")
    if {".", ".."} & set(key.split("/")):
        raise InvalidRequest(f"{reference[:200]!r} has a step that is . or .., which HTTP would walk", "reference")
    return bucket, key
