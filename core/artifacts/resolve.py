"""Which artifacts a pipeline starts with, and which ones a stage has produced: expected artifacts find what they are bound to.

Separate because the rules are pure: what was received and what ran before come in as values. Source: reference §7.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from gennaker.core.artifacts.artifact import distinct, normal, normal_list, told
from gennaker.core.artifacts.match import matches
from gennaker.core.errors import InvalidRequest
from gennaker.core.expressions.budget import Budget

Json = dict[str, Any]

#: More artifacts, or expected ones, than any pipeline has.
MOST = 1_000


class Resolved(Struct, frozen=True, kw_only=True):
    """What expected artifacts were bound to."""

    #: The artifacts, each once.
    artifacts: list[Json]
    #: The expected artifacts with their `boundArtifact`.
    expected: list[Json]


def at_start(pipeline: Json, trigger: Json, prior: Sequence[Json] = ()) -> Json:
    """What the trigger of a starting pipeline gets: `artifacts`, `expectedArtifacts` and `resolvedExpectedArtifacts`.

    `prior` are the artifacts of its last execution, needed when `wants_prior`. Raises InvalidRequest when an expected artifact cannot be
    resolved, or not without doubt.
    """
    received = received_by(pipeline, trigger)
    found = resolve(_candidates(pipeline, trigger), received, prior, unique=True)
    return {
        "artifacts": distinct([*received, *found.artifacts]),
        "expectedArtifacts": found.expected,
        "resolvedExpectedArtifacts": found.expected,
    }


def wants_prior(pipeline: Json, trigger: Json) -> bool:
    """Whether an expected artifact falls back to the last execution; not when something is wrong, which `at_start` tells."""
    try:
        prior = [(one, where) for one, where in _candidates(pipeline, trigger) if one.get("usePriorArtifact")]
        received = received_by(pipeline, trigger) if prior else []
        budget = Budget()
        return any(_match(one, received, where, budget, unique=True) is None for one, where in prior)
    except InvalidRequest:
        return False


def received_by(pipeline: Json, trigger: Json) -> list[Json]:
    """What came with the trigger. Raises InvalidRequest for what is no artifact."""
    before = normal_list(pipeline.get("receivedArtifacts"), "receivedArtifacts")
    found = distinct([*before, *normal_list(trigger.get("artifacts"), "trigger.artifacts")])
    if len(found) > MOST:
        raise InvalidRequest(f"{len(found)} artifacts are more than {MOST}", "trigger.artifacts")
    return found


def matched_ids(expected: Any, received: Sequence[Json]) -> list[str]:
    """The ids of the expected artifacts that something received matches. Raises InvalidRequest."""
    budget = Budget()
    return [
        str(one["id"])
        for one, where in _expected(expected, "expectedArtifacts")
        if one.get("id") and _match(one, received, where, budget, unique=False) is not None
    ]


def bind(expected: Any, visible: Sequence[Json]) -> Resolved:
    """Bind what a stage should have produced to the first of the visible artifacts that matches, else to its default.

    Raises InvalidRequest for one that has neither.
    """
    return resolve(_expected(expected, "expectedArtifacts"), [normal(one) for one in visible], unique=False)


def resolve(
    expected: Sequence[tuple[Json, str]], received: Sequence[Json], prior: Sequence[Json] = (), *, unique: bool
) -> Resolved:
    """Find what each expected artifact, given with its place, is: received, prior if it may be, its default if it may be.

    Raises InvalidRequest when there is nothing, and when there is more than one thing and `unique` is wanted.
    """
    bound = []
    budget = Budget()
    for one, where in expected:
        found = _match(one, received, where, budget, unique=unique)
        if found is None and one.get("usePriorArtifact"):
            found = _match(one, prior, where, budget, unique=unique)
        if found is None and one.get("useDefaultArtifact") and one.get("defaultArtifact"):
            found = normal(one["defaultArtifact"], f"{where}.defaultArtifact")
        if found is None:
            raise InvalidRequest(_unmatched(one, received, prior))
        bound.append({**one, "boundArtifact": found})
    return Resolved(artifacts=distinct(one["boundArtifact"] for one in bound), expected=bound)


def _candidates(pipeline: Json, trigger: Json) -> list[tuple[Json, str]]:
    """The expected artifacts that matter for a trigger: those it names, and those that have something to fall back to."""
    ids = trigger.get("expectedArtifactIds") or []
    if not isinstance(ids, list | tuple):
        raise InvalidRequest(f"expected a list of ids, found {type(ids).__name__}", "trigger.expectedArtifactIds")
    wanted = set(map(str, ids))
    return [
        (one, where)
        for one, where in _expected(pipeline.get("expectedArtifacts"), "expectedArtifacts")
        if str(one.get("id")) in wanted or one.get("useDefaultArtifact") or one.get("usePriorArtifact")
    ]


def _expected(expected: Any, where: str) -> list[tuple[Json, str]]:
    """Expected artifacts, each with its place and its `matchArtifact` in order."""
    if not isinstance(expected or [], list | tuple):
        raise InvalidRequest(f"expected a list, found {type(expected).__name__}", where)
    found = []
    for i, one in enumerate(expected or ()):
        place = f"{where}[{i}]"
        if not isinstance(one, dict):
            raise InvalidRequest(f"expected an expected artifact (an object), found {type(one).__name__}", place)
        found.append(({**one, "matchArtifact": normal(one.get("matchArtifact"), f"{place}.matchArtifact")}, place))
    if len(found) > MOST:
        raise InvalidRequest(f"{len(found)} expected artifacts are more than {MOST}", where)
    return found


def _match(expected: Json, artifacts: Sequence[Json], where: str, budget: Budget, *, unique: bool) -> Json | None:
    place = f"{where}.matchArtifact"
    found = [one for one in artifacts if matches(expected["matchArtifact"], one, place, budget)]
    if unique and len(found) > 1:
        listed = ", ".join(map(told, found[:5]))
        raise InvalidRequest(f"Expected artifact {_shown(expected)} matches multiple artifacts: {listed}")
    return found[0] if found else None


def _unmatched(expected: Json, received: Sequence[Json], prior: Sequence[Json]) -> str:
    tried = [f"received: {', '.join(map(told, received[:5])) or 'none'}"]
    if expected.get("usePriorArtifact"):
        tried.append(f"of the last execution: {', '.join(map(told, prior[:5])) or 'none'}")
    if expected.get("useDefaultArtifact"):
        tried.append("it has no default artifact")
    return f"Unmatched expected artifact {_shown(expected)} could not be resolved ({'; '.join(tried)})."


def _shown(expected: Json) -> str:
    name = expected.get("displayName") or expected.get("id") or ""
    return f"'{name}' ({told(expected['matchArtifact'])})" if name else told(expected["matchArtifact"])
