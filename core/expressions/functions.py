"""All helper functions that every expression has, by name.

Separate because here one finds which there are; plugins add theirs under a namespace.
"""

from collections.abc import Mapping

from gennaker.core.expressions.functions_outside import OUTSIDE
from gennaker.core.expressions.functions_stage import STAGES
from gennaker.core.expressions.functions_text import TEXT
from gennaker.core.expressions.scope import Function

STANDARD: Mapping[str, Function] = {function.name: function for function in (*TEXT, *STAGES, *OUTSIDE)}
