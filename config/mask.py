"""Hides the password in a URL.

Separate because settings, logs and errors all show URLs and none may show what is in front of the `@`.
"""

import re

#: Shown instead of a secret.
HIDDEN = "***"
_USERINFO = re.compile(
    r"(?<![A-Za-z0-9+.-])(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<user>[^/?#\s\"'@:]{0,200}):(?P<password>[^\s\"']{0,500})@"
)


def mask_url(text: str) -> str:
    """The same text with every URL's password hidden; the user name stays, as it tells which account failed."""
    return _USERINFO.sub(lambda found: f"{found['scheme']}{found['user']}:{HIDDEN}@", text)


def passwords(text: str) -> set[str]:
    """The passwords of the URLs in a text."""
    return {found["password"] for found in _USERINFO.finditer(text)} - {""}
