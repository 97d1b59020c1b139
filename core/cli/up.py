"""`gennaker up`: the daemon.

Separate because this is the one place that meets signals, the terminal and the HTTP server.
"""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from gennaker.config.settings import ROLES, Settings

_GRACE_S = 20.0


@click.command()
@click.option("--config", "file", type=click.Path(path_type=Path, dir_okay=False), help="Configuration file.")
@click.option("--home", type=click.Path(path_type=Path, file_okay=False), help="Folder of the database and plugins.d.")
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 lets the system choose.")
@click.option("--role", "roles", multiple=True, type=click.Choice(ROLES), help="Run this part only; may be repeated.")
def up(file: Path | None, home: Path | None, host: str | None, port: int | None, roles: tuple[str, ...]) -> None:
    """Start the daemon and run until it is told to stop.

    SIGTERM and Ctrl-C finish what is at hand and end with 0; SIGHUP reads the configuration again.
    """
    overrides: dict[str, Any] = {}
    if host is not None:
        overrides["server.host"] = host
    if port is not None:
        overrides["server.port"] = port
    if roles:
        overrides["roles"] = list(dict.fromkeys(roles))

    def read() -> Settings:
        from gennaker.config.load import load

        return load(file, home=home, environ=os.environ, overrides=overrides)

    Daemon(read).run()


class Daemon:
    """The process from start to end."""

    def __init__(self, read: Callable[[], Settings]) -> None:
        self._read = read
        self._signals: list[int] = []
        self._told = threading.Event()

    def run(self) -> None:
        """Start, say so, wait for a signal, drain. Raises ConfigError, Refused, Unavailable."""
        for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(each, self._on_signal)
        while self._life(self._read()):
            click.echo("The configuration was read again.", err=True)

    def _on_signal(self, number: int, _frame: object) -> None:
        self._signals.append(number)
        self._told.set()

    def _life(self, settings: Settings) -> bool:
        """One life with one configuration; True when it is to be followed by another."""
        from gennaker.config.marks import secret_values
        from gennaker.core import log
        from gennaker.core.plugins import load
        from gennaker.core.redact import redactor
        from gennaker.core.runtime.collector import tune
        from gennaker.core.runtime.runtime import Runtime

        redactor.register(settings.secrets)
        log.configure(settings.logging)
        listener = _listen(settings) if "api" in settings.roles else None
        settings.home.mkdir(parents=True, exist_ok=True)
        plugins = load(settings)
        for loaded in plugins.loaded:
            if loaded.settings is not None:
                redactor.register(secret_values(loaded.settings))
        for broken in plugins.broken:
            log.get("gennaker.plugins").error("plugin left out", plugin=broken.name, reason=broken.reason)
        runtime = Runtime(settings, plugins)
        server = Server(runtime, listener) if listener is not None else None
        try:
            runtime.start()
            if server is not None:
                server.start()
            self._announce(runtime, listener)
            tune()
            return self._wait()
        finally:
            if server is not None:
                server.stop()
            runtime.drain(_GRACE_S)

    def _announce(self, runtime: Any, listener: socket.socket | None) -> None:
        """One line with the URL, once everything works."""
        runtime.wait_ready(1.0)
        while not self._told.is_set() and not runtime.health().up:
            self._told.wait(0.02)
        if self._told.is_set():
            return
        if listener is None:
            click.echo(f"Gennaker runs as {', '.join(runtime.settings.roles)}")
        else:
            click.echo(f"Gennaker is up at {_url(listener)}")
        sys.stdout.flush()

    def _wait(self) -> bool:
        from gennaker.config.problems import ConfigError

        while True:
            self._told.wait()
            self._told.clear()
            signals, self._signals = self._signals, []
            if any(number != signal.SIGHUP for number in signals):
                return False
            if signals:
                try:
                    self._read()
                except ConfigError as error:
                    click.echo(f"The configuration was not taken, the old one stays:\n{error}", err=True)
                    continue
                return True


class Server:
    """The HTTP server in a thread of its own."""

    def __init__(self, runtime: Any, listener: socket.socket) -> None:
        self._runtime = runtime
        self._listener = listener
        self._server: Any = None
        self._app: Any = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Serve the application that a plugin gives. Raises Refused when none does."""
        import uvicorn

        from gennaker.core import metrics
        from gennaker.core.errors import Refused

        app = self._app = self._runtime.plugins.asgi(self._runtime.services)
        if app is None:
            raise Refused("no plugin serves the HTTP routes; enable `gate`, or leave the role `api` out")
        config = uvicorn.Config(
            metrics.measured(app),
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="on",
            timeout_graceful_shutdown=5,
            server_header=False,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._listener]}, name="http", daemon=True
        )
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.005)

    def stop(self) -> None:
        """End the streams, answer what is being answered, then close."""
        if (drain := getattr(self._app, "drain", None)) is not None:
            drain()
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(10.0)
        self._listener.close()


def _listen(settings: Settings) -> socket.socket:
    """The listening socket, before anything else starts: a port that is taken is told at once."""
    from gennaker.core.errors import Refused

    server = settings.server
    if not server.loopback and not server.authenticated:
        raise Refused(
            f"server.host is {server.host}, which other machines can reach, and nobody has to say who they are: "
            "configure server.tokens or server.basic, or listen on 127.0.0.1"
        )
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    # With its protocol named, or asyncio leaves Nagle's algorithm on: 40 ms for every answer on a kept connection.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((server.host, server.port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        reason = error.strerror or str(error)
        raise Refused(f"cannot listen on {server.host}:{server.port}: {reason}; choose another --port") from error
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
