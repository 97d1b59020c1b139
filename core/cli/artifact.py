"""`gennaker artifact`: the accounts that the daemon has, and what it gets when it fetches.

Separate because it shows, before a pipeline runs, whether an artifact can be had, with the daemon's own accounts.
"""

import sys
from pathlib import Path

import click

from gennaker.core.cli.client import daemon, remote_options
from gennaker.core.cli.output import Cell, done, output_option, show
from gennaker.core.services import Json


@click.group()
def artifact() -> None:
    """List artifact accounts and fetch artifacts."""


@artifact.command()
@output_option
@remote_options
@click.pass_context
def accounts(ctx: click.Context) -> None:
    """List the artifact accounts and the types that each fetches."""
    columns: dict[str, Cell] = {"name": "name", "types": lambda row: " ".join(row["types"])}
    show(ctx, daemon(ctx).get("artifacts", "credentials"), columns)


@artifact.command()
@click.argument("type_", metavar="TYPE")
@click.argument("reference", default="")
@click.option("--account", help="The account; not needed when only one has the type.")
@click.option("--name", help="The artifact's name.")
@click.option("--version", help="Its version: a branch, tag or commit, the version of a chart …")
@click.option("--location", help="Its location: a folder of a repository, a region …")
@click.option(
    "--to", type=click.Path(path_type=Path, dir_okay=False), help="The file to write; standard output without."
)
@output_option
@remote_options
@click.pass_context
def fetch(
    ctx: click.Context,
    /,
    type_: str,
    reference: str,
    to: Path | None,
    account: str | None,
    **fields: str | None,
) -> None:
    """Fetch an artifact of a TYPE such as http/file by its REFERENCE, as a pipeline would."""
    given = {"reference": reference, "artifactAccount": account, **fields}
    wanted: Json = {"type": type_, **{key: value for key, value in given.items() if value}}
    content = daemon(ctx).content("PUT", "artifacts", "fetch", body=wanted)
    if to is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        to.write_bytes(content)
    except OSError as error:
        raise click.ClickException(f"{to} cannot be written: {error.strerror}") from error
    done(ctx, f"{len(content)} bytes are in {to}", file=str(to), bytes=len(content))
