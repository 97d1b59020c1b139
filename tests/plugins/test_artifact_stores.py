"""The accounts of the configuration, as stages and Gate ask for them: by name, through the program's one client."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from website import Website, website

from gennaker.config.load import load
from gennaker.core.artifacts.accounts import Accounts
from gennaker.core.errors import InvalidRequest, Refused
from gennaker.core.outbound import Outbound
from gennaker.core.plugins import load as load_plugins

CONFIGURATION = """
plugins:
  s3:
    accounts:
      - {{name: builds, endpoint: {url}, anonymous: true}}
  docker:
    accounts:
      - {{name: registry, address: {url}}}
      - {{name: hub}}
  helm:
    accounts:
      - {{name: charts, repository: {url}/charts, username: ada, password: "secret:env:CHARTS"}}
"""


@pytest.fixture
def site() -> Iterator[Website]:
    """A host that is a bucket, a registry and a repository of charts."""
    with website() as site:
        yield site


@pytest.fixture
def accounts(site: Website, tmp_path: Path) -> Accounts:
    """What the configuration gives."""
    file = tmp_path / "gennaker.yaml"
    file.write_text(CONFIGURATION.format(url=site.url))
    settings = load(file, home=tmp_path, environ={"CHARTS": "lovelace"})
    assert "lovelace" in settings.secrets
    plugins = load_plugins(settings)
    assert [one for one in plugins.broken if one.name in ("s3", "docker", "helm")] == []
    return Accounts(plugins.accounts(), Outbound(["127.0.0.1/32"]))


def test_each_store_is_asked_by_the_name_of_its_account(site: Website, accounts: Accounts) -> None:
    known = {one["name"]: one["types"] for one in accounts.accounts()}
    assert known["builds"] == ["s3/object"]
    assert known["registry"] == known["hub"] == ["docker/image", "helm/image", "oci/artifact"]
    assert known["charts"] == ["helm/chart"]

    site.page("/bucket/deploy.yml", "kind: Deployment")
    assert accounts.fetch({"type": "s3/object", "reference": "s3://bucket/deploy.yml"}) == b"kind: Deployment"

    digest = hashlib.sha256(b"chart").hexdigest()
    release = {"version": "1.0.0", "urls": ["shop-1.0.0.tgz"], "digest": digest}
    site.page("/charts/index.yaml", json.dumps({"entries": {"shop": [release]}}))
    site.page("/charts/shop-1.0.0.tgz", b"chart")
    chart = {"type": "helm/chart", "name": "shop", "reference": "charts", "artifactAccount": "charts"}
    assert accounts.fetch(chart) == b"chart"
    assert accounts.names("charts", "helm/chart") == ["shop"]
    assert accounts.versions("charts", "helm/chart", "shop") == ["1.0.0"]

    site.page("/v2/shop/tags/list", json.dumps({"tags": ["1.0", "1.1"]}))
    assert accounts.versions("registry", "docker/image", f"{site.host}/shop") == ["1.1", "1.0"]


def test_what_cannot_be_fetched_is_told_with_the_artifact_and_the_account(site: Website, accounts: Accounts) -> None:
    with pytest.raises(InvalidRequest, match="several accounts have docker/image: name one of hub, registry"):
        accounts.fetch({"type": "docker/image", "reference": f"{site.host}/shop:1"})
    site.page("/bucket/x", status=307, Location="http://169.254.169.254/")
    with pytest.raises(Refused, match="s3://bucket/x: 307"):
        accounts.fetch({"type": "s3/object", "reference": "s3://bucket/x"})
    site.page("/v2/shop/manifests/1", status=307, Location="http://169.254.169.254/")
    with pytest.raises(Refused, match=r"docker/image .*\(account registry\): .*169\.254\.169\.254"):
        accounts.fetch({"type": "docker/image", "reference": f"{site.host}/shop:1", "artifactAccount": "registry"})
