"""Charts of a repository on a web server of our own, and what such a server may try."""

import gzip
import hashlib
import time
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from website import Website

from gennaker.config.load import load
from gennaker.config.problems import ConfigError
from gennaker.core.errors import InvalidRequest, NotFound, Refused, Unavailable
from gennaker.core.outbound import Blocked, CallFailed, Outbound
from gennaker.plugins.helm import gennaker_artifacts
from gennaker.plugins.helm.account import HelmAccount
from gennaker.plugins.helm.index import read_index
from gennaker.plugins.helm.settings import Account, Settings

CHART = gzip.compress(b"a chart", mtime=0)
INDEX = """apiVersion: v1
entries:
  web:
    - name: web
      version: 1.9.0
      urls: [web-1.9.0.tgz]
      digest: {digest}
    - name: web
      version: 1.10.0
      urls: ["{url}/charts/web-1.10.0.tgz"]
      digest: sha256:{digest}
    - name: web
      version: 0.1.0
    - not a release
  db:
    - {{name: db, version: 0.1.0, urls: ["{url}/db.tgz"]}}
    - {{name: db, version: 7, urls: [7]}}
  empty: null
generated: 2026-01-02T03:04:05Z
"""


def account(site: Website, **settings: Any) -> HelmAccount:
    """An account for the repository of a site."""
    return HelmAccount(Account(name="charts", repository=f"{site.url}/repo", **settings))


def index(site: Website, text: str = INDEX, **values: str) -> None:
    """Write the repository's index."""
    values = {"url": site.url, "digest": hashlib.sha256(CHART).hexdigest(), **values}
    site.page("/repo/index.yaml", text.format(**values))


def chart(name: str, version: str = "") -> dict[str, str]:
    """A chart as a pipeline names it."""
    return {"type": "helm/chart", "name": name, "version": version, "reference": "charts"}


def test_a_chart_is_fetched_from_beside_its_index(site: Website, http: Outbound) -> None:
    index(site)
    site.page("/repo/web-1.9.0.tgz", CHART)
    assert account(site).fetch(chart("web", "1.9.0"), http) == CHART
    assert site.paths() == ["/repo/index.yaml", "/repo/web-1.9.0.tgz"]


def test_without_a_version_the_newest_is_fetched_from_where_it_is(site: Website, http: Outbound) -> None:
    index(site)
    site.page("/charts/web-1.10.0.tgz", CHART)
    assert account(site).fetch(chart("web"), http) == CHART


def test_charts_and_versions_are_listed(site: Website, http: Outbound) -> None:
    index(site)
    ours = account(site)
    assert ours.names("helm/chart", http) == ["db", "empty", "web"]
    assert ours.versions("helm/chart", "web", http) == ["1.10.0", "1.9.0"]
    assert ours.versions("helm/chart", "empty", http) == []


def test_an_index_that_is_the_same_is_not_read_again(
    site: Website, http: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    index(site)
    ours = account(site)
    ours.names("helm/chart", http)
    monkeypatch.setattr("gennaker.plugins.helm.account.read_index", lambda *_: {"new": ()})
    assert "web" in ours.names("helm/chart", http)
    index(site, "entries: {{new: []}}")
    assert ours.names("helm/chart", http) == ["new"]


def test_many_who_ask_at_once_have_the_index_read_once(
    site: Website, http: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    index(site)
    read: list[str] = []

    def slowly(data: bytes, where: str, limit: int) -> Any:
        read.append(where)
        time.sleep(0.1)
        return read_index(data, where, limit)

    monkeypatch.setattr("gennaker.plugins.helm.account.read_index", slowly)
    ours = account(site)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: ours.names("helm/chart", http), range(8)))
    assert found == [["db", "empty", "web"]] * 8
    assert len(read) == 1


def test_a_chart_that_is_not_there_is_told_with_those_that_are(site: Website, http: Outbound) -> None:
    index(site)
    with pytest.raises(NotFound, match=r"has no chart 'wep'; it has db, empty, web"):
        account(site).fetch(chart("wep"), http)
    with pytest.raises(InvalidRequest, match="expected the name of a chart"):
        account(site).fetch({"type": "helm/chart"}, http)


def test_the_password_goes_to_the_repository_and_not_where_its_index_leads(
    site: Website, other: Website, http: Outbound
) -> None:
    index(site, url=other.url)
    other.page("/charts/web-1.10.0.tgz", CHART)
    site.page("/repo/web-1.9.0.tgz", CHART)
    ours = account(site, username="ada", password="lovelace")
    assert ours.fetch(chart("web"), http) == CHART
    assert ours.fetch(chart("web", "1.9.0"), http) == CHART
    expected = "Basic " + b64encode(b"ada:lovelace").decode()
    assert [one.headers.get("authorization") for one in site.asked] == [expected] * 3
    assert [one.headers.get("authorization") for one in other.asked] == [None]


@pytest.mark.parametrize("target", ["/charts/web-1.10.0.tgz", "/repo/web-1.9.0.tgz"])
def test_the_password_is_not_carried_on_by_a_redirect(
    site: Website, other: Website, http: Outbound, target: str
) -> None:
    index(site)
    site.page(target, status=302, Location=f"{other.url}/x")
    other.page("/x", CHART)
    version = "1.9.0" if "1.9.0" in target else ""
    assert account(site, username="ada", password="lovelace").fetch(chart("web", version), http) == CHART
    assert "authorization" not in other.asked[0].headers


@pytest.mark.parametrize(
    "strange", ["http://{host}@{other}/x", "http:\\\\{host}/x", "//{host}@{other}/x", "http://{host}\\@{other}/x"]
)
def test_a_strange_url_in_the_index_gets_no_password(
    site: Website, other: Website, http: Outbound, strange: str
) -> None:
    url = strange.format(host=site.host, other=other.host)
    site.page("/repo/index.yaml", msgspec.json.encode({"entries": {"web": [{"version": "1.0.0", "urls": [url]}]}}))
    with pytest.raises((InvalidRequest, CallFailed, NotFound)):
        account(site, username="ada", password="lovelace").fetch(chart("web"), http)
    assert not [one for one in other.asked if "authorization" in one.headers]


def test_a_chart_with_another_digest_is_refused(site: Website, http: Outbound) -> None:
    index(site)
    site.page("/charts/web-1.10.0.tgz", CHART + b"!")
    with pytest.raises(Refused, match=r"web 1\.10\.0 of .* is not what its index says: its sha256 is "):
        account(site).fetch(chart("web"), http)


def test_a_redirect_into_the_private_network_is_refused(site: Website, http: Outbound) -> None:
    index(site)
    site.page("/charts/web-1.10.0.tgz", status=302, Location="http://169.254.169.254/latest/meta-data")
    with pytest.raises(Blocked, match=r"169\.254\.169\.254"):
        account(site).fetch(chart("web"), http)
    index(site, url="http://10.0.0.1")
    with pytest.raises(Blocked, match=r"10\.0\.0\.1"):
        account(site).fetch(chart("web"), http)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x"])
def test_only_web_addresses_are_fetched(site: Website, http: Outbound, url: str) -> None:
    index(site, f'entries: {{{{web: [{{{{version: 1.0.0, urls: ["{url}"]}}}}]}}}}')
    with pytest.raises(InvalidRequest, match="expected an http or https URL"):
        account(site).fetch(chart("web"), http)


def test_a_chart_in_a_registry_is_told_to_be_there(site: Website, http: Outbound) -> None:
    index(site, 'entries: {{web: [{{version: 1.0.0, urls: ["oci://registry.example/web:1.0.0"]}}]}}')
    with pytest.raises(Refused, match="expected a helm/image with an account of the plugin docker"):
        account(site).fetch(chart("web"), http)


BOMB = "entries: &a0 [x]\n" + "\n".join(f"l{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "has too many values"),
        ("entries: " + "[" * 5000, "is nested too deeply"),
        ("entries: !!python/object/apply:os.system [true]", "is not allowed"),
        ("entries: {web: [}", "is not YAML"),
        ("<html>Not here</html>", "is no index of a Helm repository"),
        ("entries: [web]", "is no index of a Helm repository"),
        ("", "is no index of a Helm repository"),
    ],
)
def test_what_is_no_index_is_refused(site: Website, http: Outbound, text: str, said: str) -> None:
    site.page("/repo/index.yaml", text)
    with pytest.raises(Refused, match=said) as raised:
        account(site).names("helm/chart", http)
    assert "/repo/index.yaml" in raised.value.message


def test_an_index_that_is_no_text_is_refused(site: Website, http: Outbound) -> None:
    site.page("/repo/index.yaml", b"\xff\xfe")
    with pytest.raises(Refused, match="is not text; expected UTF-8"):
        account(site).names("helm/chart", http)


def test_an_index_or_a_chart_that_is_too_large_is_given_up(
    site: Website, http: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.page("/repo/index.yaml", b"#" * 2000)
    with pytest.raises(CallFailed, match="larger than 1024 bytes"):
        account(site, max_index=1024).names("helm/chart", http)
    index(site)
    monkeypatch.setattr("gennaker.plugins.helm.account.MAX_BYTES", 5)
    site.page("/repo/web-1.9.0.tgz", CHART)
    with pytest.raises(CallFailed, match="larger than 5 bytes"):
        account(site).fetch(chart("web", "1.9.0"), http)


@pytest.mark.parametrize(("status", "kind"), [(401, Refused), (403, Refused), (404, NotFound), (503, Unavailable)])
def test_a_repository_that_refuses_is_told(site: Website, http: Outbound, status: int, kind: type[Exception]) -> None:
    site.page("/repo/index.yaml", status=status)
    with pytest.raises(kind, match=str(status)):
        account(site).names("helm/chart", http)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("name: a", "repository: is missing"),
        ("name: a, repository: charts.example.com", "repository"),
        ("name: a, repository: 'https://u:p@charts.example.com'", "is no host"),
        ("name: a, repository: 'https://charts.example.com/index.yaml'", "expected the URL of the folder"),
        ("name: a, repository: 'https://charts.example.com', username: ada", "username and password belong together"),
    ],
)
def test_wrong_settings_are_told(tmp_path: Any, section: str, said: str) -> None:
    file = tmp_path / "gennaker.yaml"
    file.write_text(f"plugins:\n  helm:\n    accounts:\n      - {{{section}}}\n")
    with pytest.raises(ConfigError, match=said):
        load(file, environ={}).plugin("helm", Settings)


def test_the_plugin_brings_an_account_for_each_repository_and_shows_no_password() -> None:
    settings = Account(name="charts", repository="https://charts.example.com", username="ada", password="lovelace")
    (made,) = gennaker_artifacts(Settings(accounts=(settings,)))
    assert (made.name, made.types) == ("charts", ("helm/chart",))
    assert "lovelace" not in repr(settings)
