"""Functions of expressions that look outside, as plugins write them, and the work that asks for their values (rule 15).

Separate from `expressions` because this side does what an evaluator must not: it waits for others. Its work travels like a stage's, to the
queue of the stage type `expression.evaluate`, whose providers are the plugins that bring functions.
"""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from gennaker.core.errors import GennakerError, Unavailable
from gennaker.core.expressions.errors import ExpressionError, Wanted
from gennaker.core.expressions.lookups import NAMES, answer
from gennaker.core.model.messages import Outcome
from gennaker.core.model.status import Status
from gennaker.core.model.work import LOOKUP_TYPE
from gennaker.core.outbound import CallFailed
from gennaker.core.redact import redactor
from gennaker.core.run import Retryable, Run
from gennaker.core.stage import Stage


class OutsideFunction(Struct, frozen=True, kw_only=True):
    """A function for expressions, `#<plugin>_<name>(…)`. Its value is asked for once for each stage and list of arguments."""

    name: str
    #: For people: `(project, key)`.
    parameters: str = ""
    description: str
    #: Called as `call(run, *arguments)` in a worker; answers JSON. A raise is an expression that failed; `Retryable` is tried again.
    call: Callable[..., Any]


class Lookup(Stage):
    """Gives the values of functions that look outside."""

    def look_up(self, run: Run) -> Outcome:
        """What each call gives: `{key: {"value": …} | {"error": …}}` as the context of the outcome. Raises Retryable, Unavailable."""
        return Outcome(
            status=Status.SUCCEEDED,
            context={each.key: self._value(run, each.function, each.arguments) for each in run.work.wanted},
        )

    def _value(self, run: Run, name: str, arguments: Sequence[Any]) -> dict[str, Any]:
        function = self.functions.get(name)
        if function is None:
            return {"error": f"no function #{name} is known to this worker"}
        try:
            return {"value": function(run, *arguments)}
        except (Retryable, Unavailable):
            raise
        except CallFailed as error:
            if error.retryable and run.attempt < _TRIES:
                raise Retryable(error.message) from error
            return {"error": redactor.text(error.message)}
        except (ExpressionError, GennakerError) as error:
            return {"error": redactor.text(error.message)}
        except Exception as error:
            return {"error": redactor.text(f"#{name}: {type(error).__name__}: {error}")}


class StandardLookup(Lookup, type=LOOKUP_TYPE):
    """Gives the values of Spinnaker's own functions that look outside, such as `#fromUrl`."""

    functions = dict.fromkeys(NAMES, answer)

    def _value(self, run: Run, name: str, arguments: Sequence[Any]) -> dict[str, Any]:
        return answer(Wanted(function=name, arguments=tuple(arguments), key=""), run.services, run.application)


#: How often a URL that does not answer is asked.
_TRIES = 3


def lookup_type(functions: Sequence[OutsideFunction], plugin: str = "") -> type[Lookup]:
    """The stage type whose work gives the values of a plugin's functions. Raises ValueError for names that are no such functions."""
    named: dict[str, Callable[..., Any]] = {}
    for function in functions:
        name = f"{plugin}_{function.name}" if plugin else function.name
        if not function.name.isidentifier() or not name.isidentifier():
            raise ValueError(f"{function.name!r} cannot be the name of a function; expected letters, digits and _")
        if name in named:
            raise ValueError(f"there are two functions {function.name!r}")
        named[name] = function.call

    class Own(Lookup, type=LOOKUP_TYPE, provider=plugin):
        """Gives the values of functions that look outside."""

    Own.functions = named
    return Own
