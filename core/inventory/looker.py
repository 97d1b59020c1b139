"""Looks at the clouds of this process and tells what is there; has no database.

Separate because it may be all that a worker does. It is told when to look; of two requests for the same place the second waits until
the first look has ended and then looks once, however many came in between.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from gennaker.bus.event import Event
from gennaker.bus.middleware.call import Rejected
from gennaker.bus.port import Problem, Transport
from gennaker.core.cloud.provider import Cloud, ImageQuery
from gennaker.core.errors import GennakerError
from gennaker.core.inventory import areas, facts
from gennaker.core.inventory.facts import Areas, Fact, Kind, Looked, Seen, Wanted
from gennaker.core.inventory.items import Thing, in_parts, item_of
from gennaker.core.redact import redactor

if TYPE_CHECKING:
    from gennaker.bus.subscriber import Subscriber

_log = logging.getLogger("gennaker.inventory")
_SOURCE = "gennaker/inventory"
#: Seconds after the start at which others are told of our clouds, and between two tellings after that.
_TELLINGS = (0.0, 2.0, 10.0)
_TELL_EVERY_S = 60.0
_LONGEST_ERROR = 500

Scope = tuple[str, str, str]


class Looker:
    """One subscriber for each cloud, and a thread that says what can be looked at. `clock` gives epoch milliseconds."""

    def __init__(self, transport: Transport, clouds: Mapping[str, Cloud], clock: Callable[[], int]) -> None:
        self._transport = transport
        self._clouds = dict(clouds)
        self._clock = clock
        self._subscribers = [self._subscriber(facts.wanted_type(name)) for name in self._clouds]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._announce, name="inventory-announce", daemon=True)
        self._lock = threading.Lock()
        #: What is looked at now, and what is to be looked at again after it.
        self._running: set[Scope] = set()
        self._again: dict[Scope, tuple[Kind, ...]] = {}

    def start(self) -> None:
        """Begin; without clouds nothing happens."""
        if not self._clouds:
            return
        for subscriber in self._subscribers:
            subscriber.start()
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """End after the looks that run."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        for subscriber in self._subscribers:
            subscriber.stop(timeout)

    def refresh(
        self, provider: str, account: str, regions: Sequence[str], application: str, kinds: Sequence[Kind]
    ) -> None:
        """Have something looked at soon, by whichever worker is free; without regions, all of the account's. Never raises."""
        cloud = self._clouds.get(provider)
        try:
            known = next((one for one in cloud.accounts() if one.name == account), None) if cloud else None
            if known is not None:
                there = areas.regions(known)
                self._publish(
                    Wanted(
                        provider=provider,
                        account=account,
                        region=region,
                        kinds=tuple(kinds),
                        application=application.lower(),
                    )
                    for region in there
                    if not regions or region in regions or there == [""]
                )
        except Exception:
            _log.exception("%s cannot be looked at again after a change", account)

    def handle(self, given: Event) -> None:
        """Look, and tell. Raises Rejected for a request that cannot be understood."""
        try:
            wanted = facts.read(given)
        except ValueError as error:
            raise Rejected(f"cannot be read: {error}") from error
        if not isinstance(wanted, Wanted) or wanted.provider not in self._clouds:
            raise Rejected(f"is no request to look at one of {', '.join(sorted(self._clouds))}")
        scope = (wanted.account, wanted.region, wanted.application)
        with self._lock:
            if scope in self._running:
                self._again[scope] = tuple(dict.fromkeys((*self._again.get(scope, ()), *wanted.kinds)))
                return
            self._running.add(scope)
        kinds: tuple[Kind, ...] = wanted.kinds
        while kinds:
            try:
                self._look(self._clouds[wanted.provider], wanted, kinds)
            finally:
                with self._lock:
                    kinds = self._again.pop(scope, ())
                    if not kinds or self._stopping.is_set():
                        kinds = ()
                        self._running.discard(scope)

    def _look(self, cloud: Cloud, wanted: Wanted, kinds: Sequence[Kind]) -> None:
        counts: dict[str, int] = {}
        problems: list[str] = []
        started = self._clock()
        for kind in kinds:
            began = self._clock()
            try:
                found = [item_of(thing) for thing in _read(cloud, wanted, kind)]
            except Exception as error:
                if not isinstance(error, GennakerError):
                    _log.exception("%s of %s/%s cannot be read", kind, wanted.account, wanted.region)
                problems.append(f"{kind}: {_told(error)}")
                continue
            # Only the server groups are read by application.
            application = wanted.application if kind == "serverGroups" else ""
            if application:
                found = [item for item in found if item.application == application]
            counts[kind] = len(found)
            parts = in_parts(found)
            self._publish(
                Seen(
                    provider=wanted.provider,
                    account=wanted.account,
                    region=wanted.region,
                    kind=kind,
                    application=application,
                    started=began,
                    part=number,
                    parts=len(parts),
                    items=part,
                )
                for number, part in enumerate(parts)
            )
        self._publish(
            [
                Looked(
                    provider=wanted.provider,
                    account=wanted.account,
                    region=wanted.region,
                    application=wanted.application,
                    started=started,
                    counts=counts,
                    error="; ".join(problems),
                )
            ]
        )

    def _subscriber(self, type_: str) -> "Subscriber":
        """Imported where there is a cloud at all, as plugins' subscribers are."""
        from gennaker.bus.subscriber import Subscriber

        return Subscriber(self._transport, type_, (type_,), self.handle)

    def _announce(self) -> None:
        waits = iter(_TELLINGS)
        last = 0.0
        at = next(waits)
        while not self._stopping.wait(at - last):
            last = at
            at = next(waits, last + _TELL_EVERY_S)
            self._publish(self._areas())

    def _areas(self) -> Iterator[Areas]:
        for name, cloud in self._clouds.items():
            try:
                accounts = tuple(cloud.accounts())
            except Exception:
                _log.exception("the accounts of %s cannot be told", name)
                continue
            yield Areas(provider=name, poll_ms=max(1000, int(cloud.poll_s * 1000)), accounts=accounts)

    def _publish(self, told: "Iterator[Fact] | Sequence[Fact]") -> None:
        now = self._clock()
        for fact in told:
            self._transport.publish([facts.event(fact, source=_SOURCE, at=now)], _noted)


def _read(cloud: Cloud, wanted: Wanted, kind: Kind) -> Sequence[Thing]:
    account, region = wanted.account, wanted.region
    if account not in {one.name for one in cloud.accounts()}:
        raise LookupError(f"this worker has no account {account!r}; all workers of a cloud need the same accounts")
    match kind:
        case "serverGroups":
            return cloud.server_groups(account, region, wanted.application)
        case "loadBalancers":
            return cloud.load_balancers(account, region)
        case "securityGroups":
            return cloud.firewalls(account, region)
        case "images":
            return cloud.images(account, region, ImageQuery()) if "findImage" in cloud.capabilities else ()


def _told(error: Exception) -> str:
    text = str(error) or type(error).__name__
    if not isinstance(error, GennakerError | LookupError):
        text = f"{type(error).__name__}: {text}"
    return redactor.text(text)[:_LONGEST_ERROR]


def _noted(problem: Problem) -> None:
    if problem is not None:
        _log.warning("what was seen of the clouds was not told: %s", problem)
