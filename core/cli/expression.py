"""`gennaker expression`: trying `${…}` before it stands in a pipeline."""

from typing import Any

import click

from gennaker.core.cli.client import daemon, remote_options
from gennaker.core.cli.definition_file import read_one
from gennaker.core.cli.output import chosen, dump, output_option, printable, show
from gennaker.core.cli.root import FAILED
from gennaker.core.services import Json


@click.group()
def expression() -> None:
    """Evaluate expressions as pipelines do, here or in an execution."""


@expression.command("eval")
@click.argument("text")
@click.option(
    "-p",
    "--param",
    "--parameter",
    "params",
    multiple=True,
    metavar="KEY=VALUE",
    help="A parameter; KEY:=JSON for what is not a text.",
)
@click.option(
    "--context", type=click.Path(), metavar="FILE", help="What the stage's context holds, as a JSON or YAML object."
)
@click.option("--execution", metavar="ID", help="Evaluate in this execution of the daemon instead.")
@click.option("--stage", metavar="ID", help="With --execution: in this stage of it.")
@output_option
@remote_options
@click.pass_context
def evaluate_text(
    ctx: click.Context,
    text: str,
    params: tuple[str, ...],
    context: str | None,
    execution: str | None,
    stage: str | None,
) -> None:
    """Evaluate a TEXT: `1 + 1`, or with its braces `v${parameters.version}`. Leaves with 1 when it has no value."""
    if "${" not in text:
        text = f"${{{text}}}"
    if execution:
        if params or context:
            raise click.UsageError("--param and --context are for trying without --execution")
        path = ("pipelines", execution, *((stage,) if stage else ()), "evaluateExpression")
        answer = daemon(ctx).get(*path, expression=text)
    elif stage:
        raise click.UsageError("--stage needs --execution")
    else:
        answer = _here(text, params, context)
    if chosen(ctx) == "table":
        _print(answer)
    else:
        dump(ctx, answer)
    if answer.get("detail"):
        ctx.exit(FAILED)


@expression.command("functions")
@output_option
@remote_options
@click.pass_context
def list_functions(ctx: click.Context) -> None:
    """List the helper functions that the daemon knows, those of plugins among them."""
    rows = daemon(ctx).get("capabilities", "expressions")["functions"]
    show(ctx, rows, {"function": "signature", "gives": "description"})


def _here(text: str, params: tuple[str, ...], context: str | None) -> Json:
    import time

    from gennaker.core.cli.parameter import parameter
    from gennaker.core.model.execution import Execution, Stage
    from gennaker.core.preview import preview

    now = time.time_ns() // 1_000_000
    stage = Stage(id="here", ref_id="1", type="", name="", context=read_one(context) if context else {})
    trigger = {"type": "manual", "parameters": dict(parameter(each) for each in params)}
    execution = Execution(id="here", trigger=trigger, stages={stage.id: stage}, build_time=now, start_time=now)
    result, detail = preview(execution, text, stage=stage, now=now)
    return {"result": result, "detail": detail} if detail else {"result": result}


def _print(answer: Json) -> None:
    for name, failures in answer.get("detail", {}).items():
        for failure in failures:
            click.echo(printable(f"{name}: {failure['description']}"), err=True)
    if not answer.get("detail"):
        click.echo(printable(_shown(answer.get("result"))))


def _shown(value: Any) -> str:
    import msgspec

    return value if isinstance(value, str) else msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
