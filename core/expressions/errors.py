"""What goes wrong in an expression, and the one signal that is no error: a value from outside is needed first."""

from gennaker.core.model.execution import Wanted

__all__ = ["Deferred", "ExpressionError", "LimitReached", "Wanted"]


class ExpressionError(Exception):
    """An expression that cannot be read or has no value. `message` is a sentence that teaches; `column` counts from 1 within the expression."""

    def __init__(self, message: str, *, kind: str = "SpelEvaluationException", column: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        #: The simple name of the exception that Spinnaker tells in this case.
        self.kind = kind
        self.column = column


#: The kind of what ended at a limit.
LIMIT = "SpelLimitException"


class LimitReached(ExpressionError):
    """An expression wanted more steps, characters, elements or time than one evaluation may use."""

    def __init__(self, message: str) -> None:
        super().__init__(message, kind=LIMIT)


class Deferred(Exception):
    """Evaluation cannot go on before a value from outside is known."""

    def __init__(self, wanted: Wanted) -> None:
        super().__init__(wanted.key)
        self.wanted = wanted
