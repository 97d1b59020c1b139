"""What the names of images mean, and to which host they lead."""

import pytest

from gennaker.core.errors import InvalidRequest
from gennaker.plugins.docker.reference import parse

SHA = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "whole", "version"),
    [
        ("nginx", "docker.io/library/nginx", "latest"),
        ("nginx:1.25", "docker.io/library/nginx:1.25", "1.25"),
        ("acme/web", "docker.io/acme/web", "latest"),
        ("docker.io/nginx", "docker.io/library/nginx", "latest"),
        ("index.docker.io/acme/web:1", "docker.io/acme/web:1", "1"),
        ("registry-1.docker.io/library/nginx", "docker.io/library/nginx", "latest"),
        ("ghcr.io/acme/web:1.0_x-y", "ghcr.io/acme/web:1.0_x-y", "1.0_x-y"),
        ("GHCR.io/acme/web", "ghcr.io/acme/web", "latest"),
        ("localhost/web:1", "localhost/web:1", "1"),
        ("localhost:5000/a/b/c", "localhost:5000/a/b/c", "latest"),
        ("[::1]:5000/web", "[::1]:5000/web", "latest"),
        (f"quay.io/a/b@{SHA}", f"quay.io/a/b@{SHA}", SHA),
        (f"quay.io/a/b:1@{SHA}", f"quay.io/a/b:1@{SHA}", SHA),
        ("oci://registry.example/charts/web:1.0.0", "registry.example/charts/web:1.0.0", "1.0.0"),
        ("registry.example/a--b/c__d/e.f", "registry.example/a--b/c__d/e.f", "latest"),
    ],
)
def test_a_name_is_read_as_docker_reads_it(text: str, whole: str, version: str) -> None:
    found = parse(text)
    assert str(found) == whole
    assert found.version == version


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/web",
        "a//b",
        "acme/Web",
        "acme/web:",
        "acme/web:a b",
        "acme/web:../x",
        "acme/../web",
        "ghcr.io/../../v2/web",
        "acme/web@",
        "acme/web@sha256:1234",
        "acme/web@md5:" + "a" * 32,
        "https://ghcr.io/acme/web",
        "user:pass@ghcr.io/acme/web",
        "ghcr.io@evil.example/web",
        "evil.example?/web",
        "evil.example#/acme/web",
        "ghcr.io\\@evil.example/web",
        "ghcr.io:port/web",
        "-x.example/web",
        "acme/web\n",
        "acme/wéb",
        "a" * 600,
        "acme/" + "a_" * 200,
    ],
)
def test_what_is_no_name_is_refused_and_shown(text: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        parse(text)
    assert raised.value.where == "reference"
    assert repr(text[:200]) in raised.value.message
