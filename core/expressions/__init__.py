"""The one evaluator of `${…}`: pure, so that the engine may call it, and never run on its own results."""

from gennaker.core.expressions.check import Problem, check, check_condition
from gennaker.core.expressions.condition import condition
from gennaker.core.expressions.evaluate import Evaluation, Failure, evaluate
from gennaker.core.expressions.functions import STANDARD as FUNCTIONS
from gennaker.core.expressions.names import RESERVED
from gennaker.core.expressions.roots import scope_for
from gennaker.core.expressions.summary import summary

__all__ = [
    "FUNCTIONS",
    "RESERVED",
    "Evaluation",
    "Failure",
    "Problem",
    "check",
    "check_condition",
    "condition",
    "evaluate",
    "scope_for",
    "summary",
]
