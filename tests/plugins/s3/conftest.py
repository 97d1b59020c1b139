"""A real server that speaks like S3 and checks signatures (moto), and websites that behave like bad ones."""

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from msgspec import Struct
from website import http, other, site

__all__ = ["Moto", "http", "moto", "other", "site"]

_EVERYTHING = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'


class Moto(Struct, frozen=True, kw_only=True):
    """The server, and keys with which S3 may be used; without them it refuses."""

    url: str
    access_key: str
    secret_key: str
    #: A client with these keys, to put things there.
    client: Any


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    """One server for all tests, in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    null = subprocess.DEVNULL
    program = Path(sys.executable).with_name("moto_server")
    process = subprocess.Popen([program, "-H", "127.0.0.1", "-p", str(port)], stdin=null, stdout=null, stderr=null)
    try:
        until = time.monotonic() + 60
        while not listens(port):
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < until, "the server does not listen"
            time.sleep(0.05)
        yield guarded(f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()


def listens(port: int) -> bool:
    """Something takes connections."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def guarded(url: str) -> Moto:
    """Make a user with keys, then have every request checked."""
    first = client("iam", url, "nobody", "nobody")
    first.create_user(UserName="ada")
    first.put_user_policy(UserName="ada", PolicyName="everything", PolicyDocument=_EVERYTHING)
    keys = first.create_access_key(UserName="ada")["AccessKey"]
    plain = {"Content-Type": "text/plain"}
    reset = urllib.request.Request(f"{url}/moto-api/reset-auth", data=b"0", method="POST", headers=plain)
    urllib.request.urlopen(reset, timeout=10).close()
    access, secret = keys["AccessKeyId"], keys["SecretAccessKey"]
    own = client("s3", url, access, secret)
    own.create_bucket(Bucket="builds")
    return Moto(url=url, access_key=access, secret_key=secret, client=own)


def client(service: str, url: str, access: str, secret: str) -> Any:
    """The SDK's client."""
    return boto3.client(
        service, endpoint_url=url, region_name="us-east-1", aws_access_key_id=access, aws_secret_access_key=secret
    )
