"""Artifact accounts over REST."""

from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from gennaker.core.artifacts.account import ArtifactAccount
from gennaker.core.artifacts.accounts import Accounts
from gennaker.core.errors import NotFound
from gennaker.core.services import Http, Json
from gennaker.core.testing import FakeHttp


class Shelf(ArtifactAccount):
    """Has one book."""

    def fetch(self, artifact: Json, http: Http) -> bytes:
        if artifact.get("reference") != "moby-dick":
            raise NotFound(f"no book {artifact.get('reference')}")
        return b"<script>Call me Ishmael\xff"

    def names(self, type_: str, http: Http) -> list[str]:
        return ["moby-dick"]

    def versions(self, type_: str, name: str, http: Http) -> list[str]:
        return [f"{name} 2", f"{name} 1"]


@pytest.fixture
def client(serve: Any, world: Any) -> Any:
    accounts = Accounts([Shelf("ada", ["book/text"])], FakeHttp())
    with serve(services=replace(world.services, artifacts=accounts)) as client:
        yield client


def test_accounts_are_listed(client: httpx.Client) -> None:
    assert client.get("/artifacts/credentials").json() == [{"name": "ada", "types": ["book/text"]}]


def test_an_artifact_is_fetched_as_bytes_that_no_browser_shows(client: httpx.Client) -> None:
    answer = client.put("/artifacts/fetch", json={"type": "book/text", "reference": "moby-dick"})
    assert (answer.status_code, answer.content) == (200, b"<script>Call me Ishmael\xff")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"type": "book/text", "reference": "x"}, 404, "no book x"),
        ({"type": "book/text", "artifactAccount": "eve"}, 404, "no artifact account 'eve'; there are: ada"),
        ({"type": "disc"}, 400, "no artifact account has disc"),
        ({}, 400, "artifact.type: is missing"),
        ([], 400, "the body must be a JSON object"),
    ],
)
def test_what_cannot_be_fetched_is_told(client: httpx.Client, body: Any, status: int, said: str) -> None:
    answer = client.put("/artifacts/fetch", json=body)
    assert answer.status_code == status
    assert said in answer.json()["message"]


def test_names_and_versions_are_listed(client: httpx.Client) -> None:
    assert client.get("/artifacts/account/ada/names", params={"type": "book/text"}).json() == ["moby-dick"]
    params = {"type": "book/text", "artifactName": "moby-dick"}
    assert client.get("/artifacts/account/ada/versions", params=params).json() == ["moby-dick 2", "moby-dick 1"]
    assert client.get("/artifacts/account/ada/versions").status_code == 400
    assert client.get("/artifacts/account/eve/names").status_code == 404


def test_a_process_without_artifacts_says_so(serve: Any) -> None:
    with serve() as client:
        answer = client.get("/artifacts/credentials")
    assert answer.status_code == 503
    assert "offers no artifacts" in answer.json()["message"]
