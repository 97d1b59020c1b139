"""A cloud in a dictionary, with every stage type of the plugin `deploy`, in virtual time.

Separate because tests of stages, strategies and rollbacks begin with the same ground.
"""

from typing import Any

from gennaker.core.cloud.health import up_count
from gennaker.core.cloud.model import ServerGroup
from gennaker.core.cloud.stage import bind
from gennaker.core.services import Http, Services
from gennaker.core.testing import Clock, Rig, Trouble
from gennaker.core.testing.memory_cloud import MemoryCloud
from gennaker.plugins import deploy, flow
from gennaker.plugins.deploy.settings import Monitor, Settings
from gennaker.plugins.flow.preconfigured import Settings as FlowSettings


class Applications:
    """As much of Definitions as the stages read."""

    def __init__(self) -> None:
        self.attributes: dict[str, Any] = {}

    def application(self, name: str) -> dict[str, Any] | None:
        return {"name": name, **(self.attributes if name == "shop" else {})}


class Ground:
    """A cloud, a rig, and words for what a test asks of them."""

    def __init__(
        self,
        trouble: Trouble | None = None,
        id_: str = "TEST",
        *,
        monitors: tuple[Monitor, ...] = (),
        http: Http | None = None,
        **options: Any,
    ) -> None:
        self.applications = Applications()
        self.cloud = MemoryCloud(Clock(), **options)
        self._rig = (trouble, id_, http)
        self.configure(monitors)

    def configure(self, monitors: tuple[Monitor, ...]) -> None:
        """Begin anew with other settings, in the same cloud."""
        trouble, id_, http = self._rig
        services = Services(definitions=self.applications, settings=Settings(monitors=monitors), http=http)  # type: ignore[arg-type]
        stages = [
            *(bind(stage, self.cloud) for stage in deploy.gennaker_cloud_stages()),
            *deploy.gennaker_stages(),
            *flow.gennaker_stages(FlowSettings()),
        ]
        self.rig = Rig(*stages, services=services, trouble=trouble, id_=id_)
        self.cloud.clock = self.rig.clock

    def run(self, *stages: dict[str, Any], **options: Any) -> str:
        """Run stages of an application `shop` one after another; how the pipeline ended."""
        told = [{"cloudProvider": "memory", "name": stage["type"], **stage} for stage in stages]
        pipeline = {
            "application": "shop",
            "stages": [
                {"refId": str(number), "requisiteStageRefIds": [str(number - 1)] if number else [], **stage}
                for number, stage in enumerate(told)
            ],
        }
        return self.rig.run(pipeline, **options).status.value

    def group(self, name: str, region: str = "here", account: str = "prod") -> ServerGroup | None:
        return self.cloud.server_group(account, region, name)

    def present(self, region: str = "here", account: str = "prod") -> dict[str, str]:
        """The server groups: `on` or `off`, and how many instances they have."""
        groups = sorted(self.cloud.server_groups(account, region), key=lambda group: group.name)
        return {group.name: f"{'off' if group.disabled else 'on'} {len(group.instances)}" for group in groups}

    def error(self) -> str:
        """What was told of the first stage that failed by itself."""
        for stage in self.rig.execution.stages.values():
            told = stage.context.get("exception")
            if told:
                return str(told["details"].get("errors") or told["details"].get("error"))
        return ""

    def names(self) -> list[str]:
        """The stages that ran, as they began."""
        begun = [stage for stage in self.rig.execution.stages.values() if stage.start_time]
        return [stage.name for stage in sorted(begun, key=lambda stage: stage.start_time or 0)]

    def promise(self, healthy: int, region: str = "here") -> list[str]:
        """Look after every change: what is found wrong, that is fewer instances that serve than promised, or a key used twice."""
        wrong: list[str] = []

        def look() -> None:
            groups = self.cloud.server_groups("prod", region)
            serving = sum(up_count(group) for group in groups if not group.disabled)
            if serving < healthy:
                wrong.append(f"{serving} of {healthy} serve after {self.cloud.asked[-1]}: {self.present(region)}")
            keys = [group.key for group in self.cloud.groups.values()]
            if len(keys) != len(set(keys)):
                wrong.append(f"a key made two server groups: {keys}")

        self.cloud.watch = look
        return wrong

    def size(self, name: str) -> tuple[int, int, int]:
        """Least, wanted and most of a server group."""
        group = self.group(name)
        assert group is not None
        return group.capacity.min, group.capacity.desired, group.capacity.max
