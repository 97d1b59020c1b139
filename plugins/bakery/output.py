"""Packer's machine-readable output: what it says to people, and what it has made.

Separate because it is a format of its own: `time,target,type,data…`, in which commas and line ends of the data are written otherwise.
"""

import re
from collections import deque

#: Sequences that move a terminal's cursor or colour it, and other control characters but the tab.
_CONTROL = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])|[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]"
)
_MOST_ERRORS = 5


class Output:
    """Takes lines as they come."""

    def __init__(self) -> None:
        #: The last errors that Packer told of, oldest first.
        self.errors: list[str] = []
        #: The last lines for people.
        self.last: deque[str] = deque(maxlen=_MOST_ERRORS)
        self._artifacts: dict[str, dict[str, str]] = {}

    def take(self, line: str) -> list[str]:
        """The lines for people in one of Packer's; a line in no known form is one of them as it is."""
        lines = self._lines(line)
        self.last += lines
        return lines

    def _lines(self, line: str) -> list[str]:
        parts = line.split(",", 3)
        if len(parts) < 4 or not parts[0].isdigit():
            return _lines(line)
        _, target, type_, data = parts
        if type_ == "ui":
            return _lines(_plain(data.partition(",")[2]))
        if type_ == "error":
            lines = _lines(_plain(data))
            self.errors = [*self.errors, *lines][-_MOST_ERRORS:]
            return [f"{target}: {text}" for text in lines]
        if type_ == "artifact":
            number, _, rest = data.partition(",")
            name, _, value = rest.partition(",")
            self._artifacts.setdefault(f"{target},{number}", {})[name] = _plain(value)
        return []

    def made(self, name: str) -> list[str]:
        """What the artifacts say under a name, such as `id`; once each."""
        return list(dict.fromkeys(one[name] for one in self._artifacts.values() if name in one))


def _plain(data: str) -> str:
    return data.replace("%!(PACKER_COMMA)", ",").replace("\\r", "\r").replace("\\n", "\n")


def _lines(text: str) -> list[str]:
    found = (_CONTROL.sub("", line.replace("\t", "    ")).rstrip() for line in re.split(r"\r\n|\n|\r", text))
    return [line for line in found if line.strip()]
