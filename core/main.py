"""The program `gennaker`: the table of its commands.

Each command is in a module of its own, imported when it is used, so that `gennaker --help` and `gennaker up` start light.
"""

import click

from gennaker.core.cli.client import remote_options
from gennaker.core.cli.output import output_option
from gennaker.core.cli.root import LazyGroup

MODULES = {
    "up": ("gennaker.core.cli.up", "Start the daemon."),
    "application": ("gennaker.core.cli.application", "List, show, save and delete applications."),
    "pipeline": ("gennaker.core.cli.pipeline", "Save, run and validate pipelines."),
    "template": ("gennaker.core.cli.template", "Save, plan and use pipeline templates."),
    "source": ("gennaker.core.cli.source", "See the sources of pipelines that are followed."),
    "execution": ("gennaker.core.cli.execution", "Watch and steer what runs."),
    "bake": ("gennaker.core.cli.bake", "Bake images, and watch bakes."),
    "rollback": ("gennaker.core.cli.rollback", "Take a cluster back to what it was."),
    "cluster": ("gennaker.core.cli.cluster", "List an application's clusters."),
    "server-group": ("gennaker.core.cli.server_group", "List and show server groups."),
    "load-balancer": ("gennaker.core.cli.load_balancer", "List load balancers."),
    "artifact": ("gennaker.core.cli.artifact", "List artifact accounts and fetch artifacts."),
    "expression": ("gennaker.core.cli.expression", "Try expressions, here or in an execution."),
    "config": ("gennaker.core.cli.config", "Check, show and write the configuration."),
    "plugin": ("gennaker.core.cli.plugin", "List, check and write plugins."),
    "bus": ("gennaker.core.cli.bus", "See queues and dead letters."),
    "database": ("gennaker.core.cli.database", "Upgrade, prune and inspect the database."),
    "doctor": ("gennaker.core.cli.doctor", "Check that everything the daemon needs is there."),
    "completion": ("gennaker.core.cli.completion", "Print the completion script of a shell."),
}


@click.group(
    cls=LazyGroup,
    modules=MODULES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 it failed, 2 wrong usage or configuration, 3 no answer from the daemon, "
    "4 the daemon refused, 5 still running when --timeout ended, 6 `plan --detailed-exitcode` found something to do.",
)
@click.version_option(package_name="gennaker", message="gennaker %(version)s")
@output_option
@remote_options
def main() -> None:
    """Continuous delivery: Spinnaker's pipelines on a small core, with plugins on a message bus."""
