"""One build: Packer from its files to the image it has made.

Separate because it knows neither stages nor clients: it is given a plan, and says what came of it.
"""

import signal
import threading
from pathlib import Path
from typing import NamedTuple

from gennaker.core.errors import GennakerError, InvalidRequest
from gennaker.core.processes.running import Finished, run
from gennaker.core.services import Artifacts
from gennaker.plugins.bakery import machine
from gennaker.plugins.bakery.log import Log
from gennaker.plugins.bakery.output import Output
from gennaker.plugins.bakery.request import Plan
from gennaker.plugins.bakery.settings import Settings
from gennaker.plugins.bakery.variables import variables
from gennaker.plugins.bakery.workplace import draft_of, temporary_of, workplace, write_secret

SHIPPED = Path(__file__).with_name("templates")
#: Seconds that Packer has to remove what it made for a build that is given up, such as a machine in a cloud.
GRACE_S = 60.0


class BuildFailed(GennakerError):
    """The build has ended badly. The message is what Packer said."""


class Order(NamedTuple):
    """What a build needs besides its plan."""

    settings: Settings
    home: Path
    artifacts: Artifacts | None
    effect_key: str
    #: Epoch milliseconds.
    now: int


def build(plan: Plan, order: Order, log: Log, stop: threading.Event) -> str | None:
    """Make the image; its id. None when `stop` was set first.

    Raises BuildFailed, InvalidRequest, NotFound, Refused, Unavailable, CannotStart.
    """
    settings = order.settings
    local = plan.request.provider == "local"
    images = settings.images_at(order.home) if local else None
    template = find_file(plan.chosen.template, settings)
    with workplace(settings.work_at(order.home), images) as folder:
        places = {"configDir": str(template.parent), "artifactFile": str(folder / "artifacts.json")}
        if images is not None:
            images.mkdir(parents=True, exist_ok=True)
            root = draft_of(folder, images)
            places["image_root"] = str(root)
            machine.assemble(root, plan, images, settings.packages, order.artifacts, log.add)
        elif plan.request.provider == "qemu":
            places["qemu_output"] = str(settings.images_at(order.home))
        write_secret(folder / "artifacts.json", list(plan.request.artifacts))
        write_secret(folder / "variables.json", variables(plan, settings, places, order.effect_key))
        output = Output()
        done = _packer(plan, settings, template, folder, output, log, stop)
        if done.cut == "stop":
            return None
        _check(done, output, log, settings)
        if images is not None:
            return machine.publish(root, plan, images, order.effect_key, order.now)
    return image_of(plan, output)


def find_file(name: str, settings: Settings, *, own: bool = False) -> Path:
    """A template or variable file by its name; the operator's own goes before the shipped one. Raises InvalidRequest."""
    places = [Path(settings.templates).expanduser()] if settings.templates else []
    places += [] if own else [SHIPPED]
    for place in places:
        if (place / name).is_file():
            return place / name
    known = sorted(path.name for place in places if place.is_dir() for path in place.glob("*.json"))
    raise InvalidRequest(
        f"there is no file {name!r} in plugins.bakery.templates or with the bakery; there are {', '.join(known) or 'none'}",
        "varFileName" if own else "templateFileName",
    )


def command(plan: Plan, settings: Settings, template: Path, folder: Path) -> list[str]:
    """Packer's command line; no value of a variable is on it, as everybody on a machine sees those."""
    argv = [settings.packer, "build", "-color=false", "-machine-readable", f"-var-file={folder / 'variables.json'}"]
    if plan.request.var_file:
        argv.append(f"-var-file={find_file(plan.request.var_file, settings, own=True)}")
    return [*argv, str(template)]


def image_of(plan: Plan, output: Output) -> str:
    """The id of the image that Packer has made. Raises BuildFailed when it told of none."""
    provider, region = plan.request.provider, plan.request.region
    ids = [one for made in output.made("id") for one in made.split(",")]
    if provider == "aws":
        # An image may have been copied to other regions: `us-east-1:ami-1,us-west-2:ami-2`.
        found = [one.partition(":")[2] for one in ids if one.startswith(f"{region}:")]
    elif provider == "qemu":
        found = [one.partition(",")[2] for one in output.made("file")]
    else:
        found = [one for one in ids if one]
    if not found:
        raise BuildFailed(f"Packer has ended well and told of no image for {region}; see what the template builds")
    return found[0]


def _packer(
    plan: Plan, settings: Settings, template: Path, folder: Path, output: Output, log: Log, stop: threading.Event
) -> Finished:
    environment = {
        "CHECKPOINT_DISABLE": "1",
        "PACKER_CACHE_DIR": str(folder.parent / "cache"),
        "TMPDIR": temporary_of(folder),
        **{one.name: one.value for one in settings.environment},
    }
    return run(
        command(plan, settings, template, folder),
        seconds=settings.timeout,
        folder=template.parent,
        environment=environment,
        most=64 * 1024,
        on_line=lambda line: log.add(*output.take(line)),
        stop=stop,
        grace_s=GRACE_S,
        ask=signal.SIGINT,
        guarded=True,
    )


def _check(done: Finished, output: Output, log: Log, settings: Settings) -> None:
    """Raises BuildFailed unless the build has ended well."""
    if done.cut == "time":
        raise BuildFailed(
            f"the build took longer than {settings.timeout:.0f} seconds (plugins.bakery.timeout) and was ended"
        )
    if done.code == 127 and "cannot be started" in done.output:
        raise BuildFailed(
            f"{log.clean(done.output.strip())}; install Packer, or say where it is in plugins.bakery.packer"
        )
    if not done.ok:
        said = "; ".join(output.errors or output.last) or "it said nothing"
        raise BuildFailed(log.clean(f"Packer has ended with code {done.code}: {said}"))
