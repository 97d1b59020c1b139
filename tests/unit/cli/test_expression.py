"""`gennaker expression`: here without a daemon, or in an execution of one."""

import json
from pathlib import Path
from typing import Any

import pytest

from gennaker.core.cli.root import FAILED, USAGE


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        (("1 + 1",), "2\n"),
        (("v${parameters.version}", "-p", "version=1.2"), "v1.2\n"),
        (("parameters.n * 2", "-p", "n:=4"), "8\n"),
        (("{1, 2}",), "[\n  1,\n  2\n]\n"),
    ],
)
def test_a_text_is_evaluated_here(gennaker: Any, arguments: tuple[str, ...], printed: str) -> None:
    result = gennaker("expression", "eval", *arguments)
    assert (result.exit_code, result.stdout) == (0, printed)


def test_a_context_comes_from_a_file(gennaker: Any, tmp_path: Path) -> None:
    (tmp_path / "context.yaml").write_text("image: {tag: v7}\n")
    assert gennaker("expression", "eval", "image.tag", "--context", str(tmp_path / "context.yaml")).stdout == "v7\n"


def test_what_has_no_value_says_why_and_leaves_with_a_failure(gennaker: Any) -> None:
    result = gennaker("expression", "eval", "#toJsn(1)")
    assert result.exit_code == FAILED
    assert "did you mean #toJson" in result.stderr
    assert result.stdout == ""


def test_in_an_execution_the_daemon_is_asked(gennaker: Any, server: Any) -> None:
    server.on("GET", "/pipelines/E1/S1/evaluateExpression", {"result": 7})
    result = gennaker("expression", "eval", "made", "--execution", "E1", "--stage", "S1", "-o", "json")
    assert json.loads(result.stdout) == {"result": 7}
    assert server.made("GET")[0].query == {"expression": "${made}"}


@pytest.mark.parametrize("more", [("--stage", "S1"), ("--execution", "E1", "-p", "a=1")])
def test_options_that_do_not_go_together_are_refused(gennaker: Any, more: tuple[str, ...]) -> None:
    assert gennaker("expression", "eval", "1", *more).exit_code == USAGE


def test_functions_are_listed(gennaker: Any, server: Any) -> None:
    told = {"name": "toJson", "signature": "#toJson(o)", "description": "JSON text", "parameters": []}
    server.on("GET", "/capabilities/expressions", {"functions": [told], "spelEvaluators": []})
    assert "#toJson(o)" in gennaker("expression", "functions").output
