"""The interface as one page of plain HTML.

Separate, and made here, because the usual viewers load their scripts from elsewhere, which a delivery daemon must not.
"""

from html import escape
from typing import Any

HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:64rem;padding:0 1rem;color:#1d2733;background:#fff}
h2{margin:2rem 0 .5rem;text-transform:capitalize}table{border-collapse:collapse;width:100%}
td{border-top:1px solid #d8dee6;padding:.35rem .5rem;vertical-align:top}
td:first-child{width:4.5rem;font-weight:600}code{font:13px ui-monospace,monospace}
.scope{color:#57606a;white-space:nowrap;width:4rem}.old{opacity:.6}small{color:#57606a}
@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}td{border-color:#30363d}.scope,small{color:#8b949e}}
"""


def render(schema: dict[str, Any]) -> bytes:
    """The page of an OpenAPI schema: routes by tag, with scope, parameters and meaning."""
    by_tag: dict[str, list[str]] = {}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            by_tag.setdefault(operation.get("tags", ["other"])[0], []).append(_row(method, path, operation))
    sections = "".join(f"<h2>{escape(tag)}</h2><table>{''.join(rows)}</table>" for tag, rows in by_tag.items())
    title = escape(f"{schema['info']['title']} {schema['info']['version']}")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}</style><h1>{title}</h1>"
        f'<p>The same as <a href="openapi.json">OpenAPI</a>. Scopes: <code>admin</code> contains <code>run</code>, '
        f"which contains <code>read</code>.</p>{sections}</html>"
    ).encode()


def _row(method: str, path: str, operation: dict[str, Any]) -> str:
    parameters = ", ".join(one["name"] for one in operation.get("parameters", ()) if one["in"] == "query")
    body = operation.get("requestBody", {}).get("description", "")
    notes = [f"query: {parameters}" if parameters else "", f"body: {body}" if body else ""]
    small = "".join(f"<br><small>{escape(note)}</small>" for note in notes if note)
    shade = ' class="old"' if operation.get("deprecated") else ""
    return (
        f"<tr{shade}><td>{method.upper()}<td><code>{escape(path)}</code>{small}"
        f'<td class="scope">{escape(operation.get("x-scope", ""))}<td>{escape(operation.get("description", ""))}'
    )
