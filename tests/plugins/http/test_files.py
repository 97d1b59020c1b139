"""Files of web servers: read from a real server, with credentials for their own hosts, and never from inside the network."""

from base64 import b64encode
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gennaker.config import load as load_settings
from gennaker.core.artifacts.account import MAX_BYTES
from gennaker.core.artifacts.accounts import Accounts
from gennaker.core.errors import GennakerError, InvalidRequest, NotFound, Refused, Unavailable
from gennaker.core.outbound import Outbound
from gennaker.core.plugins import Plugins, load

Json = dict[str, Any]


def plugins(home: Path, section: Json, **environ: str) -> Plugins:
    """The plugins with a section for `http`."""
    file = home / "gennaker.yaml"
    file.write_bytes(msgspec.json.encode({"plugins": {"http": section}}))
    return load(load_settings(file, home=home, environ=environ))


@pytest.fixture
def fetch(tmp_path: Path, site: Any) -> Any:
    """Fetches an http/file of the site, or of elsewhere, with one of these accounts."""
    accounts = [
        {"name": "basic", "hosts": [site.url], "username": "ada", "password": "secret:env:PASSWORD"},
        {"name": "bearer", "hosts": ["files.example.com", site.url], "token": "tok-en-123"},
        {"name": "headers", "hosts": [site.url], "headers": {"X-Api-Key": "key-123"}},
    ]
    found = plugins(tmp_path, {"accounts": accounts}, PASSWORD="pass-word")
    assert found.broken == []
    service = Accounts(found.accounts(), Outbound(["127.0.0.0/8"]))

    def call(reference: str, account: str = "no-auth-http-account", **fields: str) -> bytes:
        reference = f"{site.url}{reference}" if reference.startswith("/") else reference
        return service.fetch({"type": "http/file", "artifactAccount": account, "reference": reference, **fields})

    return call


@pytest.mark.parametrize(
    ("account", "header", "value"),
    [
        ("no-auth-http-account", "authorization", None),
        ("basic", "authorization", "Basic " + b64encode(b"ada:pass-word").decode()),
        ("bearer", "authorization", "Bearer tok-en-123"),
        ("headers", "x-api-key", "key-123"),
    ],
)
def test_a_file_is_fetched_as_its_account_says(fetch: Any, site: Any, account: str, header: str, value: str) -> None:
    site.answer("/deploy.yml?x=1", body=b"kind: Deployment\n")
    assert fetch("/deploy.yml?x=1", account) == b"kind: Deployment\n"
    assert site.asked[0]["headers"].get(header) == value


@pytest.mark.parametrize("account", ["basic", "bearer", "headers"])
def test_credentials_do_not_go_to_another_host(fetch: Any, other_site: Any, account: str) -> None:
    other_site.answer("/x", body=b"caught")
    with pytest.raises(Refused, match="is not a host of the artifact account"):
        fetch(f"{other_site.url}/x", account)
    assert other_site.asked == []


@pytest.mark.parametrize("account", ["basic", "bearer", "headers"])
def test_a_redirect_to_another_host_loses_the_credentials(fetch: Any, site: Any, other_site: Any, account: str) -> None:
    site.answer("/x", 302, Location=f"{other_site.url}/y")
    other_site.answer("/y", body=b"theirs")
    assert fetch("/x", account) == b"theirs"
    assert {"authorization", "x-api-key"} & site.asked[0]["headers"].keys()
    assert not {"authorization", "x-api-key"} & other_site.asked[0]["headers"].keys()


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("http://169.254.169.254/latest/meta-data/", "a link-local address"),
        ("http://10.0.0.1/", "a private address"),
        ("http://[::1]:1/", "a loopback address"),
        ("http://2852039166/", "a link-local address"),
        ("http://0xa9fea9fe/", "a link-local address"),
    ],
)
def test_what_is_inside_is_not_fetched_directly_or_by_a_redirect(
    fetch: Any, site: Any, reference: str, said: str
) -> None:
    with pytest.raises(Refused, match=said):
        fetch(reference)
    site.answer("/x", 302, Location=reference)
    with pytest.raises(Refused, match=said):
        fetch("/x")


def test_a_file_that_is_too_large_is_not_read_to_its_end(fetch: Any, site: Any) -> None:
    site.answer("/large", body=b"x" * (MAX_BYTES + 1))
    with pytest.raises(Refused, match=f"larger than {MAX_BYTES} bytes"):
        fetch("/large")


@pytest.mark.parametrize(
    ("status", "kind"), [(404, NotFound), (401, Refused), (403, Refused), (500, Unavailable), (204, None)]
)
def test_an_answer_is_told_as_it_is_meant(fetch: Any, site: Any, status: int, kind: type[GennakerError] | None) -> None:
    site.answer("/x", status)
    if kind is None:
        assert fetch("/x") == b""
        return
    with pytest.raises(kind, match=rf"http/file .*/x \(account no-auth|answered {status}"):
        fetch("/x")


def test_a_server_that_is_not_there_may_be_there_later(fetch: Any, other_site: Any) -> None:
    other_site.close()
    with pytest.raises(Unavailable):
        fetch(f"{other_site.url}/x")


@pytest.mark.parametrize("reference", ["", "deploy.yml", "file:///etc/passwd", "http://user:pass@example.com/"])
def test_a_reference_that_is_no_url_is_refused(fetch: Any, reference: str) -> None:
    with pytest.raises(InvalidRequest, match=r"artifact\.reference: "):
        fetch(reference)


@pytest.mark.parametrize(
    ("account", "said"),
    [
        ({"name": "x", "hosts": []}, "plugins.http.accounts[0].hosts"),
        ({"name": "x"}, "plugins.http.accounts[0].hosts"),
        ({"name": "x", "hosts": ["ftp://x"]}, "is no host such as"),
        ({"name": "x", "hosts": ["x"], "token": "t", "username": "u"}, "both a token and a user"),
        ({"name": "x", "hosts": ["x"], "pasword": "p"}, "did you mean 'password'"),
        ({"name": "no-auth-http-account", "hosts": ["x"]}, "exists already"),
    ],
)
def test_a_wrong_account_is_told_with_its_place(tmp_path: Path, account: Json, said: str) -> None:
    [reason] = [one.reason for one in plugins(tmp_path, {"accounts": [account]}).broken if one.name == "http"]
    assert said in reason


def test_an_accounts_credentials_are_not_shown(tmp_path: Path) -> None:
    account = {"name": "x", "hosts": ["x"], "password": "pass-word", "username": "u", "headers": {"X-Key": "key-123"}}
    [loaded] = [one for one in plugins(tmp_path, {"accounts": [account]}).loaded if one.name == "http"]
    assert "pass-word" not in repr(loaded)
    assert "key-123" not in repr(loaded)
