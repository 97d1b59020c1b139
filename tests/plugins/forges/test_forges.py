"""Files of GitHub, GitLab and Bitbucket: the calls that their REST interfaces document, to their own hosts only."""

from base64 import b64encode
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gennaker.config import load as load_settings
from gennaker.core.artifacts.accounts import Accounts
from gennaker.core.errors import InvalidRequest, NotFound, Refused
from gennaker.core.outbound import Outbound
from gennaker.core.plugins import Plugins, load

Json = dict[str, Any]
GITHUB = "/repos/acme/shop/contents/deploy.yml"
GITLAB = "/api/v4/projects/acme%2Fshop/repository/files/deploy%2Fapp.yml/raw"
CLOUD = "/2.0/repositories/acme/shop/src/main/deploy.yml"
BASIC = "Basic " + b64encode(b"ada:pass-word").decode()


def plugins(home: Path, forge: str, account: Json) -> Plugins:
    """The plugins with one account of a forge."""
    file = home / "gennaker.yaml"
    file.write_bytes(msgspec.json.encode({"plugins": {forge: {"accounts": [account]}}}))
    return load(load_settings(file, home=home, environ={"TOKEN": "tok-en-123"}))


def service(home: Path, forge: str, **account: str) -> Accounts:
    found = plugins(home, forge, {"name": "acme", **account})
    assert found.broken == []
    return Accounts(found.accounts(), Outbound(["127.0.0.0/8"]))


@pytest.mark.parametrize(
    ("forge", "account", "path", "version", "asked", "headers"),
    [
        (
            "github",
            {"token": "secret:env:TOKEN"},
            GITHUB,
            "v1.0",
            f"{GITHUB}?ref=v1.0",
            {"authorization": "Bearer tok-en-123", "accept": "application/vnd.github.v3.raw"},
        ),
        ("github", {}, GITHUB, "", GITHUB, {"authorization": None, "accept": "application/vnd.github.v3.raw"}),
        ("gitlab", {"token": "tok-en-123"}, GITLAB, "main", f"{GITLAB}?ref=main", {"private-token": "tok-en-123"}),
        ("gitlab", {}, f"{GITLAB}?ref=old", "main", f"{GITLAB}?ref=old", {"private-token": None}),
        (
            "bitbucket",
            {"username": "ada", "password": "pass-word"},
            "/rest/api/1.0/projects/AC/repos/shop/raw/deploy.yml",
            "refs/heads/x",
            "/rest/api/1.0/projects/AC/repos/shop/raw/deploy.yml?at=refs%2Fheads%2Fx",
            {"authorization": BASIC},
        ),
        ("bitbucket", {"token": "tok-en-123"}, CLOUD, "", CLOUD, {"authorization": "Bearer tok-en-123"}),
    ],
)
def test_a_file_is_asked_for_as_the_forge_documents(
    tmp_path: Path, site: Any, forge: str, account: Json, path: str, version: str, asked: str, headers: Json
) -> None:
    site.answer(asked, body=b"kind: Deployment\n")
    artifact = {"type": f"{forge}/file", "reference": f"{site.url}{path}", "version": version, "name": "deploy.yml"}
    assert service(tmp_path, forge, host=site.url, **account).fetch(artifact) == b"kind: Deployment\n"
    [call] = site.asked
    assert (call["method"], call["path"]) == ("GET", asked)
    assert {name: call["headers"].get(name) for name in headers} == headers


@pytest.mark.parametrize("forge", ["github", "gitlab", "bitbucket"])
def test_the_token_goes_to_the_forge_only(tmp_path: Path, site: Any, other_site: Any, forge: str) -> None:
    accounts = service(tmp_path, forge, token="tok-en-123", host=site.url)
    with pytest.raises(Refused, match="is not a host of the artifact account 'acme'"):
        accounts.fetch({"type": f"{forge}/file", "reference": f"{other_site.url}/x"})
    assert other_site.asked == []
    site.answer("/x", 302, Location=f"{other_site.url}/y")
    other_site.answer("/y", body=b"y")
    assert accounts.fetch({"type": f"{forge}/file", "reference": f"{site.url}/x"}) == b"y"
    assert "tok-en-123" in str(site.asked[0]["headers"])
    assert "tok-en-123" not in str(other_site.asked[0]["headers"])


@pytest.mark.parametrize(
    ("forge", "usual"), [("github", "api.github.com"), ("gitlab", "gitlab.com"), ("bitbucket", "api.bitbucket.org")]
)
def test_an_account_is_for_the_public_forge_unless_told_otherwise(tmp_path: Path, forge: str, usual: str) -> None:
    accounts = service(tmp_path, forge)
    with pytest.raises(Refused, match=usual.replace(".", r"\.")):
        accounts.fetch({"type": f"{forge}/file", "reference": "https://example.com/x"})
    with pytest.raises(InvalidRequest, match=rf"is missing; expected .*https://{usual}"):
        accounts.fetch({"type": f"{forge}/file"})


def test_a_file_that_is_not_there_is_not_found(tmp_path: Path, site: Any) -> None:
    with pytest.raises(NotFound, match=r"github/file deploy\.yml|answered 404"):
        service(tmp_path, "github", host=site.url).fetch({"type": "github/file", "reference": f"{site.url}{GITHUB}"})


@pytest.mark.parametrize("forge", ["github", "gitlab", "bitbucket"])
@pytest.mark.parametrize(
    ("account", "said"),
    [
        ({"name": ""}, "accounts[0].name"),
        ({"name": "x", "host": "a b"}, "is no host such as"),
        ({"name": "x", "url": "https://x"}, "is not a known key"),
    ],
)
def test_a_wrong_account_is_told_with_its_place(tmp_path: Path, forge: str, account: Json, said: str) -> None:
    [reason] = [one.reason for one in plugins(tmp_path, forge, account).broken if one.name == forge]
    assert said in reason
    assert f"plugins.{forge}" in reason


@pytest.mark.parametrize("forge", ["github", "gitlab", "bitbucket"])
def test_the_token_is_not_shown(tmp_path: Path, forge: str) -> None:
    found = plugins(tmp_path, forge, {"name": "x", "token": "tok-en-123"})
    assert "tok-en-123" not in repr(found.loaded)
