"""Artifacts that carry their content with them, and those that only a cloud understands."""

import binascii
from base64 import b64decode
from collections.abc import Sequence

from gennaker.core.artifacts.account import MAX_BYTES, ArtifactAccount
from gennaker.core.artifacts.artifact import told
from gennaker.core.errors import InvalidRequest, Refused
from gennaker.core.hookspecs import hookimpl
from gennaker.core.services import Http, Json


class Embedded(ArtifactAccount):
    """The content is the reference, as base64."""

    def fetch(self, artifact: Json, http: Http) -> bytes:
        """See the parent."""
        reference = artifact.get("reference") or ""
        if len(reference) > MAX_BYTES * 4 // 3:
            raise Refused(f"the embedded artifact is larger than {MAX_BYTES} bytes")
        try:
            return b64decode("".join(reference.split()), validate=True)
        except (binascii.Error, ValueError) as error:
            raise InvalidRequest(f"expected the content as base64 ({error})", "artifact.reference") from error


class Custom(ArtifactAccount):
    """The reference means something to a cloud only."""

    def fetch(self, artifact: Json, http: Http) -> bytes:
        """Raises Refused always: there is nothing to fetch."""
        raise Refused(f"{told(artifact)} has no content: its reference is for the cloud that uses it")


@hookimpl
def gennaker_artifacts() -> Sequence[ArtifactAccount]:
    """Spinnaker's accounts of these names; they need no configuration."""
    return [
        Embedded("embedded-artifact", ["embedded/base64", "embedded/map/base64"]),
        Custom("custom-artifact", ["custom/object"]),
    ]
