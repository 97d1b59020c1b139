"""The root of an expression: what each name means for one stage of an execution.

Separate from `roots` because functions look here too. One is made for every stage that starts, so nothing is worked out before it is
asked for. Source: reference §4.3.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gennaker.core.expressions.beans import Beans, visible_outputs
from gennaker.core.expressions.deployments import deployed
from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.scope import Scope
from gennaker.core.model.execution import Execution, Stage

_MAIN_BRANCHES = ("master", "develop")
_NOTHING: dict[str, Any] = {}


class Names(Mapping[str, Any]):
    """Names to values: `extra`, Spinnaker's own names, the stage's context, the outputs of the stages before it.

    Without a stage there are Spinnaker's own names only, as when a pipeline starts.
    """

    __slots__ = ("_found", "beans", "execution", "extra", "kept", "stage")

    def __init__(self, execution: Execution, stage: Stage | None, extra: Mapping[str, Any] = _NOTHING) -> None:
        self.execution = execution
        self.stage = stage
        self.extra = extra
        self.beans = Beans(execution)
        #: What `#doNotEval` was given.
        self.kept: list[Any] = []
        self._found: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name in self.extra:
            return self.extra[name]
        if name in _OWN:
            if name not in self._found:
                self._found[name] = _OWN[name](self)
            return self._found[name]
        if self.stage is None:
            raise KeyError(name)
        context = self.stage.context
        return context[name] if name in context else self.outputs()[name]

    def __contains__(self, name: object) -> bool:
        if name in self.extra or name in _OWN:
            return True
        return self.stage is not None and (name in self.stage.context or name in self.outputs())

    def __iter__(self) -> Iterator[str]:
        context = self.stage.context if self.stage is not None else _NOTHING
        return iter(dict.fromkeys((*self.extra, *_OWN, *context, *self.outputs())))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def outputs(self) -> dict[str, Any]:
        """The outputs that names fall through to."""
        if self.stage is None:
            return _NOTHING
        if "" not in self._found:
            self._found[""] = visible_outputs(self.execution, self.stage)
        found: dict[str, Any] = self._found[""]
        return found


def names_of(scope: Scope, function: str) -> Names:
    """The root of an expression that a function was called in. Raises ExpressionError where there is no execution."""
    if not isinstance(scope.root, Names):
        raise ExpressionError(f"#{function} needs an execution, and there is none here")
    return scope.root


def _parameters(names: Names) -> Any:
    given = names.execution.trigger.get("parameters")
    if given:
        return given
    return names.stage.context.get("parameters", {}) if names.stage is not None else {}


def _scm_info(names: Names) -> Any:
    """One commit of the build that triggered: the first that is on a branch of its own, else the first."""
    context = names.stage.context if names.stage is not None else _NOTHING
    found: Any = context.get("scmInfo")
    for build in (context.get("buildInfo"), names.execution.trigger.get("buildInfo")):
        if found is None and isinstance(build, dict):
            found = build.get("scm")
    if not isinstance(found, list):
        return found
    apart = [one for one in found if isinstance(one, dict) and one.get("branch") not in _MAIN_BRANCHES]
    return next(iter(apart or found), None)


#: Names that mean the same whatever the stage's context holds.
_OWN: dict[str, Callable[[Names], Any]] = {
    "execution": lambda names: names.beans.execution(),
    "trigger": lambda names: names.execution.trigger,
    "parameters": _parameters,
    "scmInfo": _scm_info,
    "templateVariables": lambda names: names.execution.template_variables or {},
    "deployedServerGroups": lambda names: deployed(names.beans.order),
}
RESERVED = frozenset(_OWN)
