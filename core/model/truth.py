"""Values as a person or an expression left them in a context: flags and numbers that may be text.

Separate because the engine's rules and the evaluation of definitions read them in the same way.
"""

from typing import Any


def truth(value: Any) -> bool:
    """A JSON boolean, or the text that an expression left in its place."""
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")
