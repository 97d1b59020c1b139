"""What a registry may try: other hosts, other content, too much of it."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from registries import digest_of
from website import Website

from gennaker.config.load import load
from gennaker.config.problems import ConfigError
from gennaker.core.errors import GennakerError, Refused, Unavailable
from gennaker.core.outbound import Blocked, CallFailed, Outbound
from gennaker.plugins.docker import gennaker_artifacts
from gennaker.plugins.docker.account import DockerAccount
from gennaker.plugins.docker.challenge import Challenge, challenges
from gennaker.plugins.docker.settings import Account, Settings

KIND = "application/vnd.oci.image.manifest.v1+json"


def account(site: Website, **settings: Any) -> DockerAccount:
    """An account for a registry with a password."""
    return DockerAccount(Account(name="images", address=site.url, username="ada", password="lovelace", **settings))


def artifact(site: Website, reference: str = "app:1", type_: str = "oci/artifact") -> dict[str, str]:
    """An artifact of the site."""
    return {"type": type_, "reference": f"{site.host}/{reference}"}


def manifest(site: Website, layer: dict[str, Any], **headers: str) -> bytes:
    """Write the manifest of app:1 with one layer."""
    body = json.dumps({"schemaVersion": 2, "layers": [{"mediaType": "text/plain", **layer}]}).encode()
    site.page("/v2/app/manifests/1", body, Content_Type=KIND, **headers)
    return body


def of(data: bytes) -> dict[str, Any]:
    """The layer with this content."""
    return {"digest": digest_of(data), "size": len(data)}


def test_what_has_another_digest_is_refused(site: Website, http: Outbound) -> None:
    body = manifest(site, of(b"good"))
    site.page(f"/v2/app/blobs/{digest_of(b'good')}", b"evil")
    with pytest.raises(Refused, match=r"the blob sha256:\w+ of app is not what it should be: its sha256 is "):
        account(site).fetch(artifact(site), http)
    asked_for = "sha256:" + "0" * 64
    site.page(f"/v2/app/manifests/{asked_for}", body)
    with pytest.raises(Refused, match=f"the manifest {asked_for} of app is not what it should be"):
        account(site).fetch(artifact(site, f"app@{asked_for}"), http)
    manifest(site, of(b"good"), Docker_Content_Digest=asked_for)
    with pytest.raises(Refused, match="the manifest 1 of app is not what it should be"):
        account(site).fetch(artifact(site), http)


def test_sha512_is_checked_and_others_are_not_believed(site: Website, http: Outbound) -> None:
    digest = f"sha512:{hashlib.sha512(b'good').hexdigest()}"
    manifest(site, {"digest": digest, "size": 4})
    site.page(f"/v2/app/blobs/{digest}", b"good")
    assert account(site).fetch(artifact(site), http) == b"good"
    manifest(site, of(b"x"), Docker_Content_Digest="md5:0")
    with pytest.raises(Refused, match="'md5' is not a digest that is checked here"):
        account(site).fetch(artifact(site), http)


def test_a_layer_that_is_too_large_is_refused_by_what_is_said_and_by_what_comes(site: Website, http: Outbound) -> None:
    manifest(site, {"digest": digest_of(b""), "size": 10**12})
    with pytest.raises(Refused, match="has 1000000000000 bytes; expected at most 33554432"):
        account(site).fetch(artifact(site), http)
    manifest(site, of(b"good"))
    site.page(f"/v2/app/blobs/{digest_of(b'good')}", b"good" * 1000)
    with pytest.raises(CallFailed, match="larger than 4 bytes"):
        account(site).fetch(artifact(site), http)


@pytest.mark.parametrize(
    "layer",
    [
        {"digest": "sha256:../../../../secret", "size": 1},
        {"digest": digest_of(b"") + "\n", "size": 1},
        {"digest": digest_of(b""), "size": -1},
        {"digest": digest_of(b""), "size": "1"},
        {"digest": "md5:" + "a" * 32, "size": 1},
        {"size": 1},
    ],
)
def test_a_manifest_that_cannot_be_right_is_refused(site: Website, http: Outbound, layer: dict[str, Any]) -> None:
    manifest(site, layer)
    with pytest.raises(Refused, match=r"the manifest of .*/app:1 cannot be read"):
        account(site).fetch(artifact(site), http)
    assert len(site.asked) == 1


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b"[" * 100_000, b"\xff"])
def test_an_answer_that_is_no_manifest_or_no_list_is_told(site: Website, http: Outbound, body: bytes) -> None:
    site.page("/v2/app/manifests/1", body)
    with pytest.raises(Refused, match="cannot be read"):
        account(site).fetch(artifact(site), http)
    site.page("/v2/app/tags/list", body)
    with pytest.raises(Unavailable, match="answered with something"):
        account(site).versions("docker/image", f"{site.host}/app", http)


def test_names_that_are_none_are_left_out_of_lists(site: Website, http: Outbound) -> None:
    site.page("/v2/app/tags/list", json.dumps({"tags": ["1", "²", "a b", 7, None, "9" * 200, "../x"]}))
    assert account(site).versions("docker/image", f"{site.host}/app", http) == ["1"]
    site.page("/v2/_catalog", json.dumps({"repositories": ["app", "../../x", "App", {}]}))
    assert account(site).names("docker/image", http) == [f"{site.host}/app"]
    site.page("/v2/app/tags/list", json.dumps({"tags": 5}))
    assert account(site).versions("docker/image", f"{site.host}/app", http) == []


def test_a_list_is_not_continued_elsewhere_nor_without_end(
    site: Website, other: Website, http: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.page("/v2/app/tags/list", '{"tags": ["1"]}', Link=f'<{other.url}/v2/app/tags/list>; rel="next"')
    with pytest.raises(Refused, match="continues its list on another host"):
        account(site).versions("docker/image", f"{site.host}/app", http)
    assert other.asked == []
    monkeypatch.setattr("gennaker.plugins.docker.registry._PAGES", 5)
    site.page("/v2/app/tags/list", '{"tags": ["1"]}', Link='</v2/app/tags/list?n=1>; rel="next"')
    with pytest.raises(Refused, match="more than 5 pages"):
        account(site).versions("docker/image", f"{site.host}/app", http)
    monkeypatch.setattr("gennaker.plugins.docker.registry._NAMES", 2)
    with pytest.raises(Refused, match="more than 2 names"):
        account(site).versions("docker/image", f"{site.host}/app", http)


def sent(site: Website) -> list[str]:
    """The credentials that came to a site."""
    return [one.headers["authorization"] for one in site.asked if "authorization" in one.headers]


@pytest.mark.parametrize(
    "realm",
    [
        "{other}/token",
        "http://{host}@{other_host}/token",
        "http://{host}\\@{other_host}/token",
        "//{other_host}/token",
        "{other_host}/token",
        "file:///etc/passwd",
        "",
        "http://{host}:80@{other_host}/token",
        "http://{other_host}#@{host}/token",
        "http://{other_host}?@{host}/token",
    ],
)
def test_a_registry_cannot_send_the_password_elsewhere(
    site: Website, other: Website, http: Outbound, realm: str
) -> None:
    where = realm.format(other=other.url, other_host=other.host, host=site.host)
    site.page("/v2/app/manifests/1", status=401, WWW_Authenticate=f'Bearer realm="{where}",service="x"')
    other.page("/token", '{"token": "abc"}')
    with pytest.raises(Refused, match=r"token.service"):
        account(site).fetch(artifact(site), http)
    assert sent(other) == []


def test_the_password_is_not_carried_on_by_redirects(site: Website, other: Website, http: Outbound) -> None:
    site.page("/v2/app/manifests/1", status=401, WWW_Authenticate=f'Bearer realm="{site.url}/token"')
    site.page("/token", status=302, Location=f"{other.url}/token")
    other.page("/token", '{"token": "abc"}')
    with pytest.raises(Refused, match="answered 401"):
        account(site).fetch(artifact(site), http)
    assert "/token?scope=repository%3Aapp%3Apull" in site.paths()
    assert sent(other) == []
    assert sent(site)[-1] == "Bearer abc"


def test_a_blob_elsewhere_is_fetched_without_the_token(site: Website, other: Website, http: Outbound) -> None:
    body = manifest(site, of(b"good"))
    del site.pages["/v2/app/manifests/1"]
    site.page("/v2/app/manifests/1", status=401, WWW_Authenticate=f'Bearer realm="{site.url}/token"')
    site.page("/token", '{"token": "abc"}')
    refusal = site.pages["/v2/app/manifests/1"]
    site.page("/manifest", body)
    site.pages["/v2/app/manifests/1"] = lambda asked: (
        site.pages["/manifest"] if asked.headers.get("authorization") == "Bearer abc" else refusal  # type: ignore[return-value]
    )
    site.page(f"/v2/app/blobs/{digest_of(b'good')}", status=307, Location=f"{other.url}/blob")
    other.page("/blob", b"good")
    assert account(site).fetch(artifact(site), http) == b"good"
    assert sent(other) == []


def test_a_challenge_of_another_host_is_not_answered(site: Website, other: Website, http: Outbound) -> None:
    site.page("/v2/app/manifests/1", status=302, Location=f"{other.url}/here")
    other.page("/here", status=401, WWW_Authenticate='Basic realm="x"')
    with pytest.raises(Refused, match="answered 401"):
        account(site).fetch(artifact(site), http)
    assert sent(other) == []


@pytest.mark.parametrize("where", ["http://169.254.169.254/latest", "http://10.0.0.1/", "http://[::1]:1/"])
def test_the_private_network_is_not_reached(site: Website, http: Outbound, where: str) -> None:
    nobody = DockerAccount(Account(name="images", address=site.url))
    site.page("/v2/app/manifests/1", status=401, WWW_Authenticate=f'Bearer realm="{where}"')
    with pytest.raises(Blocked):
        nobody.fetch(artifact(site), http)
    manifest(site, of(b"good"))
    site.page(f"/v2/app/blobs/{digest_of(b'good')}", status=307, Location=where)
    with pytest.raises(Blocked):
        nobody.fetch(artifact(site), http)


@pytest.mark.parametrize(
    "body", ["{}", '{"token": 5}', '{"token": "a\\nb"}', '{"token": "a b"}', '{"token": ""}', '{"token": "é"}']
)
def test_a_token_that_is_none_is_told(site: Website, http: Outbound, body: str) -> None:
    site.page("/v2/app/manifests/1", status=401, WWW_Authenticate=f'Bearer realm="{site.url}/token"')
    site.page("/token", body)
    with pytest.raises(Refused, match="gave no token"):
        account(site).fetch(artifact(site), http)


def test_a_registry_that_does_not_say_how_is_told(site: Website, http: Outbound) -> None:
    site.page("/v2/app/manifests/1", status=401)
    with pytest.raises(Refused, match="does not say how to sign in"):
        account(site).fetch(artifact(site), http)


def test_docker_hub_is_asked_at_its_own_host() -> None:
    class Closed:
        asked: list[str]

        def request(self, method: str, url: str, **_: Any) -> Any:
            self.asked.append(url)
            raise GennakerError("closed")

    closed = Closed()
    closed.asked = []
    with pytest.raises(GennakerError):
        DockerAccount(Account(name="hub")).fetch({"type": "docker/image", "reference": "nginx"}, closed)
    assert closed.asked == ["https://registry-1.docker.io/v2/library/nginx/manifests/latest"]


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("", {}),
        ('Basic realm="a"', {"basic": Challenge(scheme="basic", realm="a")}),
        (
            'Bearer realm="https://a/t",service="s",scope="repository:x:pull,push"',
            {"bearer": Challenge(scheme="bearer", realm="https://a/t", service="s")},
        ),
        (
            'Basic realm="a", bearer realm="https://b", service="Bearer realm=c"',
            {
                "basic": Challenge(scheme="basic", realm="a"),
                "bearer": Challenge(scheme="bearer", realm="https://b", service="Bearer realm=c"),
            },
        ),
        ("Negotiate", {}),
        ("Bearer " + "x" * 10_000, {"bearer": Challenge(scheme="bearer")}),
    ],
)
def test_how_to_sign_in_is_read(header: str, found: dict[str, Challenge]) -> None:
    assert challenges(header) == found


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("{}", "name: is missing"),
        ("{name: a, address: 'ftp://x'}", "is no host"),
        ("{name: a, address: 'https://x/v2'}", "address: 'https://x/v2' was given; expected https://host"),
        ("{name: a, token_service: 'https://x/token'}", "token_service: 'https://x/token' was given"),
        ("{name: a, password: lovelace}", "username and password belong together"),
        ("{name: a, repositories: [Org]}", "'Org' is no repository"),
        ("{name: a, repositories: ['../x']}", "is no repository"),
    ],
)
def test_wrong_settings_are_told(tmp_path: Path, section: str, said: str) -> None:
    file = tmp_path / "gennaker.yaml"
    file.write_text(f"plugins:\n  docker:\n    accounts:\n      - {section}\n")
    with pytest.raises(ConfigError, match=said):
        load(file, environ={}).plugin("docker", Settings)


def test_the_plugin_brings_an_account_for_each_registry_and_shows_no_password() -> None:
    settings = Account(name="images", address="registry.example", username="ada", password="lovelace")
    (made,) = gennaker_artifacts(Settings(accounts=(settings,)))
    assert (made.name, made.types) == ("images", ("docker/image", "helm/image", "oci/artifact"))
    assert "lovelace" not in repr(settings)
