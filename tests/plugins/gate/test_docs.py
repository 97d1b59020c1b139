"""The page on the API is true."""

from pathlib import Path

from gennaker.core.authoriser import Authoriser
from gennaker.core.services import Services
from gennaker.plugins.gate.app import create_app
from gennaker.plugins.gate.stages import ANSWERS

PAGE = Path(__file__).parents[3] / "docs" / "api.md"


def rows() -> list[str]:
    """A line for each route, made from the schema."""
    found = []
    for path, methods in create_app(Services(), Authoriser(), 1000).openapi()["paths"].items():
        for method, operation in methods.items():
            query = ", ".join(f"`{one['name']}`" for one in operation.get("parameters", ()) if one["in"] == "query")
            body = operation.get("requestBody", {}).get("description", "")
            given = "; ".join(part for part in (query, f"body: {body}" if body else "") if part)
            text = " ".join(operation["description"].split()).replace("|", "\\|")
            old = " (old form)" if operation.get("deprecated") else ""
            found.append(f"| `{method.upper()} {path}` | {operation['x-scope']} | {given} | {text}{old} |")
    return found


def test_the_page_lists_every_route_as_it_is_and_no_other() -> None:
    listed = [line for line in PAGE.read_text().splitlines() if line.startswith("| `") and " /" in line.split("`")[1]]
    assert sorted(listed) == sorted(rows())


def test_the_page_names_every_answer_that_the_scope_run_may_give() -> None:
    page = PAGE.read_text()
    assert [key for key in ANSWERS if f"`{key}`" not in page] == []
