"""The one redactor: takes secrets out of log lines, events and errors before anyone can read them.

Separate because a secret that leaks by a second door has leaked: whatever shows text to people goes through here. It hides the values
that were registered (also as base64, in URLs, escaped in JSON), what stands at keys that name a secret, passwords in URLs,
`Authorization` and cookies, private keys and the usual shapes of tokens.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

import msgspec

from gennaker.config.mask import HIDDEN, mask_url

#: A secret shorter than this is hidden where its key names it, not wherever the same letters stand.
SHORTEST = 5

_NAMES = (
    *(
        "password",
        "passwd",
        "pwd",
        "passphrase",
        "token",
        "secret",
        "authorization",
        "cookie",
        "credential",
        "credentials",
    ),
    *("apikey", "privatekey", "accesskey", "secretkey"),
)
_WORD = r"(?:password|passwd|pwd|passphrase|token|secret|api[_-]?key|private[_-]?key|access[_-]?key|secret[_-]?key|credentials?)"
_HEADER = r"(?:proxy-authorization|authorization|set-cookie|cookie|x-api-key|x-auth-token)"
#: Each hides what follows its first group.
_PATTERNS = (
    re.compile(r"()-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"),
    re.compile(r"(\bhttps?://)[^/?#\s\"'@]+(?=@)", re.IGNORECASE),
    re.compile(rf"(\b{_HEADER}[\"']?\s*[:=]\s*[\"']?)[^\"'\r\n]+", re.IGNORECASE),
    re.compile(r"(\b(?i:bearer|basic)\s+)(?=[\w.~+/-]*[0-9A-Z])[\w.~+/-]{8,}=*"),
    re.compile(rf"({_WORD}[\"']\s*:\s*)(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\d+)", re.IGNORECASE),
    re.compile(rf"({_WORD}=)(?:\"[^\"]*\"|'[^']*'|[^\s&,;\"')\]}}]+)", re.IGNORECASE),
    re.compile(rf"({_WORD}:[ \t]+)\S+[ \t]*$", re.IGNORECASE | re.MULTILINE),
    re.compile(
        r"()\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeoprs]-[\w-]{10,}|(?:AKIA|ASIA)[0-9A-Z]{16})\b"
    ),
    re.compile(r"()\beyJ[\w-]{8,2000}\.eyJ[\w-]{8,}\.[\w-]+"),
)


class Redactor:
    """Knows some secrets, and how others look. Safe for many threads."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None
        self.register(secrets)

    def register(self, secrets: Iterable[str]) -> None:
        """Hide these values from now on."""
        self._known |= {secret for secret in secrets if len(secret) >= SHORTEST}
        forms = {form for secret in self._known for form in _forms(secret)}
        longest_first = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if forms else None

    def text(self, text: str) -> str:
        """The text without secrets."""
        if self._pattern is not None:
            text = self._pattern.sub(HIDDEN, text)
        for pattern in _PATTERNS:
            text = pattern.sub(rf"\g<1>{HIDDEN}", text)
        return mask_url(text)

    def value(self, value: Any) -> Any:
        """The same data without secrets: texts are searched, and what stands at a key that names a secret is hidden."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: HIDDEN if _hides(key, inner) else self.value(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(inner) for inner in value]
        if isinstance(value, (bytes, bytearray)):
            return self.text(bytes(value).decode("utf-8", "replace"))
        if value is None or isinstance(value, (bool, int, float)):
            return value
        return self.text(str(value))


def names_secret(key: str) -> bool:
    """Whether a key says that its value is a secret: `password`, `apiToken`, `X-Api-Key`, but not `secretName`."""
    word = re.sub(r"[^a-z]", "", key.lower())
    return word.endswith(_NAMES)


def _hides(key: object, value: Any) -> bool:
    return (
        isinstance(key, str) and value is not None and not isinstance(value, bool) and value != "" and names_secret(key)
    )


def _forms(secret: str) -> Iterator[str]:
    """How a secret may be written."""
    yield secret
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield msgspec.json.encode(secret).decode()[1:-1]
    data = secret.encode()
    if len(data) < 8:
        return
    for before in range(3):
        whole = b64encode(b"\0" * before + data).decode()
        # The first and last characters depend on what stands before and after the secret.
        inner = whole[(0, 2, 3)[before] : len(whole) - (0, 3, 2)[(before + len(data)) % 3]]
        yield inner
        yield inner.replace("+", "-").replace("/", "_")


#: The one that logs and errors of this process go through.
redactor = Redactor()
