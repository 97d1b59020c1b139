"""Ground that a benchmark has to itself: folders, virtual hosts, databases, keys. All of it is gone afterwards.

Separate because whatever is measured needs it, and because nothing may stay behind, however a run ends.
"""

import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

AMQP = "amqp://guest:guest@127.0.0.1:5672/"
POSTGRES = "postgresql://postgres@127.0.0.1:5432/postgres"
REDIS = "redis://127.0.0.1:6379/0"


def _rabbitmq(expression: str) -> None:
    command = ["rabbitmqctl", "--quiet", "eval", expression]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=60)


@contextmanager
def vhost(server: str = AMQP) -> Iterator[str]:
    """The URL of a new virtual host."""
    name = f"bench-{uuid.uuid4().hex[:12]}"
    _rabbitmq(
        f'ok = rabbit_vhost:add(<<"{name}">>, <<"bench">>), rabbit_auth_backend_internal:set_permissions('
        f'<<"guest">>, <<"{name}">>, <<".*">>, <<".*">>, <<".*">>, <<"bench">>).'
    )
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        _rabbitmq(f'rabbit_vhost:delete(<<"{name}">>, <<"bench">>).')


@contextmanager
def postgres(server: str = POSTGRES) -> Iterator[str]:
    """The URL of a new, empty database."""
    import psycopg

    name = f"bench_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def folder() -> Iterator[Path]:
    """A new folder on the disk that holds temporary files."""
    path = Path(tempfile.mkdtemp(prefix="gennaker-bench-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
