"""Images, charts and other artifacts of real registries, with each way to sign in."""

import json
from base64 import b64encode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from registries import PASSWORD, USER, Start, Tokens, digest_of, push, put_manifest
from website import Asked, Page, Website

from gennaker.core.errors import InvalidRequest, NotFound, Refused
from gennaker.core.outbound import Outbound
from gennaker.plugins.docker.account import DockerAccount
from gennaker.plugins.docker.settings import Account

CHART = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
OTHER = "application/vnd.example.file"
INDEX = "application/vnd.oci.image.index.v1+json"


def account(registry: str, **settings: Any) -> DockerAccount:
    """An account for a registry."""
    return DockerAccount(Account(name="images", address=registry, **settings))


def host(registry: str) -> str:
    """How names write the registry."""
    return registry.removeprefix("http://")


def named(type_: str, reference: str) -> dict[str, str]:
    """An artifact as a pipeline names it."""
    return {"type": type_, "reference": reference}


def test_of_an_image_its_manifest_is_fetched(registry: str, http: Outbound) -> None:
    digest = push(registry, "org/app", "1.0", (OTHER, b"a"), (OTHER, b"b"))
    for reference in (f"{host(registry)}/org/app:1.0", f"{host(registry)}/org/app@{digest}"):
        manifest = account(registry).fetch(named("docker/image", reference), http)
        assert digest_of(manifest) == digest
        assert len(json.loads(manifest)["layers"]) == 2


def test_a_name_and_a_version_will_do(registry: str, http: Outbound) -> None:
    digest = push(registry, "org/named", "2.0", (OTHER, b"x"))
    name = f"{host(registry)}/org/named"
    for version in ("2.0", digest):
        found = account(registry).fetch({"type": "oci/artifact", "name": name, "version": version}, http)
        assert found == b"x"


def test_an_artifact_with_one_file_is_that_file(registry: str, http: Outbound) -> None:
    push(registry, "org/file", "1", (OTHER, b"key: value\n"))
    ours = account(registry)
    assert ours.fetch(named("oci/artifact", f"{host(registry)}/org/file:1"), http) == b"key: value\n"
    push(registry, "org/file", "2", (OTHER, b"a"), (OTHER, b"b"))
    with pytest.raises(Refused, match=r"has 2 of what is looked for, a layer: sha256:.*; expected exactly one"):
        ours.fetch(named("oci/artifact", f"{host(registry)}/org/file:2"), http)
    push(registry, "org/file", "3")
    with pytest.raises(Refused, match="a layer: none; expected exactly one"):
        ours.fetch(named("oci/artifact", f"{host(registry)}/org/file:3"), http)


def test_of_a_chart_its_archive_is_fetched_and_not_its_provenance(registry: str, http: Outbound) -> None:
    push(
        registry, "charts/web", "1.0.0_7", ("application/vnd.cncf.helm.chart.provenance.v1.prov", b"p"), (CHART, b"tgz")
    )
    ours = account(registry)
    assert ours.fetch(named("helm/image", f"oci://{host(registry)}/charts/web:1.0.0+7"), http) == b"tgz"
    push(registry, "charts/none", "1", (OTHER, b"x"))
    with pytest.raises(Refused, match="a layer with a chart: none"):
        ours.fetch(named("helm/image", f"{host(registry)}/charts/none:1"), http)


def test_an_index_of_one_is_followed_and_of_more_is_told(registry: str, http: Outbound) -> None:
    kind = "application/vnd.oci.image.manifest.v1+json"
    found = []
    for content in (b"one", b"two"):
        digest = push(registry, "org/many", content.decode(), (OTHER, content))
        size = len(account(registry).fetch(named("docker/image", f"{host(registry)}/org/many@{digest}"), http))
        found.append({"mediaType": kind, "digest": digest, "size": size})
    put_manifest(registry, "org/many", "single", INDEX, {"manifests": found[:1]})
    put_manifest(registry, "org/many", "both", INDEX, {"manifests": found})
    assert account(registry).fetch(named("oci/artifact", f"{host(registry)}/org/many:single"), http) == b"one"
    with pytest.raises(Refused, match=r"both has 2 of what is looked for, a manifest: sha256:"):
        account(registry).fetch(named("oci/artifact", f"{host(registry)}/org/many:both"), http)


def test_repositories_tags_and_digests_are_listed(registry: str, http: Outbound) -> None:
    digests = {tag: push(registry, "lists/app", tag, (OTHER, tag.encode())) for tag in ("1.9", "1.10", "stable")}
    ours = account(registry)
    name = f"{host(registry)}/lists/app"
    assert name in ours.names("docker/image", http)
    assert ours.versions("docker/image", name, http) == ["stable", "1.10", "1.9"]
    assert ours.versions("docker/image", f"{name}:1.9", http) == [digests["1.9"]]
    only = account(registry, repositories=("lists/app",))
    assert only.names("docker/image", http) == [name]


def test_a_long_list_is_read_page_by_page(registry: str, http: Outbound, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gennaker.plugins.docker.registry._PER_PAGE", 2)
    for name in ("pages/a", "pages/b", "pages/c", "pages/d", "pages/e"):
        push(registry, name, "1", (OTHER, b"x"))
    found = account(registry).names("docker/image", http)
    assert [one for one in found if "/pages/" in one] == [f"{host(registry)}/pages/{one}" for one in "abcde"]
    monkeypatch.setattr("gennaker.plugins.docker.registry._PAGES", 2)
    with pytest.raises(Refused, match="more than 2 pages"):
        account(registry).names("docker/image", http)


def test_what_is_not_there_is_told(registry: str, http: Outbound) -> None:
    with pytest.raises(NotFound, match=r"/v2/no/such/manifests/1 answered 404"):
        account(registry).fetch(named("docker/image", f"{host(registry)}/no/such:1"), http)


def test_a_name_of_another_registry_is_refused(registry: str, http: Outbound) -> None:
    with pytest.raises(InvalidRequest, match=r"is in the registry docker\.io, and the account 'images' is for 127"):
        account(registry).fetch(named("docker/image", "org/app:1.0"), http)
    with pytest.raises(InvalidRequest, match=r"is in the registry evil\.example"):
        account(registry).versions("docker/image", "evil.example/org/app", http)


def test_a_registry_may_want_a_password(registry: str, basic_registry: str, http: Outbound) -> None:
    push(registry, "org/secret", "1", (OTHER, b"secret"))
    reference = f"{host(basic_registry)}/org/secret:1"
    ours = account(basic_registry, username=USER, password=PASSWORD)
    assert ours.fetch(named("oci/artifact", reference), http) == b"secret"
    assert f"{host(basic_registry)}/org/secret" in ours.names("docker/image", http)
    with pytest.raises(Refused, match="answered 401: the account's credentials do not permit it"):
        account(basic_registry, username=USER, password="wrong-one").fetch(named("oci/artifact", reference), http)
    with pytest.raises(Refused, match="wants a user and a password; the account 'images' has none"):
        account(basic_registry).fetch(named("oci/artifact", reference), http)


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Tokens:
    """A token service that the registries of this file believe."""
    return Tokens(tmp_path_factory.mktemp("tokens"))


def service(tokens: Tokens, key: str = "token") -> Any:
    """Answers as a token service: whoever asks may pull what they ask for, and with a password the list of all."""

    def answer(asked: Asked) -> Page:
        type_, name, actions = parse_qs(urlsplit(asked.path).query)["scope"][0].split(":")
        granted = [{"type": type_, "name": name, "actions": actions.split(",")}]
        known = asked.headers.get("authorization") == "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        permitted = granted if known or type_ == "repository" else []
        return Page(body=json.dumps({key: tokens.token(*permitted)}).encode())

    return answer


def test_a_token_is_fetched_for_everybody(
    registry: str, registries: Start, tokens: Tokens, site: Website, http: Outbound
) -> None:
    push(registry, "org/public", "1", (OTHER, b"public"))
    site.pages["/token"] = service(tokens)
    guarded = registries(tokens.auth(f"{site.url}/token"))
    found = account(guarded).fetch(named("oci/artifact", f"{host(guarded)}/org/public:1"), http)
    assert found == b"public"
    assert site.paths() == ["/token?service=registry&scope=repository%3Aorg%2Fpublic%3Apull"]
    with pytest.raises(Refused, match="answered 401"):
        account(guarded).names("docker/image", http)


@pytest.mark.parametrize("key", ["token", "access_token"])
def test_the_password_goes_to_the_token_service_that_the_account_names(
    registry: str, registries: Start, tokens: Tokens, site: Website, http: Outbound, key: str
) -> None:
    push(registry, "org/private", "1", (OTHER, b"private"))
    site.pages["/token"] = service(tokens, key)
    guarded = registries(tokens.auth(f"{site.url}/token"))
    ours = account(guarded, username=USER, password=PASSWORD, token_service=site.url)
    assert ours.fetch(named("oci/artifact", f"{host(guarded)}/org/private:1"), http) == b"private"
    assert f"{host(guarded)}/org/private" in ours.names("docker/image", http)


def test_the_password_does_not_go_to_a_token_service_that_only_the_registry_names(
    registries: Start, tokens: Tokens, site: Website, http: Outbound
) -> None:
    site.pages["/token"] = service(tokens)
    guarded = registries(tokens.auth(f"{site.url}/token"))
    ours = account(guarded, username=USER, password=PASSWORD)
    with pytest.raises(Refused, match=f"is not for that host; set its token_service to {site.url} if it is"):
        ours.fetch(named("docker/image", f"{host(guarded)}/org/app:1"), http)
    assert site.asked == []
