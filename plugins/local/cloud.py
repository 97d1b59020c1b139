"""The cloud `local`: this machine.

Separate because it is the contract's side: what is asked is written down as wanted, what is told is what the supervisor saw.
"""

import socket
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from math import ceil
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from gennaker.core.cloud.model import Account, Capacity, Image, LoadBalancer, ServerGroup
from gennaker.core.cloud.names import next_name, parse
from gennaker.core.cloud.provider import KEY_TAG, Capability, Cloud, CloudError, ImageQuery, Operation
from gennaker.core.errors import InvalidRequest, NotFound
from gennaker.core.processes.running import CannotStart
from gennaker.plugins.local import reading, wishes
from gennaker.plugins.local.images import Images
from gennaker.plugins.local.instances import last_words
from gennaker.plugins.local.records import Rules, WantedBalancer, WantedGroup
from gennaker.plugins.local.region import Folder
from gennaker.plugins.local.settings import Settings

Json = dict[str, Any]

#: Bytes of what an instance has written that are shown.
_CONSOLE = 64 * 1024


class LocalCloud(Cloud):
    """Server groups of processes on this machine, behind a load balancer."""

    name = reading.PROVIDER
    capabilities: frozenset[Capability] = frozenset(
        {
            "create",
            "clone",
            "resize",
            "enable",
            "disable",
            "partialDisable",
            "destroy",
            "terminate",
            "findImage",
            "tagImage",
            "loadBalancer",
        }
    )
    platform_health = reading.PLATFORM
    poll_s = 2.0

    def __init__(self, settings: Settings, home: Path) -> None:
        self._settings = settings
        self._folder = settings.at(home)
        self._images = Images(settings.images_at(home), self._folder / "unpacked")
        self._rules = Rules(
            balancer=settings.balancer,
            listen=settings.listen,
            first_port=settings.first_port,
            last_port=settings.last_port,
            check_seconds=settings.check_seconds,
            drain_seconds=settings.drain_seconds,
            stop_seconds=settings.stop_seconds,
        )

    def accounts(self) -> Sequence[Account]:
        """See the parent."""
        return [
            Account(name=one.name, provider=self.name, environment=one.environment, type="local", regions=one.regions)
            for one in self._settings.accounts
        ]

    def server_groups(self, account: str, region: str, application: str = "") -> list[ServerGroup]:
        """See the parent."""
        folder = self._looked_after(account, region)
        if folder is None:
            return []
        wanted, seen = folder.groups(), folder.seen()
        return [
            reading.server_group(account, region, group, seen)
            for group in wanted.values()
            if not application or parse(group.name).app == application
        ]

    def server_group(self, account: str, region: str, name: str) -> ServerGroup | None:
        """See the parent."""
        return next((group for group in self.server_groups(account, region) if group.name == name), None)

    def load_balancers(self, account: str, region: str) -> list[LoadBalancer]:
        """See the parent."""
        folder = self._looked_after(account, region)
        if folder is None:
            return []
        groups, seen, host = list(folder.groups().values()), folder.seen().instances, self._rules.listen
        return [reading.load_balancer(account, region, one, groups, seen, host) for one in folder.balancers().values()]

    def images(self, account: str, region: str, query: ImageQuery) -> list[Image]:
        """See the parent."""
        self._at(account, region)
        return self._images.find(query)

    def console(self, account: str, region: str, instance: str) -> str:
        """See the parent."""
        folder = self._at(account, region)
        one = next((one for one in folder.seen().instances if one.id == instance), None)
        return last_words(one, folder, _CONSOLE) if one else ""

    def check(self, wanted: Json) -> list[str]:
        """See the parent."""
        return wishes.problems(wanted)

    def plan(self, wanted: Json) -> list[str]:
        """See the parent."""
        wish = wishes.wish(wanted)
        folder = self._at(wish.account, wish.region)
        name = next_name(
            wish.cluster, {group.name: group.created for group in folder.groups().values() if _of(group, wish.cluster)}
        )
        image, _, _ = self._images.take(wish.image)
        behind = f" behind {', '.join(wish.balancers)}" if wish.balancers else ""
        return [
            f"creates {name} in {wish.account}/{wish.region} with {wish.desired} processes of image {image.id}{behind}"
        ]

    def create(self, wanted: Json, operation: Operation) -> str:
        """See the parent."""
        wish = wishes.wish(wanted)
        folder = self._at(wish.account, wish.region)
        folder.prepare(self._rules)
        with folder.changing():
            groups = folder.groups()
            for group in groups.values():
                if group.key == operation.key and not group.gone:
                    self._supervise(folder)
                    return group.name
            if unknown := set(wish.balancers) - set(folder.balancers()):
                raise InvalidRequest(
                    f"there is no load balancer {min(unknown)!r} in {wish.account}/{wish.region}; create it first",
                    "loadBalancers",
                )
            image, manifest, place = self._take(wish.image)
            if unknown := set(wish.environment) - set(manifest.environment):
                raise InvalidRequest(
                    f"image {image.id} does not take {min(unknown)!r}; expected one of {', '.join(manifest.environment) or 'none'}, "
                    "the variables that its manifest lists",
                    "environment",
                )
            group = WantedGroup(
                name=next_name(
                    wish.cluster, {one.name: one.created for one in groups.values() if _of(one, wish.cluster)}
                ),
                created=time.time_ns() // 1_000_000,
                key=operation.key,
                image=image.id,
                image_name=image.name,
                folder=str(place),
                command=manifest.command,
                min=wish.min,
                max=wish.max,
                desired=wish.desired,
                port_variable=manifest.port,
                check=manifest.check,
                environment=manifest.environment | wish.environment,
                balancers=wish.balancers,
                tags={**wish.tags, KEY_TAG: operation.key, "gennaker:user": operation.user},
            )
            operation.check_time(f"server group {wish.account}/{wish.region}/{group.name}")
            folder.put_group(group)
        self._supervise(folder)
        return group.name

    def resize(self, group: ServerGroup, capacity: Capacity, operation: Operation) -> None:
        """See the parent."""
        wishes.check_capacity(capacity.min, capacity.max, capacity.desired)
        self._change(
            group, operation, lambda now: replace(now, min=capacity.min, max=capacity.max, desired=capacity.desired)
        )

    def enable(self, group: ServerGroup, operation: Operation, percentage: int = 100) -> None:
        """See the parent."""
        self._change(
            group, operation, lambda now: replace(now, traffic=max(now.traffic, _rounded_up(percentage, now.desired)))
        )

    def disable(self, group: ServerGroup, operation: Operation, percentage: int = 100) -> None:
        """See the parent."""
        self._change(
            group,
            operation,
            lambda now: replace(now, traffic=min(now.traffic, 100.0 - _rounded_up(percentage, now.desired))),
        )

    def destroy(self, group: ServerGroup, operation: Operation) -> None:
        """See the parent."""
        with suppress(NotFound):
            self._change(group, operation, lambda now: replace(now, gone=True))

    def terminate(
        self, account: str, region: str, instances: Collection[str], operation: Operation, *, shrink: bool = False
    ) -> None:
        """See the parent."""
        folder = self._at(account, region)
        if not folder.exists:
            return
        with folder.changing():
            operation.check_time(f"instances in {account}/{region}")
            there = {one.id: one for one in folder.seen().instances if not one.leaving}
            for group in folder.groups().values():
                known = {name for name in group.condemned if name in there}
                ended = {name for name in instances if name in there and there[name].group == group.name} - known
                if ended:
                    desired = max(0, group.desired - len(ended)) if shrink else group.desired
                    least = min(group.min, desired)
                    folder.put_group(replace(group, condemned=(*sorted(known | ended),), desired=desired, min=least))
        self._supervise(folder)

    def upsert_load_balancer(self, account: str, region: str, wanted: Json, operation: Operation) -> str:
        """See the parent."""
        balancer = wishes.balancer(wanted)
        folder = self._at(account, region)
        folder.prepare(self._rules)
        with folder.changing():
            there = folder.balancers()
            if there.get(balancer.name) != balancer:
                self._check_port(balancer, there)
                operation.check_time(f"load balancer {account}/{region}/{balancer.name}")
                folder.put_balancer(balancer)
        self._supervise(folder)
        return balancer.name

    def delete_load_balancer(self, account: str, region: str, name: str, operation: Operation) -> None:
        """See the parent."""
        folder = self._at(account, region)
        if not folder.exists:
            return
        with folder.changing():
            if name not in folder.balancers():
                return
            using = [group.name for group in folder.groups().values() if name in group.balancers and not group.gone]
            if using:
                raise InvalidRequest(
                    f"the load balancer {name} is used by {', '.join(using)}; destroy them first", "name"
                )
            operation.check_time(f"load balancer {account}/{region}/{name}")
            folder.remove_balancer(name)
        self._supervise(folder)

    def tag_images(
        self, account: str, region: str, names: Collection[str], tags: dict[str, str], operation: Operation
    ) -> list[Image]:
        """See the parent."""
        self._at(account, region)
        return self._images.tag(names, tags)

    def give_up(self) -> None:
        """End everything of all accounts and regions, at once. Raises TimeoutError."""
        for account in self._settings.accounts:
            for region in account.regions:
                self._at(account.name, region).give_up()

    def _at(self, account: str, region: str) -> Folder:
        """The folder of a place. Raises InvalidRequest."""
        known = {one.name: one.regions for one in self._settings.accounts}
        if account not in known:
            raise InvalidRequest(
                f"{account!r} is no account of {self.name}; expected one of {', '.join(known)}", "account"
            )
        if region not in known[account]:
            raise InvalidRequest(
                f"{region!r} is no region of {account}; expected one of {', '.join(known[account])}", "region"
            )
        return Folder(self._folder / account / region)

    def _looked_after(self, account: str, region: str) -> Folder | None:
        """The folder of a place in which something is; its supervisor runs from now on, as it may have ended with the machine."""
        folder = self._at(account, region)
        if not folder.exists:
            return None
        if folder.groups() or folder.balancers():
            self._supervise(folder)
        return folder

    def _supervise(self, folder: Folder) -> None:
        folder.prepare(self._rules)
        try:
            folder.supervise()
        except (OSError, CannotStart) as error:
            raise CloudError(f"the supervisor of {folder.path} cannot be started: {error}", retryable=True) from error

    def _change(self, group: ServerGroup, operation: Operation, change: Callable[[WantedGroup], WantedGroup]) -> None:
        """Want a group otherwise. Raises NotFound."""
        folder = self._at(group.account, group.region)
        if not folder.exists:
            raise NotFound(f"there is no server group {group.where}")
        with folder.changing():
            now = folder.group(group.name)
            if now is None:
                raise NotFound(f"there is no server group {group.where}")
            then = change(now)
            operation.check_time(f"server group {group.where}")
            if then != now:
                folder.put_group(then)
        self._supervise(folder)

    def _take(self, image: str) -> tuple[Image, Any, Path]:
        try:
            return self._images.take(image)
        except NotFound as error:
            raise InvalidRequest(str(error), "imageId") from error

    def _check_port(self, wanted: WantedBalancer, there: dict[str, WantedBalancer]) -> None:
        """Raises InvalidRequest when somebody listens there already."""
        for other in there.values():
            if other.port == wanted.port and other.name != wanted.name:
                raise InvalidRequest(f"port {wanted.port} is that of load balancer {other.name}", "port")
        if wanted.name in there and there[wanted.name].port == wanted.port:
            return
        try:
            with socket.socket(socket.AF_INET6 if ":" in self._rules.listen else socket.AF_INET) as trial:
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                trial.bind((self._rules.listen, wanted.port))
        except OSError as error:
            raise InvalidRequest(
                f"nothing can listen at {self._rules.listen}:{wanted.port}: {error.strerror}", "port"
            ) from error


def _of(group: WantedGroup, cluster: str) -> bool:
    return parse(group.name).cluster == cluster


def _rounded_up(percentage: int, instances: int) -> float:
    """So many per cent of the instances, counted in whole ones, in per cent again."""
    if not 0 <= percentage <= 100:
        raise InvalidRequest(f"{percentage!r} was given; expected 0 to 100", "percentage")
    return 100.0 * ceil(instances * percentage / 100) / instances if instances else float(percentage)
