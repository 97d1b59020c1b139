"""Real servers for the tests that need them, each test on ground of its own.

`amqp_url`, `postgres_url` and `redis_url` give a URL that is private to the test: a virtual host, a database, a numbered database. A server
that does not run is started where that is possible; where it is not, the test is skipped and the summary says so (with CI=true it fails).
"""

import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
import uuid
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote, urlsplit, urlunsplit

import pytest
from hypothesis import HealthCheck, settings

#: How long an example takes says how busy the machine is, and nothing else.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

MISSING = "not reachable: "
RABBITMQCTL = shutil.which("rabbitmqctl")


def reachable(url: str, default_port: int) -> bool:
    """Something listens where the URL points."""
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "127.0.0.1", parts.port or default_port), timeout=2).close()
    except OSError:
        return False
    return True


def quietly(*command: str) -> bool:
    """Run a command that may fail; what it starts must not hold our pipes."""
    if shutil.which(command[0]) is None:
        return False
    null = subprocess.DEVNULL
    return subprocess.run(command, stdin=null, stdout=null, stderr=null, timeout=120, check=False).returncode == 0


def start_rabbitmq() -> bool:
    """Start the broker of this machine and wait until it takes connections."""
    return quietly("rabbitmq-server", "-detached") and quietly("rabbitmqctl", "await_startup", "--timeout", "90")


def start_postgres() -> bool:
    """Start every cluster of this machine that is down (Debian's layout)."""
    if shutil.which("pg_lsclusters") is None:
        return False
    listing = subprocess.run(["pg_lsclusters", "--no-header"], capture_output=True, text=True, check=False).stdout
    down = [line.split()[:2] for line in listing.splitlines() if line.split()[3].startswith("down")]
    started = [quietly("pg_ctlcluster", version, cluster, "start") for version, cluster in down]
    return any(started)


def start_redis() -> bool:
    """Start Redis without anything on disk."""
    return quietly("redis-server", "--daemonize", "yes", "--save", "")


def server(name: str, url: str, default_port: int, start: Callable[[], bool]) -> str:
    """The URL of a server that answers; skips or fails when there is none. Parallel test processes start it once."""
    if not reachable(url, default_port):
        with (Path(tempfile.gettempdir()) / f"gennaker-tests-{name.lower()}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not reachable(url, default_port) and start():
                until = time.monotonic() + 10
                while not reachable(url, default_port) and time.monotonic() < until:
                    time.sleep(0.1)
    if not reachable(url, default_port):
        absent(f"{name} at {urlsplit(url).hostname}:{urlsplit(url).port or default_port}")
    return url


def absent(what: str) -> NoReturn:
    """Skip for want of a server, in a way that the summary tells; fail with CI=true."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(f"{MISSING}{what}", pytrace=False)
    pytest.skip(f"{MISSING}{what}")


@pytest.fixture(scope="session")
def docker_registry() -> str:
    """The program of a registry; a test starts it on a port of its own."""
    return shutil.which("docker-registry") or absent("docker-registry, which is not installed")


@pytest.fixture(scope="session")
def haproxy() -> str:
    """The program; Debian keeps it where only root looks."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])
    return shutil.which("haproxy", path=path) or absent("haproxy, which is not installed")


@pytest.fixture(scope="session")
def amqp_server() -> str:
    """The URL of RabbitMQ, in its default virtual host."""
    url = os.environ.get("GENNAKER_TEST_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672/")
    return server("RabbitMQ", url, 5672, start_rabbitmq)


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The URL of PostgreSQL, in a database from which others can be made."""
    url = os.environ.get("GENNAKER_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
    return server("PostgreSQL", url, 5432, start_postgres)


@pytest.fixture(scope="session")
def redis_server() -> str:
    """The URL of Redis."""
    return server("Redis", os.environ.get("GENNAKER_TEST_REDIS_URL", "redis://127.0.0.1:6379/0"), 6379, start_redis)


def rabbitmq_eval(expression: str) -> bool:
    """Evaluate on the local node: one call does what would take three."""
    return quietly("rabbitmqctl", "--quiet", "eval", expression)


def management(url: str, method: str, path: str, body: bytes = b"{}") -> bool:
    """One call of RabbitMQ's management API, for a broker whose node is not here."""
    parts = urlsplit(url)
    token = b64encode(f"{parts.username or 'guest'}:{parts.password or 'guest'}".encode()).decode()
    request = urllib.request.Request(
        f"http://{parts.hostname}:15672/api/{path}",
        data=body,
        method=method,
        headers={"Authorization": f"Basic {token}", "Content-Type": "application/json"},
    )
    try:
        urllib.request.urlopen(request, timeout=10).close()
    except OSError:
        return False
    return True


def add_vhost(url: str, vhost: str) -> bool:
    """Make a virtual host that the URL's user may use."""
    user = urlsplit(url).username or "guest"
    if RABBITMQCTL and rabbitmq_eval(
        f'ok = rabbit_vhost:add(<<"{vhost}">>, <<"tests">>), rabbit_auth_backend_internal:set_permissions('
        f'<<"{user}">>, <<"{vhost}">>, <<".*">>, <<".*">>, <<".*">>, <<"tests">>).'
    ):
        return True
    everything = b'{"configure": ".*", "write": ".*", "read": ".*"}'
    return management(url, "PUT", f"vhosts/{vhost}") and management(
        url, "PUT", f"permissions/{vhost}/{quote(user)}", everything
    )


def remove_vhost(url: str, vhost: str) -> None:
    """Remove a virtual host with all that is in it."""
    if not (RABBITMQCTL and rabbitmq_eval(f'rabbit_vhost:delete(<<"{vhost}">>, <<"tests">>).')):
        management(url, "DELETE", f"vhosts/{vhost}")


@pytest.fixture
def bus_prefix() -> str:
    """A prefix for queues and exchanges that no other test uses: enough where a virtual host cannot be made."""
    return f"test-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def amqp_url(amqp_server: str) -> Iterator[str]:
    """A virtual host of the test's own; the broker's default one where the broker does not let us make any."""
    vhost = f"test-{uuid.uuid4().hex[:12]}"
    if not add_vhost(amqp_server, vhost):
        yield amqp_server
        return
    yield urlunsplit(urlsplit(amqp_server)._replace(path=f"/{vhost}"))
    remove_vhost(amqp_server, vhost)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """An empty database of the test's own, as a SQLAlchemy URL."""
    psycopg = pytest.importorskip("psycopg")
    parts = urlsplit(postgres_server)
    plain = urlunsplit(parts._replace(scheme="postgresql"))
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    yield urlunsplit(parts._replace(scheme="postgresql+psycopg", path=f"/{name}"))
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def redis_url(redis_server: str) -> Iterator[str]:
    """A numbered database of the test's own (1 to 15), emptied before and after; number 0 remembers which are taken."""
    redis = pytest.importorskip("redis")
    parts = urlsplit(redis_server)
    with redis.Redis.from_url(urlunsplit(parts._replace(path="/0"))) as register:
        until = time.monotonic() + 60
        while (number := next((n for n in range(1, 16) if register.set(lock_name(n), 1, nx=True, ex=300)), 0)) == 0:
            assert time.monotonic() < until, "every numbered Redis database is taken by another test"
            time.sleep(0.2)
        url = urlunsplit(parts._replace(path=f"/{number}"))
        with redis.Redis.from_url(url) as own:
            own.flushdb()
            yield url
            own.flushdb()
        register.delete(lock_name(number))


def lock_name(number: int) -> str:
    """The key that says that a numbered database is in use."""
    return f"gennaker-tests-database-{number}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was not tested for want of a server, so that a green run cannot hide it; then what tests have counted and drawn."""
    counts: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if MISSING in reason:
            name = reason.partition(MISSING)[2]
            counts[name] = counts.get(name, 0) + 1
    if counts:
        terminalreporter.section("not tested: no server")
        for name, count in sorted(counts.items()):
            terminalreporter.line(f"{name}: {count} test{'s' if count > 1 else ''} skipped")
    reports = [*terminalreporter.stats.get("passed", ()), *terminalreporter.stats.get("failed", ())]
    for kind, title in (("trial", "kill tests"), ("chart", "traffic and capacity")):
        told = [str(value) for report in reports for name, value in report.user_properties if name == kind]
        if told:
            terminalreporter.section(title)
        for text in told:
            for line in text.splitlines():
                terminalreporter.line(line)
