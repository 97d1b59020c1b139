"""Texts that stand for values: those of the environment, and those of secrets.

Separate because such a text becomes a number, a list or a boolean only when the type of its key is known.
"""


class FromText(str):
    """A text from outside the file; it is read as the type that its key has."""

    __slots__ = ()


class SecretText(FromText):
    """The value of a secret reference; never shown."""

    __slots__ = ()
