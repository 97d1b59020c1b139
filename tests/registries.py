"""Real registries (Debian's docker-registry) on ports of their own, and what is pushed to them. A folder of tests takes the fixtures in."""

import base64
import hashlib
import json
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

#: The user that the registries know, with the password as their file has it.
USER, PASSWORD = "ada", "lovelace"
_HTPASSWD = f"{USER}:$2b$04$gEdMX//xdfxedusWTdloSOaE/NPaH9gFj/flu/gOoEmYJHXyfw.P."

Start = Callable[..., str]


@pytest.fixture(scope="session")
def registries(docker_registry: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Starts registries that share what they hold; gives the URL of one. `auth` is that section of its configuration."""
    home = tmp_path_factory.mktemp("registries")
    running: list[subprocess.Popen[bytes]] = []

    def start(auth: Any = None) -> str:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        config = {
            "version": 0.1,
            "log": {"level": "error", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(home / "data")}},
            "http": {"addr": f"127.0.0.1:{port}"},
            **({"auth": auth} if auth else {}),
        }
        file = home / f"{port}.yml"
        file.write_text(json.dumps(config))
        null = subprocess.DEVNULL
        running.append(subprocess.Popen([docker_registry, "serve", str(file)], stdin=null, stdout=null, stderr=null))
        until = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return f"http://127.0.0.1:{port}"
            except OSError:
                assert running[-1].poll() is None, "the registry ended"
                assert time.monotonic() < until, "the registry does not listen"
                time.sleep(0.02)

    yield start
    for process in running:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def registry(registries: Start) -> str:
    """A registry that asks nobody who they are."""
    return registries()


@pytest.fixture(scope="session")
def basic_registry(registries: Start, tmp_path_factory: pytest.TempPathFactory) -> str:
    """One that wants a user and a password; what was pushed to the other is here too."""
    file = tmp_path_factory.mktemp("users") / "htpasswd"
    file.write_text(_HTPASSWD + "\n")
    return registries({"htpasswd": {"realm": "registry", "path": str(file)}})


class Tokens:
    """Gives out the tokens that `registries({"token": …})` believes."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.bundle = folder / "authority.pem"
        authority.cert_pem.write_to_path(str(self.bundle))
        issued = authority.issue_cert("tokens.example")
        self._key: Any = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None)
        body = b"".join(issued.cert_chain_pems[0].bytes().split(b"-----")[2].split())
        self._certificate = body.decode()

    def auth(self, realm: str) -> Any:
        """The section of a registry that sends to a token service."""
        return {
            "token": {
                "realm": realm,
                "service": "registry",
                "issuer": "tests",
                "rootcertbundle": str(self.bundle),
            }
        }

    def token(self, *access: Any) -> str:
        """A signed token that permits what `access` says."""
        now = int(time.time())
        head = {"typ": "JWT", "alg": "ES256", "x5c": [self._certificate]}
        claims = {
            "iss": "tests",
            "aud": "registry",
            "sub": "",
            "exp": now + 300,
            "nbf": now - 60,
            "iat": now,
            "jti": "1",
        }
        text = f"{_part(head)}.{_part({**claims, 'access': access})}"
        r, s = decode_dss_signature(self._key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{text}.{_base64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _part(value: Any) -> str:
    return _base64(json.dumps(value).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def digest_of(data: bytes) -> str:
    """Its digest as registries write it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def push(registry: str, repository: str, tag: str, *layers: tuple[str, bytes]) -> str:
    """Push an artifact of layers (media type and content); returns the digest of its manifest."""
    blobs = [("application/vnd.oci.empty.v1+json", b"{}"), *layers]
    for _, data in blobs:
        _push_blob(registry, repository, data)
    config, *rest = [{"mediaType": kind, "digest": digest_of(data), "size": len(data)} for kind, data in blobs]
    kind = "application/vnd.oci.image.manifest.v1+json"
    return put_manifest(registry, repository, tag, kind, {"config": config, "layers": rest})


def put_manifest(registry: str, repository: str, tag: str, kind: str, content: Any) -> str:
    """Push a manifest or an index; returns its digest."""
    body = json.dumps({"schemaVersion": 2, "mediaType": kind, **content}).encode()
    url = f"{registry}/v2/{repository}/manifests/{tag}"
    _call("PUT", url, body, {"Content-Type": kind})
    return digest_of(body)


def _push_blob(registry: str, repository: str, data: bytes) -> None:
    place = _call("POST", f"{registry}/v2/{repository}/blobs/uploads/", b"", {})["Location"]
    joined = f"{place}{'&' if '?' in place else '?'}digest={digest_of(data)}"
    _call("PUT", joined, data, {"Content-Type": "application/octet-stream"})


def _call(method: str, url: str, body: bytes, headers: dict[str, str]) -> Any:
    request = urllib.request.Request(url, data=body, method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.headers
