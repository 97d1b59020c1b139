"""What goes wrong in an expression, and the one signal that is no error: a value from outside is needed first."""

from gennaker.core.model.execution import Wanted

__all__ = ["FAULT", "LIMIT", "Deferred", "ExpressionError", "LimitReached", "Wanted", "fault_of_ours"]

#: The kind of what ended at a limit, and of what only a fault of ours can be.
LIMIT, FAULT = "SpelLimitException", "InternalError"


class ExpressionError(Exception):
    """An expression that cannot be read or has no value. `message` is a sentence that teaches; `column` counts from 1 within the expression."""

    def __init__(self, message: str, *, kind: str = "SpelEvaluationException", column: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        #: The simple name of the exception that Spinnaker tells in this case.
        self.kind = kind
        self.column = column


class LimitReached(ExpressionError):
    """An expression wanted more steps, characters, elements or time than one evaluation may use."""

    def __init__(self, message: str) -> None:
        super().__init__(message, kind=LIMIT)


def fault_of_ours(what: str, fault: Exception) -> ExpressionError:
    """An exception that nothing should have raised, as an error of the expression that met it."""
    message = f"cannot be {what}, through a fault of Gennaker's own: {type(fault).__name__}: {str(fault)[:200]}"
    return ExpressionError(message, kind=FAULT)


class Deferred(Exception):
    """Evaluation cannot go on before a value from outside is known."""

    def __init__(self, wanted: Wanted) -> None:
        super().__init__(wanted.key)
        self.wanted = wanted
