"""Remembers where each key was set.

Separate because the file, the environment and the command line all set keys, and a plugin's section is checked long after the load.
"""

from msgspec import Struct


class Origins(Struct, frozen=True, kw_only=True):
    """Places of keys. The empty key is the document as a whole."""

    places: dict[str, tuple[str, int | None]] = {}

    def locate(self, key: str) -> tuple[str, int | None]:
        """File (or variable, or `command line`) and line where a dotted key was set; its nearest parent's otherwise."""
        while key and key not in self.places:
            key = key[: max(key.rfind("."), key.rfind("["), 0)]
        return self.places.get(key, ("defaults", None))
