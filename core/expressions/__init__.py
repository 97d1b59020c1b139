"""The one evaluator of `${…}`: pure, so that the engine may call it, and never run on its own results."""

from gennaker.core.expressions.evaluate import Failure, evaluate

__all__ = ["Failure", "evaluate"]
