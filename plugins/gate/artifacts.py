"""Artifact accounts, and what artifacts hold.

Separate because these go to the outside world when they are asked, and answer with whatever is there.
"""

from typing import Annotated

from fastapi import Query, Response

from gennaker.plugins.gate.access import Here, answer, needs, routes
from gennaker.plugins.gate.body import ObjectBody

router = routes()


@router.get("/artifacts/credentials", tags=["artifacts"], **needs("read"))
def list_accounts(here: Here) -> Response:
    """The artifact accounts: `[{name, types}]`."""
    return answer(here.artifacts.accounts())


@router.put(
    "/artifacts/fetch", tags=["artifacts"], **needs("run", body="an artifact: `{type, reference, artifactAccount, …}`")
)
def fetch_artifact(here: Here, body: ObjectBody) -> Response:
    """The content of an artifact, as bytes; a `git/repo` is a gzipped tar of its files."""
    return Response(here.artifacts.fetch(body), media_type="application/octet-stream")


@router.get("/artifacts/account/{account}/names", tags=["artifacts"], **needs("read"))
def artifact_names(here: Here, account: str, type_: Annotated[str, Query(alias="type")] = "") -> Response:
    """The names of the artifacts of a type that an account can tell of."""
    return answer(here.artifacts.names(account, type_))


@router.get("/artifacts/account/{account}/versions", tags=["artifacts"], **needs("read"))
def artifact_versions(
    here: Here, account: str, artifactName: str, type_: Annotated[str, Query(alias="type")] = ""
) -> Response:
    """The versions of an artifact: of a chart its releases, of a repository (by its URL) its branches and tags."""
    return answer(here.artifacts.versions(account, type_, artifactName))
