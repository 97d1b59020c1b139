"""Which template a pipeline is made from: `spinnaker://<id>`, with a tag or a digest, or an artifact from elsewhere.

Separate because whoever stores, plans or deletes reads the same text.
"""

from typing import Any

from msgspec import Struct

from gennaker.core.errors import InvalidRequest
from gennaker.core.services import Json
from gennaker.core.templates.document import LATEST, SCHEMA, check_digest, check_tag, is_id

SCHEME = "spinnaker://"
TYPE = "templatedPipeline"
#: The artifact type of what is stored here.
STORED = "front50/pipelineTemplate"
#: The place in a configuration.
WHERE = "template.reference"
_DIGEST = "@sha256:"


class Reference(Struct, frozen=True, kw_only=True):
    """A stored template: by tag, or by digest when there is one."""

    id: str
    tag: str = LATEST
    digest: str = ""

    def __str__(self) -> str:
        version = f"{_DIGEST}{self.digest}" if self.digest else "" if self.tag == LATEST else f":{self.tag}"
        return f"{SCHEME}{self.id}{version}"


def is_templated(pipeline: Json) -> bool:
    """Whether this is the configuration of a pipeline that a template makes."""
    return pipeline.get("type") == TYPE


def is_stored(reference: str) -> bool:
    """Whether a reference names a template that is stored here."""
    return reference.startswith(SCHEME)


def read_reference(text: str) -> Reference:
    """`spinnaker://id`, `…:tag` or `…@sha256:digest`, taken apart. Raises InvalidRequest."""
    name, _, digest = text.removeprefix(SCHEME).partition(_DIGEST)
    id_, colon, tag = name.partition(":")
    if not is_stored(text) or not is_id(id_) or (colon and not tag) or (_DIGEST in text and not digest):
        expected = f"{SCHEME}ID, {SCHEME}ID:TAG or {SCHEME}ID{_DIGEST}DIGEST"
        raise InvalidRequest(f"{text!r} names no template; expected {expected}", WHERE)
    if tag and digest:
        raise InvalidRequest(f"{text!r} gives a tag and a digest; expected one of them", WHERE)
    return Reference(id=id_, tag=check_tag(tag, WHERE), digest=check_digest(digest, WHERE) if digest else "")


def reference_of(config: Json) -> Any:
    """What a configuration gives as its template's reference, whatever it is."""
    template = config.get("template")
    return template.get("reference") if isinstance(template, dict) else None


def used_by(config: Json) -> Reference | None:
    """The stored template that a configuration names; None when it names none, or only an expression will tell."""
    reference = reference_of(config)
    if not is_templated(config) or config.get("schema") != SCHEMA or not isinstance(reference, str):
        return None
    try:
        return read_reference(reference)
    except InvalidRequest:
        return None


def artifact_of(template: Json, reference: str) -> Json:
    """The artifact to fetch for a reference that names nothing stored here; its type is guessed from the address if need be."""
    type_ = template.get("type")
    if not isinstance(type_, str) or type_ in ("", STORED):
        schemes = {"s3": "s3/object", "gs": "gcs/object"}
        type_ = schemes.get(reference.partition("://")[0].lower(), "http/file")
    artifact = {key: value for key, value in template.items() if key != "type" and value is not None}
    return {**artifact, "type": type_, "reference": reference}
