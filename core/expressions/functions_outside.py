"""Helper functions that need something from outside the execution: a URL, a definition, a slow reader.

Separate because each asks `scope.outside` first, so that what is slow happens on a worker and never in the engine (rule 15);
`lookups` answers there. Source: reference §4.4.
"""

from typing import Any

from gennaker.core.expressions.arguments import text_of
from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.functions_text import json_of
from gennaker.core.expressions.properties import read_properties
from gennaker.core.expressions.scope import Function, Scope

#: Characters of YAML that are read at most: a reader in Python takes a second for about 80,000.
LONGEST_YAML = 200_000


def from_url(scope: Scope, url: Any) -> str:
    """The text at a URL."""
    found: str = scope.outside("fromUrl", text_of("fromUrl", url))
    scope.budget.text(len(found))
    return found


def json_from_url(scope: Scope, url: Any) -> Any:
    """The JSON at a URL."""
    return json_of("jsonFromUrl", scope, scope.outside("fromUrl", text_of("jsonFromUrl", url)))


def yaml_from_url(scope: Scope, url: Any) -> Any:
    """The YAML at a URL."""
    return scope.outside("yamlFromUrl", text_of("yamlFromUrl", url))


def properties_from_url(scope: Scope, url: Any) -> dict[str, str]:
    """The Java properties at a URL."""
    text: str = scope.outside("fromUrl", text_of("propertiesFromUrl", url))
    scope.budget.spend(1 + len(text) // 100)
    return read_properties(text)


def read_yaml(scope: Scope, text: Any) -> Any:
    """The one document of a YAML text."""
    return scope.outside("readYaml", _yaml("readYaml", text))


def read_all_yaml(scope: Scope, text: Any) -> Any:
    """All documents of a YAML text."""
    return scope.outside("readAllYaml", _yaml("readAllYaml", text))


def pipeline_id(scope: Scope, name: Any) -> Any:
    """The id of a pipeline of this application."""
    return scope.outside("pipelineId", text_of("pipelineId", name))


def pipeline_id_or_null(scope: Scope, name: Any) -> Any:
    """The same, or null."""
    return scope.outside("pipelineIdOrNull", text_of("pipelineIdOrNull", name))


def pipeline_id_in_application(scope: Scope, name: Any, application: Any) -> Any:
    """The id of a pipeline of another application, or null."""
    texts = [text_of("pipelineIdInApplication", one) for one in (name, application)]
    return scope.outside("pipelineIdInApplication", *texts)


def application_metadata(scope: Scope, application: Any) -> Any:
    """An application as it is stored."""
    return scope.outside("applicationMetadata", text_of("applicationMetadata", application))


def canary_config_id(scope: Scope, name: Any, application: Any) -> Any:
    """The id of a canary configuration."""
    texts = [text_of("canaryConfigNameToId", one) for one in (name, application)]
    return scope.outside("canaryConfigNameToId", *texts)


def _yaml(function: str, value: Any) -> str:
    text = text_of(function, value)
    if len(text) > LONGEST_YAML:
        raise ExpressionError(f"#{function} reads at most {LONGEST_YAML:,} characters, and was given {len(text):,}")
    return text


OUTSIDE = (
    Function(
        name="fromUrl",
        signature="#fromUrl(url)",
        least=1,
        call=from_url,
        description="the text at an http(s) URL, at most 1 MB; the host must be a public name, no address",
    ),
    Function(
        name="jsonFromUrl",
        signature="#jsonFromUrl(url)",
        least=1,
        call=json_from_url,
        description="the same, read as JSON",
    ),
    Function(
        name="yamlFromUrl",
        signature="#yamlFromUrl(url)",
        least=1,
        call=yaml_from_url,
        description="the same, read as YAML, at most 200,000 characters",
    ),
    Function(
        name="propertiesFromUrl",
        signature="#propertiesFromUrl(url)",
        least=1,
        call=properties_from_url,
        description="the same, read as Java properties",
    ),
    Function(
        name="readYaml",
        signature="#readYaml(text)",
        least=1,
        call=read_yaml,
        description="the value of a YAML document, at most 200,000 characters",
    ),
    Function(
        name="readAllYaml",
        signature="#readAllYaml(text)",
        least=1,
        call=read_all_yaml,
        description="the list of the documents of a YAML text",
    ),
    Function(
        name="pipelineId",
        signature="#pipelineId(name)",
        least=1,
        call=pipeline_id,
        description="the id of the pipeline of that name in this application; an error without one",
    ),
    Function(
        name="pipelineIdOrNull",
        signature="#pipelineIdOrNull(name)",
        least=1,
        call=pipeline_id_or_null,
        description="the same, null without one",
    ),
    Function(
        name="pipelineIdInApplication",
        signature="#pipelineIdInApplication(name, application)",
        least=2,
        most=2,
        call=pipeline_id_in_application,
        description="the same in another application, null without one",
    ),
    Function(
        name="applicationMetadata",
        signature="#applicationMetadata(application)",
        least=1,
        call=application_metadata,
        description="the application as it is stored: name, email, …",
    ),
    Function(
        name="canaryConfigNameToId",
        signature="#canaryConfigNameToId(name, application)",
        least=2,
        most=2,
        call=canary_config_id,
        description="the id of a canary configuration; an error without a plugin that keeps them",
    ),
)
