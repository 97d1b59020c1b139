"""`gennaker completion`: what a shell needs to complete commands and options."""

import click
from click.shell_completion import get_completion_class


@click.command(
    epilog='For bash, put `eval "$(gennaker completion bash)"` into ~/.bashrc; for zsh the same into ~/.zshrc; '
    "for fish, `gennaker completion fish > ~/.config/fish/completions/gennaker.fish`."
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell."""
    kind = get_completion_class(shell)
    assert kind is not None, f"click knows no {shell}"
    click.echo(kind(ctx.find_root().command, {}, "gennaker", "_GENNAKER_COMPLETE").source())
