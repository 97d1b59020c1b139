"""What a template may be, and what it becomes when it is stored: its digest, and nothing else that it did not say.

Separate from planning because a template is checked before any pipeline uses it, and by every store alike.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from gennaker.core.check import Problem
from gennaker.core.errors import InvalidRequest
from gennaker.core.services import Json
from gennaker.core.templates import shape
from gennaker.core.templates.variables import TYPES, fits

SCHEMA = "v2"
#: The tags there are; `latest` moves with each of the others.
LATEST = "latest"
TAGS = (LATEST, "stable", "unstable", "experimental", "test", "canary")
#: Characters of JSON, variables, stages.
MOST_CHARACTERS, MOST_VARIABLES, MOST_STAGES = 2_000_000, 500, 1_000
_LONGEST_ID = 200
_ID = re.compile(r"[^\s\x00-\x1f\x7f:@/?#%\\${}\"'<>,]+")
#: Addresses of the API that an id would hide behind.
_RESERVED = frozenset({"versions", "create", "update", "plan", ".", ".."})
#: Reference §9.1; the range reaches past the letters in Spinnaker too.
_TITLE = re.compile(r"[A-z0-9\-&\s]+")
_VARIABLE = re.compile(r"[a-zA-Z0-9_]+")
#: What the server says of a stored template; none of it is part of what its digest is made of.
_OWN = frozenset({"digest", "tag", "lastModified", "lastModifiedBy", "updateTs"})
_sorted = msgspec.json.Encoder(order="sorted")


def template_to_store(given: Json, *, user: str, now: int) -> Json:
    """The template as it is stored, with its digest. Raises InvalidRequest naming every place that is wrong."""
    problems = check_template(given)
    if problems:
        raise InvalidRequest(problems[0].message, problems[0].where, tuple(str(each) for each in problems))
    template = {key: value for key, value in given.items() if key not in _OWN}
    return {**template, "digest": digest_of(template), "updateTs": str(now), "lastModifiedBy": user}


def digest_of(template: Json) -> str:
    """SHA-256 over the JSON with sorted keys and without any blank, also in texts, and without what the server says of it."""
    own = {key: value for key, value in template.items() if key not in _OWN}
    return hashlib.sha256(re.sub(rb"\s", b"", _sorted.encode(own))).hexdigest()


def check_tag(tag: str, where: str = "tag") -> str:
    """The tag, `latest` for none. Raises InvalidRequest for one that does not exist."""
    if tag and tag not in TAGS:
        raise InvalidRequest(f"there is no tag {tag!r}; expected one of {', '.join(TAGS)}", where)
    return tag or LATEST


def check_digest(digest: str, where: str = "digest") -> str:
    """The digest. Raises InvalidRequest for what is none."""
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise InvalidRequest(f"{digest!r} is no digest; expected the 64 hexadecimal digits of a SHA-256", where)
    return digest


def is_id(id_: Any) -> bool:
    """Whether this can be a template's id."""
    return isinstance(id_, str) and len(id_) <= _LONGEST_ID and bool(_ID.fullmatch(id_)) and id_ not in _RESERVED


def scopes_of(template: Json) -> tuple[str, ...]:
    """Where a template is offered: `global`, or names of applications."""
    scopes = (template.get("metadata") or {}).get("scopes") or ()
    return tuple(each for each in scopes if isinstance(each, str))


def check_template(document: Json) -> tuple[Problem, ...]:
    """Everything that is wrong with a template; expressions are not looked into before a pipeline is planned from it."""
    if shape.deeper_than(document, shape.DEEPEST):
        return (Problem(where="pipeline", message=f"is nested too deeply: more than {shape.DEEPEST} levels"),)
    problems = list(_head(document))
    problems += shape.objects(document, "variables", "")
    if not problems:
        problems += _variables(document.get("variables") or [])
    pipeline = document.get("pipeline")
    if isinstance(pipeline, dict):
        problems += _pipeline(pipeline)
    else:
        problems.append(Problem(where="pipeline", message=f"expected a pipeline, found {shape.kind(pipeline)}"))
    if not problems and (size := len(_sorted.encode(document))) > MOST_CHARACTERS:
        message = f"the template has {size:,} bytes; expected at most {MOST_CHARACTERS:,}"
        problems.append(Problem(where="pipeline", message=message))
    return tuple(problems)


def _head(document: Json) -> Iterator[Problem]:
    if document.get("schema") != SCHEMA:
        yield Problem(where="schema", message=f"expected {SCHEMA!r}, found {document.get('schema')!r}")
    if not is_id(document.get("id")):
        message = f"{document.get('id')!r} is no id; expected letters, digits, - . _ and no word of the API"
        yield Problem(where="id", message=message)
    yield from shape.typed(document, "protect", bool, "")
    yield from shape.typed(document, "metadata", dict, "")
    metadata = document.get("metadata")
    if not isinstance(metadata, dict):
        return
    name = metadata.get("name")
    if name is not None and not (isinstance(name, str) and _TITLE.fullmatch(name)):
        message = f"{name!r} is no name; expected letters, digits, blanks, - and &"
        yield Problem(where="metadata.name", message=message)
    scopes = metadata.get("scopes")
    if scopes is not None and not (isinstance(scopes, list) and all(isinstance(each, str) for each in scopes)):
        message = f"expected a list such as ['global'] or of applications, found {shape.kind(scopes)}"
        yield Problem(where="metadata.scopes", message=message)


def _variables(variables: list[Json]) -> Iterator[Problem]:
    if len(variables) > MOST_VARIABLES:
        message = f"there are {len(variables)}; expected at most {MOST_VARIABLES}"
        yield Problem(where="variables", message=message)
        return
    seen: dict[str, int] = {}
    for i, variable in enumerate(variables):
        name, type_, default = variable.get("name"), variable.get("type"), variable.get("defaultValue")
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            message = f"{name!r} is no name; expected letters, digits and _"
            yield Problem(where=f"variables[{i}].name", message=message)
        elif name in seen:
            message = f"'{name}' is declared by variables[{seen[name]}] already"
            yield Problem(where=f"variables[{i}].name", message=message)
        else:
            seen[name] = i
        if type_ is not None and not (isinstance(type_, str) and type_.lower() in TYPES):
            message = f"there is no type {type_!r}; expected one of {', '.join(TYPES)}"
            yield Problem(where=f"variables[{i}].type", message=message)
        elif default is not None and not fits(type_, default) and not (isinstance(default, str) and "${" in default):
            message = f"expected {TYPES[str(type_).lower()]}, found {shape.kind(default)}"
            yield Problem(where=f"variables[{i}].defaultValue", message=message)
        for key in ("nullable", "merge", "remove"):
            yield from shape.typed(variable, key, bool, f"variables[{i}].")


def _pipeline(pipeline: Json) -> Iterator[Problem]:
    if pipeline.get("type") == "templatedPipeline" or pipeline.get("template") is not None:
        message = "a template cannot be made from another one; expected a plain pipeline"
        yield Problem(where="pipeline.template", message=message)
    wrong = False
    for key in ("stages", "triggers", "notifications", "parameterConfig", "expectedArtifacts"):
        for problem in shape.objects(pipeline, key, "pipeline."):
            wrong = wrong or key == "stages"
            yield problem
    if wrong:
        return
    if (count := len(pipeline.get("stages") or ())) > MOST_STAGES:
        yield Problem(where="pipeline.stages", message=f"there are {count}; expected at most {MOST_STAGES}")
    else:
        yield from shape.stages(pipeline, "pipeline.")
