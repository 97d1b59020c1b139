"""The group that all commands hang on: it imports a command when it is used, and turns errors into one sentence and an exit code.

Separate because `core.main` says which commands there are, this says how any of them behaves.
"""

import os
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from gennaker.core.cli.output import printable
from gennaker.core.errors import GennakerError, InvalidRequest

#: What scripts may rely on; docs/cli.md says the same.
OK, FAILED, USAGE, UNREACHABLE, REFUSED, TIMED_OUT, CHANGES = range(7)


class Told(Exception):
    """An error that the root group tells as one clear message on stderr and an exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class LazyGroup(click.Group):
    """A group whose commands live in modules that are imported on use; `modules` is command to (module, one line of help)."""

    def __init__(self, *args: Any, modules: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of the table, not of the alphabet."""
        return [*self._modules, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command, whose attribute is named as the command is (`_` for `-`); what is not in the table may be a plugin's."""
        if cmd_name not in self._modules:
            return super().get_command(ctx, cmd_name) or _of_a_plugin(cmd_name)
        command = getattr(import_module(self._modules[cmd_name][0]), cmd_name.replace("-", "_"))
        assert isinstance(command, click.Command), f"{cmd_name} is no command"
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self._modules.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run; what was not expected as an error of the program but as an answer becomes a message."""
        if "NO_COLOR" in os.environ:
            ctx.color = False
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as error:
            answer = told(error)
            if answer is None:
                raise
        click.echo(f"Error: {printable(answer.message)}", err=True)
        ctx.exit(answer.code)


def _of_a_plugin(name: str) -> click.Command | None:
    """The command that a plugin gives (hook `gennaker_commands`); a configuration that cannot be read gives none."""
    from gennaker.config.load import load
    from gennaker.config.problems import ConfigError
    from gennaker.core.plugins import load as load_plugins

    try:
        settings = load(None, environ=os.environ)
    except ConfigError:
        return None
    return next((command for command in load_plugins(settings).commands() if command.name == name), None)


def told(error: Exception) -> Told | None:
    """The message and exit code of an error that is an answer; None for a mistake in the program."""
    if isinstance(error, Told):
        return error
    if isinstance(error, GennakerError):
        lines = error.problems if isinstance(error, InvalidRequest) and len(error.problems) > 1 else (error.message,)
        return Told("\n".join(lines), exit_code(error.status))
    from gennaker.config.problems import ConfigError

    return Told(str(error), USAGE) if isinstance(error, ConfigError) else None


def exit_code(status: int) -> int:
    """The exit code that tells an HTTP status: 502 to 504 may work later, 4xx never will as it is."""
    if status in (502, 503, 504):
        return UNREACHABLE
    return REFUSED if 400 <= status < 500 else FAILED
