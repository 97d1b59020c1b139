"""Repositories are fetched from a real git server, whole commits and folders of them, and nothing but what was asked for."""

import io
import tarfile
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gennaker.config import load as load_settings
from gennaker.core.archive import read_archive
from gennaker.core.artifacts.accounts import Accounts
from gennaker.core.errors import GennakerError, InvalidRequest, NotFound, Refused
from gennaker.core.outbound import Outbound
from gennaker.core.plugins import load
from gennaker.plugins.git.account import Repositories

Json = dict[str, Any]
#: Every blob and link of the second commit that may be had.
SECOND = {
    "README.md": b"second\n" * 400,
    "deploy/base/app.yaml": b"kind: Deployment\n",
    "deploy/inside": b"kind: Deployment\n",
    "deploy/run.sh": b"#!/bin/sh\n",
}


@pytest.fixture(params=[True, False], ids=["protocol 2", "protocol 0"])
def served(server: Any, request: pytest.FixtureRequest) -> Any:
    server.versions = request.param
    return server


@pytest.fixture
def other(work: Path, server: Any) -> Iterator[Any]:
    """A second server, with the same repositories."""
    second = type(server)(work.parent)
    yield second
    second.close()


def fetch(server: Any, account: Repositories | None = None, **fields: str) -> bytes:
    """Fetch `shop` from a server."""
    accounts = Accounts([account or Repositories("any")], Outbound(["127.0.0.0/8"]))
    artifact = {"type": "git/repo", "reference": f"{server.url}/shop", **fields}
    return accounts.fetch(artifact)


def test_the_default_branch_is_fetched(served: Any) -> None:
    assert read_archive(fetch(served)) == SECOND


@pytest.mark.parametrize("version", ["main", "feature/x", "refs/heads/main"])
def test_a_branch_is_fetched(served: Any, version: str) -> None:
    assert read_archive(fetch(served, version=version)) == SECOND


@pytest.mark.parametrize("version", ["light", "v1.0", "refs/tags/v1.0"])
def test_a_tag_is_fetched_with_or_without_a_message(served: Any, version: str) -> None:
    assert read_archive(fetch(served, version=version)) == {"README.md": b"first\n"}


def test_a_commit_is_fetched_by_its_digits(server: Any, work: Path) -> None:
    from_git = (work / ".git" / "refs" / "tags" / "light").read_text().strip()
    assert read_archive(fetch(server, version=from_git)) == {"README.md": b"first\n"}


def test_a_folder_is_fetched_with_its_whole_paths(server: Any) -> None:
    found = read_archive(fetch(server, location="deploy/base/"))
    assert found == {"deploy/base/app.yaml": b"kind: Deployment\n"}


def test_the_same_commit_gives_the_same_bytes_with_modes_and_links(server: Any) -> None:
    first = fetch(server)
    assert first == fetch(server, version="main")
    with tarfile.open(fileobj=io.BytesIO(first)) as archive:
        entries = {one.name: (one.mode, one.mtime, one.linkname) for one in archive}
    assert entries["deploy/run.sh"] == (0o755, 0, "")
    assert entries["deploy/inside"] == (0o644, 0, "base/app.yaml")
    assert not {"deploy/outside", "deploy/absolute", "vendor"} & entries.keys()


def test_no_history_is_fetched(server: Any) -> None:
    fetch(server)
    assert [(method, path.partition("?")[0]) for method, path, _ in server.asked] == [
        ("GET", "/shop/info/refs"),
        ("POST", "/shop/git-upload-pack"),
        ("POST", "/shop/git-upload-pack"),
    ]


def test_the_branches_and_tags_are_listed(served: Any) -> None:
    accounts = Accounts([Repositories("any")], Outbound(["127.0.0.0/8"]))
    assert accounts.versions("any", "git/repo", f"{served.url}/shop") == ["feature/x", "main", "light", "v1.0"]


@pytest.mark.parametrize(
    ("fields", "kind", "said"),
    [
        ({"version": "nowhere"}, NotFound, "no branch or tag 'nowhere'"),
        ({"version": "0" * 40}, NotFound, "sends nothing for 0000"),
        ({"version": "1" * 40}, Refused, "1111"),
        ({"version": "--upload-pack=touch /tmp/x"}, InvalidRequest, "no name of a branch or tag"),
        ({"version": "-x"}, InvalidRequest, "no name of a branch or tag"),
        ({"version": "a..b"}, InvalidRequest, "no name of a branch or tag"),
        ({"version": "main\n0000"}, InvalidRequest, "no name of a branch or tag"),
        ({"location": "deploy/nothing"}, NotFound, "no folder deploy/nothing"),
        ({"location": "README.md"}, NotFound, "no folder README.md"),
        ({"location": "../x"}, InvalidRequest, "artifact.location"),
        ({"location": "/deploy"}, InvalidRequest, "artifact.location"),
        ({"reference": ""}, InvalidRequest, "expected the URL of a repository"),
        ({"reference": "--upload-pack=x"}, InvalidRequest, "expected an http or https URL"),
        ({"reference": "-oProxyCommand=x"}, InvalidRequest, "expected an http or https URL"),
        ({"reference": "ext::sh -c x"}, InvalidRequest, "characters that no URL has"),
        ({"reference": "file:///etc"}, InvalidRequest, "expected an http or https URL"),
        ({"reference": "/etc"}, InvalidRequest, "expected an http or https URL"),
        ({"reference": "ssh://git@example.com/x"}, InvalidRequest, "expected an http or https URL"),
        ({"reference": "git@example.com:acme/shop.git"}, InvalidRequest, "expected an http or https URL"),
        ({"reference": "http://user:pass@127.0.0.1/shop"}, InvalidRequest, "user name in front"),
        ({"reference": "http://127.0.0.1/shop?service=x"}, InvalidRequest, "has a ? or #"),
        ({"reference": "http://10.0.0.1/shop"}, Refused, "a private address"),
        ({"reference": "http://169.254.169.254/shop"}, Refused, "a link-local address"),
    ],
)
def test_what_is_wrong_is_refused(server: Any, fields: Json, kind: type[GennakerError], said: str) -> None:
    with pytest.raises(kind) as caught:
        fetch(server, **fields)
    assert said in caught.value.message
    assert "touch" not in str([path for _, path, _ in server.asked])


def test_a_repository_that_is_not_there_is_not_found(server: Any) -> None:
    with pytest.raises(NotFound, match="answered 404"):
        fetch(server, reference=f"{server.url}/nothing")


def test_a_web_page_is_no_repository(server: Any) -> None:
    server.answers["/shop/info/refs?service=git-upload-pack"] = ("text/html", b"<html>")
    with pytest.raises(Refused, match="is no git repository"):
        fetch(server)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"0000",
        b"zzzz",
        b"000eversion 2\n0000",
        b"001e# service=git-upload-pack\n0000",
        b"fff0",
        b"\0" * 100,
        b"0004" * 50,
    ],
)
def test_nonsense_of_a_server_is_refused(server: Any, body: bytes) -> None:
    kind = "application/x-git-upload-pack-advertisement"
    server.answers["/shop/info/refs?service=git-upload-pack"] = (kind, body)
    server.answers["/shop/git-upload-pack"] = ("application/x-git-upload-pack-result", body)
    with pytest.raises(GennakerError):
        fetch(server)


def test_credentials_go_to_the_accounts_hosts_only(server: Any, other: Any) -> None:
    account = Repositories("ours", [server.url], "ada", "pass-word")
    assert read_archive(fetch(server, account)) == SECOND
    expected = "Basic " + b64encode(b"ada:pass-word").decode()
    assert {headers.get("authorization") for _, _, headers in server.asked} == {expected}
    with pytest.raises(Refused, match="is not a host of the artifact account 'ours'"):
        fetch(other, account)
    assert other.asked == []


def test_a_redirect_to_another_host_is_followed_without_credentials(server: Any, other: Any) -> None:
    path = "/shop/info/refs?service=git-upload-pack"
    server.moved[path] = f"{other.url}{path}"
    assert read_archive(fetch(server, Repositories("ours", [server.url], "ada", "pass-word"))) == SECOND
    assert len(other.asked) >= 2
    assert not [headers for _, _, headers in other.asked if "authorization" in headers]


def test_a_redirect_inside_is_refused(server: Any) -> None:
    server.moved["/shop/info/refs?service=git-upload-pack"] = "http://169.254.169.254/info/refs?service=git-upload-pack"
    with pytest.raises(Refused, match="a link-local address"):
        fetch(server)


def test_a_redirect_to_something_else_is_refused(server: Any) -> None:
    server.moved["/shop/info/refs?service=git-upload-pack"] = f"{server.url}/elsewhere"
    server.answers["/elsewhere"] = ("application/x-git-upload-pack-advertisement", b"0000")
    with pytest.raises(Refused, match=r"does not speak git|without info/refs"):
        fetch(server)


def test_accounts_are_configured(tmp_path: Path) -> None:
    file = tmp_path / "gennaker.yaml"
    section = {
        "accounts": [{"name": "ours", "hosts": ["git.example.com"], "password": "secret:env:P"}, {"name": "any"}]
    }
    file.write_bytes(msgspec.json.encode({"plugins": {"git": section}}))
    settings = load_settings(file, home=tmp_path, environ={"P": "pass-word"})
    plugins = load(settings)
    assert [one.name for one in plugins.accounts() if one.has("git/repo")] == ["ours", "any"]
    assert "pass-word" in settings.secrets


@pytest.mark.parametrize(
    ("account", "said"),
    [
        ({"name": "x", "password": "p"}, "has a password and no hosts"),
        ({"name": "x", "hosts": ["ssh://git.example.com"]}, "is no host such as"),
        ({"name": "x", "hosts": ["a b"]}, "is no host such as"),
        ({"name": "", "hosts": []}, "plugins.git.accounts[0].name"),
    ],
)
def test_a_wrong_account_is_told_with_its_place(tmp_path: Path, account: Json, said: str) -> None:
    file = tmp_path / "gennaker.yaml"
    file.write_bytes(msgspec.json.encode({"plugins": {"git": {"accounts": [account]}}}))
    plugins = load(load_settings(file, home=tmp_path, environ={}))
    [reason] = [one.reason for one in plugins.broken if one.name == "git"]
    assert said in reason
    assert "plugins.git" in reason
