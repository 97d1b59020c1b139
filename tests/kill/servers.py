"""RabbitMQ and PostgreSQL of a test's own, on ports of their own, so that they can be killed without disturbing anybody.

Separate from the fixtures of all tests, whose servers nobody may stop.
"""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pika
import pika.exceptions
import psycopg
import pytest
from kill.fleet import dies_with_parent, free_port

_STARTS_S = 60.0


class Server:
    """A server process in a group of its own."""

    def __init__(self, command: list[str], folder: Path, environment: dict[str, str], user: str | None) -> None:
        self.folder = folder
        self.url = ""
        self._command = command
        self._environment = environment
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None

    def answers(self) -> bool:
        """It can be used."""
        raise NotImplementedError

    def start(self) -> None:
        """Start it and wait until it can be used."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                dies_with_parent(*self._command),
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                user=self._user,
                group=self._user and pwd.getpwnam(self._user).pw_gid,
            )
        until = time.monotonic() + _STARTS_S
        while not self.answers():
            log_text = (self.folder / "log").read_text(errors="replace")[-3000:]
            assert self._process.poll() is None, f"{self._command[0]} ended by itself:\n{log_text}"
            assert time.monotonic() < until, f"{self._command[0]} does not answer:\n{log_text}"
            time.sleep(0.1)

    def end(self, number: signal.Signals) -> None:
        """Send a signal to all its processes and wait for the first of them."""
        assert self._process is not None
        if number is signal.SIGKILL:
            os.killpg(self._process.pid, number)
        else:
            self._process.send_signal(number)
        self._process.wait(60)

    def close(self) -> None:
        """Leave nothing running and nothing on disk."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)


class RabbitMQ(Server):
    """A broker without plugins."""

    def __init__(self) -> None:
        program = _found("/usr/lib/rabbitmq/bin/rabbitmq-server", "rabbitmq-server", "RabbitMQ")
        folder = Path(tempfile.mkdtemp(prefix="gennaker-rabbitmq-"))
        self._port = free_port()
        (folder / "plugins").write_text("[].\n")
        (folder / "rabbitmq.conf").write_text("loopback_users = none\nlog.console = true\n")
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "RABBITMQ_NODENAME": f"gennaker-{self._port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self._port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "logs"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
        }
        super().__init__([program], folder, environment, None)
        self.url = f"amqp://guest:guest@127.0.0.1:{self._port}/"

    def answers(self) -> bool:
        """See `Server`."""
        if not _listens(self._port):
            return False
        try:
            pika.BlockingConnection(pika.URLParameters(f"{self.url}?heartbeat=0")).close()
        except (pika.exceptions.AMQPError, OSError):
            return False
        return True


class PostgreSQL(Server):
    """A cluster in a temporary folder, as safe as the default one."""

    def __init__(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="gennaker-postgresql-"))
        self._port = free_port()
        initdb = Path(_found("/usr/lib/postgresql", "initdb", "PostgreSQL")).resolve()
        user = "postgres" if os.getuid() == 0 else None
        if user:
            shutil.chown(folder, user, user)
        data = folder / "data"
        made = subprocess.run(
            [initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale"],
            user=user,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=folder,
        )
        assert made.returncode == 0, made.stderr
        settings = {"listen_addresses": "127.0.0.1", "port": self._port, "unix_socket_directories": folder}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        super().__init__([str(initdb.with_name("postgres")), "-D", str(data), *options], folder, dict(os.environ), user)
        self.url = f"postgresql+psycopg://postgres@127.0.0.1:{self._port}/postgres"

    def answers(self) -> bool:
        """See `Server`."""
        try:
            psycopg.connect(self.url.replace("+psycopg", ""), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def started(make: Callable[[], Server]) -> Server:
    """A server that runs."""
    server = make()
    try:
        server.start()
    except BaseException:
        server.close()
        raise
    return server


def _found(place: str, name: str, server: str) -> str:
    """The program of a server; without it the test is skipped, and the summary says so."""
    found = place if os.path.isfile(place) else shutil.which(name)
    if found is None and (programs := sorted(Path(place).glob(f"*/bin/{name}"))):
        found = str(programs[-1])
    if found is None:
        message = f"not reachable: {server} of the test's own, for there is no {name} here"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    return found


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
