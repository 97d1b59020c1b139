"""What a refusal by S3 means.

Separate because it is pure. A refusal is a little XML of which three elements tell; no XML is parsed for that.
"""

import re

from gennaker.core.errors import GennakerError, NotFound, Refused, Unavailable
from gennaker.core.services import HttpAnswer

#: Only the beginning of an answer is looked at.
_MOST = 8 * 1024
_MAY_PASS = frozenset({408, 429, 500, 502, 503, 504})


def refusal(what: str, answer: HttpAnswer, region: str) -> GennakerError:
    """The error that tells why `what` (an `s3://…`) was not given, asked for in a region."""
    text = answer.body[:_MOST].decode("utf-8", "replace")
    code, message = _element("Code", text), _element("Message", text)
    right = (answer.headers.get("x-amz-bucket-region") or _element("Region", text))[:60]
    said = f"{what}: {answer.status}"
    said += f" {code}" if code else ""
    said += f", {message}" if message else ""
    if right and right != region and answer.status in (301, 307, 400):
        return Refused(
            f"{what}: the bucket is in the region {right}, and was asked for in {region}; "
            f"expected the artifact's location (or the account's region) to be {right}"
        )
    if answer.status in (404, 410) or answer.headers.get("x-amz-delete-marker") == "true":
        return NotFound(said)
    if answer.status in _MAY_PASS:
        return Unavailable(said)
    if 300 <= answer.status < 400:
        return Refused(f"{said}: it is elsewhere; expected an endpoint and a region that have it")
    return Refused(said)


def _element(name: str, text: str) -> str:
    found = re.search(rf"<{name}>([^<]{{1,300}})</{name}>", text)
    return " ".join(found[1].split()) if found else ""
