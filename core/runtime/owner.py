"""The owner of a shard: takes what is there, decides, commits, sends. One thread, group commit by what is there, no timers.

Separate from `shards`, which decides who owns what. Warm state is replaced only after COMMIT returned (rule 13); nothing is
acknowledged before (rule 3).
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from gennaker.bus.event import Event
from gennaker.bus.port import Delivery, Subscription, Transport
from gennaker.core import metrics
from gennaker.core.errors import Unavailable
from gennaker.core.model import messages as m
from gennaker.core.model.execution import Execution
from gennaker.core.model.ids import shard_of
from gennaker.core.model.stage_type import StageTypes
from gennaker.core.model.work import PROGRESS_TYPE, REPLY_TYPE, results_queue
from gennaker.core.runtime import outgoing
from gennaker.core.runtime.bell import Bell
from gennaker.core.runtime.children import Children
from gennaker.core.runtime.commit import Committed, commit
from gennaker.core.runtime.decisions import Decisions, Item, decide_all
from gennaker.core.runtime.inbox import Inbox
from gennaker.core.runtime.poison import bury
from gennaker.core.runtime.relay import Relay
from gennaker.core.runtime.takeover import Takeover, take_over
from gennaker.core.store import commands, entries, executions
from gennaker.core.store import shards as leases
from gennaker.core.store.batch import Batch
from gennaker.core.store.database import Database
from gennaker.core.store.shards import Shard

_log = logging.getLogger("gennaker.engine")
_answers: dict[str, msgspec.json.Decoder[m.Reply] | msgspec.json.Decoder[m.Progress]] = {
    REPLY_TYPE: msgspec.json.Decoder(m.Reply),
    PROGRESS_TYPE: msgspec.json.Decoder(m.Progress),
}

#: Messages in one batch.
MOST = 64
_PREFETCH = 1000
_BACKOFF_S = 0.2
_LONGEST_BACKOFF_S = 5.0


class Deposed(Exception):
    """Another process owns the shard by now."""


class Owner:
    """One shard in the hands of this process."""

    def __init__(
        self,
        shard: Shard,
        database: Database,
        transport: Transport,
        bell: Bell,
        children: Children,
        types: Callable[[], StageTypes],
        clock: Callable[[], int],
    ) -> None:
        self.shard = shard
        self.relay = Relay(transport, shard.published_upto)
        self.inbox = Inbox()
        self.ready = threading.Event()
        self.deposed = False
        self._database = database
        self._transport = transport
        self._bell = bell
        self._children = children
        self._types = types
        self._clock = clock
        self._warm: dict[str, Execution] = {}
        self._position = shard.position
        self._row = 0
        self._subscription: Subscription | None = None
        self._thread = threading.Thread(target=self._run, name=f"owner-{shard.id}", daemon=True)

    def start(self) -> None:
        """Take over what is there and go on with it, in a thread."""
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Finish the current batch and let go."""
        self.inbox.stop()
        self._thread.join(timeout)

    @property
    def alive(self) -> bool:
        """The thread runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        backoff = _BACKOFF_S
        try:
            while not self.inbox.stopped:
                try:
                    self._take_over()
                    backoff = _BACKOFF_S
                    while not self.inbox.stopped:
                        self._step()
                except Unavailable as error:
                    _log.warning("shard %d: %s; trying again in %.1f s", self.shard.id, error, backoff)
                    time.sleep(backoff)
                    backoff = min(2 * backoff, _LONGEST_BACKOFF_S)
        except Deposed:
            _log.warning("shard %d: another engine owns it now", self.shard.id)
        except Exception:
            _log.exception("shard %d: the owner failed and gives it up", self.shard.id)
        finally:
            self.deposed = not self.inbox.stopped
            self.ready.clear()
            self._bell.owns(self.shard.id, None)
            if self._subscription is not None:
                self._subscription.stop()
            self.inbox.give_back()
            self._warm.clear()

    def _take_over(self) -> None:
        """Read what is active, send again what is owed, check the slots. Also after any failed or unknown commit (rule 13)."""
        self.inbox.forget_due()
        self._warm.clear()
        taken: Takeover = take_over(self._database, self.shard, self.relay.published_upto, self._clock())
        if taken.epoch != self.shard.epoch:
            raise Deposed
        self._warm.update(taken.warm)
        self._position = taken.position
        self._row = 0
        for execution, at in taken.due:
            self.inbox.set_due(execution, at)
        self._children.recover(taken.warm.values())
        first = self._subscription is None
        resend = self._transport.capabilities.durable or not first
        if taken.entries:
            types = self._types()
            owed = taken.unpublished if resend else []
            unpublished = outgoing.work(owed, self._warm, types, self.shard.id, again=True)
            self.relay.publish(self._position, outgoing.facts_of(taken.entries, self._transport.wants), unpublished)
        if first:
            self._transport.declare_work(results_queue(self.shard.id))
            self._subscription = self._transport.consume(results_queue(self.shard.id), self.inbox.put, _PREFETCH)
            self._bell.owns(self.shard.id, self.inbox.ring)
        if not resend:
            self._recover()
        self._bell.stored(taken.told_shards)
        self.inbox.ring()
        self.ready.set()

    def _recover(self) -> None:
        """The transport died with the last process: hand out again whatever was out (rule 8)."""
        owed = {execution for execution, _ in outgoing.outstanding(self._warm.values())}
        items = [Item(execution, m.Recover()) for execution in sorted(owed)]
        for start in range(0, len(items), MOST):
            self._process(items[start : start + MOST])

    def _step(self) -> None:
        self.inbox.wait(self._clock())
        if self.inbox.stopped:
            return
        taken = self.inbox.take(MOST)
        try:
            self._take_in(taken)
        except Exception:
            # What was settled already stays so; the rest is decided again, here or by the next owner.
            self.inbox.put_back(taken)
            raise

    def _take_in(self, taken: Sequence[Delivery]) -> None:
        """Answers that came, rows that were stored, executions that are due."""
        now = self._clock()
        items = [item for delivery in taken if (item := self._item(delivery))]
        if self.inbox.should_look():
            items += self._look()
        items += [Item(execution, m.Tick()) for execution in self.inbox.due(now, MOST)]
        if items:
            self._process(items)

    def _item(self, delivery: Delivery) -> Item | None:
        event = delivery.event
        decoder = _answers.get(event.type)
        if decoder is None:
            self.inbox.ring()
            delivery.ack()
            return None
        try:
            return Item(event.subject, decoder.decode(event.data), delivery)
        except msgspec.MsgspecError as error:
            delivery.reject(f"this answer cannot be read: {error}")
            return None

    def _look(self) -> list[Item]:
        with self._database.reading() as connection:
            rows = commands.pending(connection, self.shard.id, self._row, MOST)
            position = leases.position(connection, self.shard.id)
        if position > self._position:
            self.relay.publish(position, self._missed(position), ())
            self._position = position
        if len(rows) == MOST:
            self.inbox.ring()
        if rows:
            self._row = rows[-1].row
        return [Item(each.execution, each.message, None, each.row, each.id) for each in rows]

    def _process(self, items: Sequence[Item], *, last: bool = False) -> None:
        """Decide, commit, send. `last`: what cannot be stored now is given up."""
        now = self._clock()
        types = self._types()
        self._load([item.execution for item in items])
        decisions = decide_all(items, self._warm, now, types)
        batch = Batch(
            shard=self.shard.id,
            epoch=self.shard.epoch,
            at=now,
            published_upto=self.relay.published_upto,
            changes=tuple(decisions.changes),
            commands_done=tuple(item.row for item in items if item.row),
            tell=tuple(decisions.tell),
        )
        done = self._commit(items, batch, decisions, last=last)
        if done is not None:
            self._after(items, batch, decisions, done)

    def _commit(self, items: Sequence[Item], batch: Batch, decisions: Decisions, *, last: bool) -> Committed | None:
        """None: the batch was written in parts, because something in it cannot be stored (rule 13).

        What is alone is tried once more from the stored state: an execution may have been accepted after we read that there is none.
        """
        started = time.perf_counter()
        if not batch.changes and not batch.commands_done:
            self._check_fence()
            return Committed(self._position, ())
        try:
            done = self._database.transact(lambda connection: commit(connection, batch, decisions.slots))
        except Unavailable:
            raise
        except Exception as error:
            self._forget(items)
            if last:
                self._give_up(items[0], error)
                return None
            _log.warning("shard %d: a batch cannot be stored (%s); trying its parts", self.shard.id, error)
            middle = len(items) // 2
            for part in (items[:middle], items[middle:]):
                if part:
                    self._process(part, last=len(items) == 1)
            return None
        if done is None:
            raise Deposed
        metrics.committed(len(batch.changes), time.perf_counter() - started)
        return done

    def _give_up(self, item: Item, error: Exception) -> None:
        """A message that cannot be stored: keep it with the dead letters, and fail its execution with the reason."""
        _log.error("shard %d: a message for %s cannot be stored: %s", self.shard.id, item.execution, error)

        def refuse(*_: object) -> Any:
            raise error

        now = self._clock()
        self._load([item.execution])
        decisions = decide_all([Item(item.execution, m.Tick())], self._warm, now, self._types(), advance=refuse)
        self._forget([item])
        bury(self._database, item, error, now)
        batch = Batch(
            shard=self.shard.id,
            epoch=self.shard.epoch,
            at=now,
            published_upto=self.relay.published_upto,
            changes=tuple(decisions.changes),
            commands_done=(item.row,) if item.row else (),
            tell=tuple(decisions.tell),
        )
        done = self._database.transact(lambda connection: commit(connection, batch, decisions.slots))
        if done is None:
            raise Deposed
        decisions.failed.clear()
        self._after([item], batch, decisions, done)

    def _after(self, items: Sequence[Item], batch: Batch, decisions: Decisions, done: Committed) -> None:
        """The commit is done: replace warm state, settle, send."""
        self._warm.update(decisions.states)
        for item in items:
            known = self._warm.get(item.execution)
            if known and known.status.complete and not known.active and not known.slot:
                del self._warm[item.execution]
        due = {change.execution.id: change.due_at for change in batch.changes}
        for item in items:
            if item.execution not in due and isinstance(item.message, m.Tick):
                due[item.execution] = None
        for id_, at in due.items():
            self.inbox.set_due(id_, at)
        self._settle(items)
        for failed in decisions.failed:
            bury(self._database, failed.item, failed.error, batch.at)
        self._send(batch, decisions, done.position)
        if done.told:
            self._bell.stored({shard_of(id_, self._database.shards) for id_ in done.told})
        for command, refused in decisions.handled.items():
            self._bell.handled(command, refused)
        self._bell.news()
        metrics.happened(event for change in batch.changes for event in change.events)
        if decisions.children:
            self._children.accept(decisions.children)

    def _send(self, batch: Batch, decisions: Decisions, position: int) -> None:
        if not batch.changes and position == self._position:
            return
        facts = outgoing.facts(batch.changes, self._transport.wants)
        before = position - len(batch.changes)
        if before > self._position:
            facts = self._missed(before) + facts
        self._position = position
        wanted = outgoing.handed_out(batch.changes)
        work = outgoing.work(wanted, decisions.states, self._types(), self.shard.id)
        self.relay.publish(position, facts, work)

    def _missed(self, upto: int) -> list[Event]:
        """The facts that others appended to our shard: accepted requests, changed definitions."""
        with self._database.reading() as connection:
            missed = entries.after(connection, self.shard.id, self._position, upto - self._position)
        return outgoing.facts_of(missed, self._transport.wants)

    def _settle(self, items: Sequence[Item]) -> None:
        for item in items:
            if item.delivery is not None:
                item.delivery.ack()

    def _load(self, ids: Sequence[str]) -> None:
        missing = sorted({id_ for id_ in ids if id_ not in self._warm})
        if missing:
            with self._database.reading() as connection:
                self._warm.update(executions.load_many(connection, missing))

    def _forget(self, items: Sequence[Item]) -> None:
        for item in items:
            self._warm.pop(item.execution, None)

    def _check_fence(self) -> None:
        """Nothing to write, and yet something to acknowledge: still only as the owner (rule 3)."""
        with self._database.reading() as connection:
            shard: Any = next(each for each in leases.read(connection) if each.id == self.shard.id)
        if shard.epoch != self.shard.epoch:
            raise Deposed
