"""Webhooks that an operator has configured: stage types of their own, made from `plugins.flow.webhook.preconfigured`.

Separate because people who draw pipelines use them without seeing their URLs and credentials. Source: Orca's preconfigured webhooks
(reference §5.1); `permissions` is not among the keys, because nothing here would enforce it.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct, defstruct

from gennaker.core.errors import InvalidRequest
from gennaker.core.fields import Field, field, read
from gennaker.core.stage import Stage
from gennaker.plugins.flow.opening import read_zone
from gennaker.plugins.flow.webhook import Webhook

_VALUE = re.compile(r"\$\{\s*parameterValues(?:\[\s*['\"]([^'\"]+)['\"]\s*\]|\.(\w+))\s*\}")


class Parameter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A value that the pipeline gives."""

    name: str
    label: str = ""
    description: str = ""
    type: str = "string"
    default_value: Any = None
    order: int = 0


class Own(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A stage type that is a webhook with fields the pipeline cannot change: what is not a field of the stage."""

    type: str
    label: str = ""
    description: str = ""
    enabled: bool = True
    parameters: tuple[Parameter, ...] = ()
    #: Names of headers that hold secrets; request headers are never shown, so it changes nothing.
    sensitive_headers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse now what the stage would refuse in each run."""
        for declared, value in fixed_fields(self):
            if not _VALUE.search(str(value)):
                try:
                    read(declared, {declared.name: value}, self.type)
                except InvalidRequest as error:
                    raise ValueError(error.message) from error


def fixed_fields(configured: Own) -> list[tuple[Field, Any]]:
    """The fields of the webhook stage that are set, with their values."""
    found = ((declared, getattr(configured, declared.attribute)) for declared in _FIELDS)
    return [(declared, value) for declared, value in found if value is not None]


_FIELDS = tuple(declared for declared in Webhook.fields if declared.name != "account")
if TYPE_CHECKING:
    Preconfigured = Own
else:
    Preconfigured = defstruct(
        "Preconfigured",
        [(declared.attribute, Any, None) for declared in _FIELDS],
        bases=(Own,),
        module=__name__,
        rename={declared.attribute: declared.name for declared in _FIELDS},
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
    )


class WebhookSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `plugins.flow.webhook`."""

    preconfigured: tuple[Preconfigured, ...] = ()


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `plugins.flow`."""

    webhook: WebhookSettings = WebhookSettings()
    #: Of execution windows that name none; Spinnaker's default.
    time_zone: str = "America/Los_Angeles"

    def __post_init__(self) -> None:
        """Refuse now what every window would fail of."""
        read_zone(self.time_zone, "time_zone")


def stage_type(configured: Own) -> type[Stage]:
    """The stage type of a preconfigured webhook."""
    fixed = {declared.name: value for declared, value in fixed_fields(configured)}

    class Made(Webhook, type=configured.type, restart_clears=Webhook.restart_clears):
        __doc__ = configured.description or configured.label or "A webhook that the operator has configured."
        examples = ({"parameterValues": {one.name: one.default_value or "example" for one in configured.parameters}},)

        parameter_values: dict[str, Any] = field("parameterValues", "values of its parameters, by name", default={})

        def __init__(self, context: Mapping[str, Any], where: str = "") -> None:
            super().__init__({"parameterValues": context.get("parameterValues")}, where)
            values = _values(configured, self.parameter_values, where)
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
