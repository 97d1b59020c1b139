"""`gennaker template`: templates of pipelines: saved, planned with, used."""

from collections.abc import Mapping
from typing import Any

import click

from gennaker.core.cli.client import Daemon, daemon, errors_of, remote_options
from gennaker.core.cli.definition_file import read_all, read_one
from gennaker.core.cli.output import Cell, chosen, done, dump, moment, output_option, printable, show
from gennaker.core.cli.parameter import parameter
from gennaker.core.cli.root import FAILED, REFUSED, USAGE, Told
from gennaker.core.services import Json

_HOME = ("v2", "pipelineTemplates")
_TAG = click.option("--tag", metavar="TAG", default="", help="latest, stable, unstable, experimental, test or canary.")
_DIGEST = click.option("--digest", metavar="SHA256", default="", help="The version with this digest.")


@click.group()
def template() -> None:
    """Save, plan and use pipeline templates (version 2). Files are JSON or YAML."""


@template.command("save")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@_TAG
@click.option("--skip-plan", is_flag=True, help="Do not first plan the pipelines that are made from it.")
@output_option
@remote_options
@click.pass_context
def save_templates(ctx: click.Context, files: tuple[str, ...], tag: str, skip_plan: bool) -> None:
    """Create templates, or change those with the same id and tag; - is standard input.

    All files are read before the first is saved.
    """
    wanted = [(path, item) for path in files for item in read_all(path)]
    for path, item in wanted:
        if not isinstance(item.get("id"), str) or not item["id"].strip():
            raise Told(f"{path}: a template needs 'id', a text", USAGE)
    client = daemon(ctx)
    saved = [_save(client, item, tag, skip_plan) for _, item in wanted]
    if chosen(ctx) == "table":
        for row in saved:
            verb = "Created" if row["created"] else "Saved"
            click.echo(printable(f"{verb} template {row['id']}:{row['tag']} (sha256:{row['digest']})"))
    else:
        dump(ctx, saved)


def _save(client: Daemon, item: Json, tag: str, skip_plan: bool) -> Json:
    id_ = str(item["id"])
    known = client.find(*_HOME, id_, tag=tag)
    if known:
        params = {"tag": tag, "skipPlanDependents": "true" if skip_plan else ""}
        task = client.call("POST", *_HOME, "update", id_, params=params, body=item)
    else:
        task = client.call("POST", *_HOME, "create", params={"tag": tag}, body=item)
    _succeeded(task, f"Saving template {id_}")
    stored = client.get(*_HOME, id_, tag=tag)
    return {"id": id_, "tag": tag or "latest", "digest": stored["digest"], "created": not known}


@template.command("get")
@click.argument("id_", metavar="ID")
@_TAG
@_DIGEST
@output_option
@remote_options
@click.pass_context
def get_template(ctx: click.Context, id_: str, tag: str, digest: str) -> None:
    """Print a template, its latest unless a tag or digest is named: what `save` reads."""
    dump(ctx, _existing(daemon(ctx), id_, tag, digest))


@template.command("list")
@click.option("--scope", "scopes", multiple=True, help="Only those of this scope: global, or an application.")
@click.option("--versions", is_flag=True, help="Every tag and digest.")
@output_option
@remote_options
@click.pass_context
def list_templates(ctx: click.Context, scopes: tuple[str, ...], versions: bool) -> None:
    """List the templates."""
    client, wanted = daemon(ctx), ",".join(scopes)
    rows = (
        client.get(*_HOME, scopes=wanted) if not versions else _versions(client.get(*_HOME, "versions", scopes=wanted))
    )
    columns: Mapping[str, Cell] = {
        "id": "id",
        **({"tag": "tag"} if versions else {}),
        "name": lambda row: _metadata(row).get("name", ""),
        "scopes": lambda row: ", ".join(map(str, _metadata(row).get("scopes") or ())),
        "variables": lambda row: len(row.get("variables") or ()),
        "changed": lambda row: moment(row.get("updateTs")),
        "by": "lastModifiedBy",
        "digest": lambda row: row["digest"] if versions else row["digest"][:12],
    }
    show(ctx, rows, columns)


def _versions(found: Mapping[str, list[Json]]) -> list[Json]:
    return [row for _, rows in sorted(found.items()) for row in rows]


@template.command("history")
@click.argument("id_", metavar="ID")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many, newest first.")
@output_option
@remote_options
@click.pass_context
def template_history(ctx: click.Context, id_: str, limit: int) -> None:
    """List the revisions of a template, whatever their tags."""
    rows = daemon(ctx).get(*_HOME, id_, "history", limit=limit)
    show(ctx, rows, {"changed": lambda row: moment(row.get("updateTs")), "by": "lastModifiedBy", "digest": "digest"})


@template.command("delete")
@click.argument("id_", metavar="ID")
@_TAG
@_DIGEST
@click.option("--yes", is_flag=True, help="Do not ask.")
@output_option
@remote_options
@click.pass_context
def delete_template(ctx: click.Context, id_: str, tag: str, digest: str, yes: bool) -> None:
    """Delete a template, or one tag or digest of it; refused while pipelines are made from it."""
    client = daemon(ctx)
    name = f"{id_}@sha256:{digest}" if digest else f"{id_}:{tag}" if tag else id_
    if not yes:
        click.confirm(f"Delete template {name}?", abort=True, err=True)
    task = client.call("DELETE", *_HOME, id_, params={"tag": tag, "digest": digest})
    _succeeded(task, f"Deleting template {name}")
    done(ctx, f"Deleted template {name}", id=id_)


@template.command("plan")
@click.argument("file")
@output_option
@remote_options
@click.pass_context
def plan_pipeline(ctx: click.Context, file: str) -> None:
    """Print the plain pipeline that a pipeline with a template becomes; leaves with 1 when it cannot be made."""
    planned = daemon(ctx).call("POST", *_HOME, "plan", body=read_one(file))
    errors = planned.get("errors") or []
    if errors and chosen(ctx) == "table":
        raise Told("\n".join(f"{file}: {error}" for error in errors), FAILED)
    dump(ctx, planned)
    if errors:
        ctx.exit(FAILED)


@template.command("use")
@click.argument("id_", metavar="ID")
@click.argument("application")
@click.argument("name")
@_TAG
@_DIGEST
@click.option("--description", default="", help="What the pipeline is for.")
@click.option(
    "--set", "values", multiple=True, metavar="KEY=VALUE", help="A variable; KEY:=JSON for what is not a text."
)
@click.option("--values", "file", type=click.Path(), help="Variables as a JSON or YAML object; --set goes before it.")
@output_option
@click.pass_context
def use_template(
    ctx: click.Context,
    id_: str,
    application: str,
    name: str,
    tag: str,
    digest: str,
    description: str,
    values: tuple[str, ...],
    file: str | None,
) -> None:
    """Print a pipeline that is made from a template, without a daemon: what `gennaker pipeline save -` reads."""
    from gennaker.core.templates import Reference, read_reference

    if tag and digest:
        raise Told("a template is named by --tag or by --digest; expected one of them", USAGE)
    reference = str(Reference(id=id_, tag=tag or "latest", digest=digest))
    read_reference(reference)
    variables: dict[str, Any] = (read_one(file) if file else {}) | dict(parameter(text, "--set") for text in values)
    dump(
        ctx,
        {
            "schema": "v2",
            "type": "templatedPipeline",
            "application": application,
            "name": name,
            "description": description,
            "template": {
                "artifactAccount": "front50ArtifactCredentials",
                "type": "front50/pipelineTemplate",
                "reference": reference,
            },
            "variables": variables,
            "exclude": [],
            "triggers": [],
            "parameterConfig": [],
            "notifications": [],
            "stages": [],
        },
    )


def _existing(client: Daemon, id_: str, tag: str, digest: str) -> Json:
    found = client.find(*_HOME, id_, tag=tag, digest=digest)
    if not found:
        raise Told(
            f"there is no such template {id_!r}; `gennaker template list --versions` shows those there are", REFUSED
        )
    return dict(found)


def _succeeded(task: Any, what: str) -> None:
    """Raises Told unless the task that the daemon waited for ended well."""
    status = task.get("status") if isinstance(task, dict) else None
    if status == "SUCCEEDED":
        return
    if status in ("NOT_STARTED", "RUNNING"):
        raise Told(f"{what} goes on; `gennaker execution why {task.get('id')}` says what it waits for", FAILED)
    reasons = [error for stage in (task or {}).get("execution", {}).get("stages", []) for error in errors_of(stage)]
    raise Told(f"{what}: {status}" + "".join(f"\n{reason}" for reason in reasons), FAILED)


def _metadata(row: Json) -> Json:
    metadata = row.get("metadata")
    return metadata if isinstance(metadata, dict) else {}
