"""Webhooks that an operator has configured: stage types of their own, made from `plugins.flow.webhook.preconfigured`.

Separate because people who draw pipelines use them without seeing their URLs and credentials. Source: Orca's preconfigured webhooks
(reference §5.1); `permissions` is not among the keys, because nothing here would enforce it.
"""

import re
from collections.abc import Mapping
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict

from gennaker.core.errors import InvalidRequest
from gennaker.core.fields import field
from gennaker.core.stage import Stage
from gennaker.plugins.flow.webhook import Webhook

_VALUE = re.compile(r"\$\{\s*parameterValues(?:\[\s*['\"]([^'\"]+)['\"]\s*\]|\.(\w+))\s*\}")
#: Keys of a preconfigured webhook that are not fields of the stage.
_OWN = ("enabled", "type", "label", "description", "parameters", "sensitive_headers")


class Parameter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A value that the pipeline gives."""

    name: str
    label: str = ""
    description: str = ""
    type: str = "string"
    default_value: Any = None
    order: int = 0


class Preconfigured(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A stage type that is a webhook with fields the pipeline cannot change."""

    type: str
    label: str = ""
    description: str = ""
    enabled: bool = True
    parameters: tuple[Parameter, ...] = ()
    #: Names of headers that hold secrets; request headers are never shown, so it changes nothing.
    sensitive_headers: tuple[str, ...] = ()
    url: str | UnsetType = UNSET
    method: str | UnsetType = UNSET
    payload: Any = UNSET
    custom_headers: dict[str, Any] | UnsetType = UNSET
    fail_fast_status_codes: tuple[int, ...] | UnsetType = UNSET
    webhook_retry_status_codes: tuple[int, ...] | UnsetType = UNSET
    wait_for_completion: bool | UnsetType = UNSET
    monitor_only: bool | UnsetType = UNSET
    status_url_resolution: str | UnsetType = UNSET
    status_url_json_path: str | UnsetType = UNSET
    status_endpoint: str | UnsetType = UNSET
    status_json_path: str | UnsetType = UNSET
    progress_json_path: str | UnsetType = UNSET
    success_statuses: str | UnsetType = UNSET
    canceled_statuses: str | UnsetType = UNSET
    terminal_statuses: str | UnsetType = UNSET
    retry_status_codes: tuple[int, ...] | UnsetType = UNSET
    retries: dict[str, Any] | UnsetType = UNSET
    wait_before_monitor: float | UnsetType = UNSET
    signal_cancellation: bool | UnsetType = UNSET
    cancel_endpoint: str | UnsetType = UNSET
    cancel_method: str | UnsetType = UNSET
    cancel_payload: Any = UNSET


class WebhookSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `plugins.flow.webhook`."""

    preconfigured: tuple[Preconfigured, ...] = ()


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `plugins.flow`."""

    webhook: WebhookSettings = WebhookSettings()


def stage_type(configured: Preconfigured) -> type[Stage]:
    """The stage type of a preconfigured webhook."""
    fixed = {_camel(key): _plain(value) for key, value in asdict(configured).items() if key not in _OWN}
    fixed = {key: value for key, value in fixed.items() if value is not UNSET and value is not None}

    class Made(Webhook, type=configured.type, restart_clears=Webhook.restart_clears):
        __doc__ = configured.description or configured.label or "A webhook that the operator has configured."
        examples = ({"parameterValues": {one.name: one.default_value or "example" for one in configured.parameters}},)

        parameter_values: dict[str, Any] = field("parameterValues", "values of its parameters, by name", default={})

        def __init__(self, context: Mapping[str, Any], where: str = "") -> None:
            given = context.get("parameterValues")
            values = _values(configured, given if isinstance(given, dict) else {}, where)
            super().__init__({**context, **_filled(fixed, values)}, where)

    return Made


def _values(configured: Preconfigured, given: dict[str, Any], where: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for parameter in configured.parameters:
        value = given.get(parameter.name)
        value = parameter.default_value if value in (None, "") else value
        if value is None:
            text = f"is missing; expected a value ({parameter.description or parameter.label or parameter.name})"
            raise InvalidRequest(text, f"{where}, field parameterValues.{parameter.name}")
        values[parameter.name] = value
    return values


def _filled(value: Any, values: dict[str, Any]) -> Any:
    """Put parameter values into the configured texts: literally, nothing is evaluated."""
    if isinstance(value, str):
        whole = _VALUE.fullmatch(value)
        if whole and (name := whole[1] or whole[2]) in values:
            return values[name]
        return _VALUE.sub(lambda match: str(values.get(match[1] or match[2], match[0])), value)
    if isinstance(value, dict):
        return {key: _filled(inner, values) for key, inner in value.items()}
    return [_filled(inner, values) for inner in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)
