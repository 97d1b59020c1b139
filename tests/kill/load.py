"""Clients that ask for executions over HTTP, and steer them, while the daemons die.

Separate from the fleet because a client knows nothing of processes: it asks again until it is answered, with the same key.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from kill import pipelines

#: Seconds for which a client asks again. Longer than any death in these tests lasts.
PATIENCE_S = 60.0


@dataclass
class Ledger:
    """What clients were promised."""

    #: Request key to the execution that it was answered with.
    accepted: dict[str, str] = field(default_factory=dict)
    #: (execution, command) to how often it was sent, and how often answered (obeyed or refused by the engine).
    sent: Counter[tuple[str, str]] = field(default_factory=Counter)
    answered: Counter[tuple[str, str]] = field(default_factory=Counter)
    #: What must never be answered.
    wrong: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, counter: Counter[tuple[str, str]], execution: str, command: str) -> None:
        """Count a command; clients do so at the same time."""
        with self._lock:
            counter[execution, command] += 1


class Load:
    """Some client threads; every random choice comes from the seed."""

    def __init__(self, urls: Sequence[str], seed: int, *, clients: int = 3, pause: float = 0.04) -> None:
        self.ledger = Ledger()
        self._urls = list(urls)
        self._pause = pause
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._endless: list[str] = []
        self._started: list[str] = []
        self._threads = [
            threading.Thread(target=self._run, args=(random.Random(f"{seed}/{n}"), n), daemon=True)
            for n in range(clients)
        ]

    def prepare(self) -> None:
        """Store the pipelines that are run by name."""
        with httpx.Client(timeout=30, trust_env=False) as http:
            for pipeline in pipelines.stored():
                answer = http.post(f"{self._urls[0]}/pipelines", json=pipeline)
                assert answer.status_code == 200, answer.text

    def start(self) -> None:
        """Begin to ask."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask for nothing new; cancel what would never end by itself."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(PATIENCE_S + 30)
            assert not thread.is_alive(), "a client is stuck"
        client = _Client(self._urls, random.Random(0), self.ledger)
        with client.http:
            for execution in self._endless:
                client.command(execution, "cancel", again=True)

    def resume(self, executions: Sequence[str]) -> None:
        """Let paused executions go on."""
        client = _Client(self._urls, random.Random(0), self.ledger)
        with client.http:
            for execution in executions:
                client.command(execution, "resume")

    def _run(self, dice: random.Random, number: int) -> None:
        client = _Client(self._urls, dice, self.ledger)
        with client.http:
            for count in range(1_000_000):
                if self._stopping.is_set():
                    return
                try:
                    self._one(client, dice, f"{number}-{count}")
                except Exception as error:
                    self.ledger.wrong.append(f"a client failed: {type(error).__name__}: {error}")
                    return
                self._stopping.wait(dice.uniform(0, 2 * self._pause))

    def _one(self, client: "_Client", dice: random.Random, key: str) -> None:
        what = dice.random()
        with self._lock:
            recent = self._started[-12:]
        if what < 0.62 or not recent:
            self._keep(client.begin(key, "/pipelines/start", self._inline(dice, key)))
        elif what < 0.68:
            self._keep(client.begin(key, "/tasks", pipelines.task()))
        elif what < 0.80:
            name = dice.choice(pipelines.LIMITED)
            self._keep(client.begin(key, f"/pipelines/{pipelines.APPLICATION}/{name}", {"type": "manual"}))
        elif what < 0.84:
            id_ = client.begin(key, "/pipelines/start", pipelines.inline("endless", pipelines.endless()))
            with self._lock:
                self._endless.append(id_)
        elif what < 0.90:
            client.command(dice.choice(recent), "cancel")
        elif what < 0.96:
            paused = dice.choice(recent)
            client.command(paused, "pause")
            self._stopping.wait(dice.uniform(0, 0.3))
            client.command(paused, "resume")
        else:
            client.restart(dice.choice(recent))

    def _inline(self, dice: random.Random, key: str) -> dict[str, Any]:
        shape = dice.choice(pipelines.SHAPES)
        return pipelines.inline(f"{shape.__name__} {key}", shape(dice))

    def _keep(self, id_: str) -> None:
        with self._lock:
            self._started.append(id_)


class _Client:
    """Asks one of several addresses, and again until it is answered."""

    def __init__(self, urls: Sequence[str], dice: random.Random, ledger: Ledger) -> None:
        self._urls = urls
        self._dice = dice
        self._ledger = ledger
        self.http = httpx.Client(timeout=httpx.Timeout(20, connect=2), trust_env=False)

    def begin(self, key: str, path: str, body: dict[str, Any]) -> str:
        """Ask for an execution; its id. The same key always gets the same answer."""
        trigger = {"type": "manual", "parameters": {"request": key}}
        body = {**body, **trigger} if "stages" not in body and "job" not in body else {**body, "trigger": trigger}
        answer = self._surely("POST", path, json=body, headers={"Idempotency-Key": key})
        if answer.status_code not in (200, 202):
            raise AssertionError(f"{path} answered {answer.status_code}: {answer.text[:500]}")
        id_ = str(answer.json()["ref"].rsplit("/", 1)[-1])
        self._ledger.accepted[key] = id_
        if self._dice.random() < 0.1:
            twice = self._surely("POST", path, json=body, headers={"Idempotency-Key": key})
            if not twice.is_success or not twice.json()["ref"].endswith(id_):
                self._ledger.wrong.append(f"request {key} was answered with {id_} and then with {twice.text[:200]}")
        return id_

    def command(self, execution: str, word: str, *, again: bool = False) -> None:
        """Steer an execution; whether it can still be steered is the engine's to say. Ask once unless it must be done."""
        until = time.monotonic() + PATIENCE_S
        while not self._command(execution, f"/pipelines/{execution}/{word}", word) and again:
            assert time.monotonic() < until, f"{word} {execution} was not answered for {PATIENCE_S:.0f} s"
            time.sleep(0.1)

    def restart(self, execution: str) -> None:
        """Restart some stage that has ended."""
        try:
            found = self._ask("GET", f"/pipelines/{execution}")
        except httpx.TransportError:
            return
        stages = found.json()["stages"] if found.is_success else []
        ended = [stage["id"] for stage in stages if stage.get("endTime") and not stage.get("parentStageId")]
        if ended:
            path = f"/pipelines/{execution}/stages/{self._dice.choice(ended)}/restart"
            self._command(execution, path, "restart")

    def _command(self, execution: str, path: str, word: str) -> bool:
        """Send a command once; whether it was answered, even if with a refusal."""
        self._ledger.count(self._ledger.sent, execution, word)
        try:
            answer = self._ask("PUT", path, json={})
        except httpx.TransportError:
            return False
        if answer.is_success:
            self._ledger.count(self._ledger.answered, execution, word)
        elif answer.status_code < 500 and answer.status_code not in (400, 404, 405, 409):
            self._ledger.wrong.append(f"{path} answered {answer.status_code}: {answer.text[:300]}")
        return answer.status_code < 500

    def _surely(self, method: str, path: str, **rest: Any) -> httpx.Response:
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                answer = self._ask(method, path, **rest)
                if answer.status_code < 500:
                    return answer
                told = f"{answer.status_code} {answer.text[:300]}"
            except httpx.TransportError as error:
                told = repr(error)
            if time.monotonic() > until:
                raise AssertionError(f"{method} {path} was not answered for {PATIENCE_S:.0f} s: {told}")
            time.sleep(0.1)

    def _ask(self, method: str, path: str, **rest: Any) -> httpx.Response:
        return self.http.request(method, self._dice.choice(self._urls) + path, **rest)
