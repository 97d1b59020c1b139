"""Answers what expressions ask from outside: the worker's side of the functions in `functions_outside`.

Separate because it makes calls, and the engine must not be able to. Source: reference §4.4.
"""

import ipaddress
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin, urlsplit

from gennaker.config.problems import ConfigError
from gennaker.config.yaml_reader import read_documents, read_text
from gennaker.core.errors import GennakerError, InvalidRequest, NotFound, Refused, Unavailable
from gennaker.core.expressions.arguments import listed
from gennaker.core.expressions.errors import Wanted
from gennaker.core.expressions.functions_outside import LONGEST_YAML
from gennaker.core.outbound import CallFailed
from gennaker.core.redact import redactor
from gennaker.core.services import Definitions, Http, HttpAnswer, Json, Services

#: Bytes that are read from a URL at most.
MAX_BYTES = 1_000_000
_TIMEOUT_S = 20.0
_REDIRECTS = 5
#: Domains that only exist inside.
_INNER = (".spinnaker", ".local", ".localdomain", ".internal", ".localhost")
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_CHARSET = re.compile(r"charset=\"?([\w-]+)", re.IGNORECASE)


def answer(wanted: Wanted, services: Services, application: str) -> Json:
    """`{"value": …}` or `{"error": …}` for one call of an expression of an application.

    Raises Unavailable when the same question may be answered later.
    """
    known = _ANSWERS.get(wanted.function)
    if known is None:
        return {"error": f"#{wanted.function} is not known to this worker"}
    try:
        return {"value": known(_Asked(services, application), *wanted.arguments)}
    except Unavailable:
        raise
    except (GennakerError, ConfigError) as error:
        return {"error": redactor.text(f"#{wanted.function}: {error}")}


class _Asked:
    """What may be asked for, with what answers it. Each method raises GennakerError or ConfigError."""

    def __init__(self, services: Services, application: str) -> None:
        self._services = services
        self._application = application

    def from_url(self, url: str) -> str:
        reply = self._fetched(url)
        charset = _CHARSET.search(reply.headers.get("content-type", ""))
        try:
            return reply.body.decode(charset[1] if charset else "utf-8", "replace")
        except (LookupError, ValueError):
            return reply.body.decode("utf-8", "replace")

    def yaml_from_url(self, url: str) -> Any:
        return read_text(self.from_url(url), url, limit=LONGEST_YAML).value

    def yaml(self, text: str) -> Any:
        return read_text(text, "the text", limit=4 * LONGEST_YAML).value

    def all_yaml(self, text: str) -> Any:
        return [each.value for each in read_documents(text, "the text", limit=4 * LONGEST_YAML)]

    def pipeline_id(self, name: str) -> str:
        found = self.pipeline_id_in(name, self._application)
        if found is None:
            known = listed([str(one.get("name")) for one in self._definitions.pipelines(self._application)])
            raise NotFound(f"application {self._application!r} has no pipeline named {name!r}; pipelines: {known}")
        return found

    def pipeline_id_or_null(self, name: str) -> str | None:
        return self.pipeline_id_in(name, self._application)

    def pipeline_id_in(self, name: str, application: str) -> str | None:
        found = self._definitions.pipeline_named(application, name)
        return None if found is None else str(found["id"])

    def application(self, name: str) -> Json:
        found = self._definitions.application(name)
        if found is None:
            raise NotFound(f"there is no application {name!r}")
        return found

    def canary_config(self, name: str, _application: str) -> str:
        raise NotFound(f"no plugin keeps canary configurations, so there is none named {name!r}")

    @property
    def _definitions(self) -> Definitions:
        if self._services.definitions is None:
            raise Refused("this worker has no definitions; it needs the database that pipelines are stored in")
        return self._services.definitions

    def _fetched(self, url: str) -> HttpAnswer:
        http = self._services.http
        if http is None:
            raise Refused("this worker has no HTTP client")
        here = url
        for _ in range(_REDIRECTS + 1):
            _check(here)
            reply = _called(http, here)
            if reply.status in (301, 302, 303, 307, 308) and reply.headers.get("location"):
                here = urljoin(here, reply.headers["location"])
                continue
            if not 200 <= reply.status < 300:
                raise NotFound(f"GET {here} answered {reply.status}")
            return reply
        raise InvalidRequest(f"more than {_REDIRECTS} redirects", url)


def _called(http: Http, url: str) -> HttpAnswer:
    """One call, made again once when there was no answer."""
    try:
        return http.request("GET", url, timeout=_TIMEOUT_S, follow_redirects=False, max_bytes=MAX_BYTES)
    except CallFailed as error:
        if not error.retryable:
            raise
    return http.request("GET", url, timeout=_TIMEOUT_S, follow_redirects=False, max_bytes=MAX_BYTES)


def _check(url: str) -> None:
    """Spinnaker's rules for addresses that people write into pipelines. Raises InvalidRequest."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".").encode("idna").decode().lower()
    except ValueError as error:
        raise InvalidRequest(f"that is no URL ({error})", url) from None
    if parts.scheme not in ("http", "https") or re.search(r"[\s\\\x00-\x1f]", url):
        raise InvalidRequest("expected an http or https URL", url)
    if _is_address(host):
        raise InvalidRequest("an address is not called by its number; expected a host name", url)
    if not _HOST.fullmatch(host) or host.endswith(_INNER):
        raise InvalidRequest(f"host {host!r} is not called; expected a public name such as example.com", url)


def _is_address(host: str) -> bool:
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


#: Function to what answers it.
_ANSWERS: dict[str, Callable[..., Any]] = {
    "fromUrl": _Asked.from_url,
    "yamlFromUrl": _Asked.yaml_from_url,
    "readYaml": _Asked.yaml,
    "readAllYaml": _Asked.all_yaml,
    "pipelineId": _Asked.pipeline_id,
    "pipelineIdOrNull": _Asked.pipeline_id_or_null,
    "pipelineIdInApplication": _Asked.pipeline_id_in,
    "applicationMetadata": _Asked.application,
    "canaryConfigNameToId": _Asked.canary_config,
}
NAMES = tuple(_ANSWERS)
