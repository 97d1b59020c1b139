"""When Python looks for garbage in cycles.

Separate because it is a setting of the whole process, so only a process that runs nothing but a runtime may change it. The engine keeps
thousands of immutable values, none of them in cycles: with the interpreter's own thresholds, looking them through takes a seventh of its time.
"""

import gc

#: New objects before the youngest are looked at, and how many such looks there are between two of the next generation.
_THRESHOLDS = (20_000, 10, 50)


def tune() -> None:
    """Leave out what was made before, modules for the most part, and look less often at the rest."""
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
