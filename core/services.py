"""What the program offers to plugins and to itself: interfaces only, each filled in one place.

Separate because plugins may know these and nothing behind them. JSON is plain `dict`s in Spinnaker's names; times are epoch milliseconds.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from gennaker.core.bakery import Bakery
from gennaker.core.cloud.inventory import Inventory
from gennaker.core.cloud.provider import Cloud
from gennaker.core.model.execution import Execution
from gennaker.core.model.stage_type import StageTypes
from gennaker.core.model.status import Status

Json = dict[str, Any]


class Control(Protocol):
    """Everything that may be asked of the engine. Each call returns once the request is stored; it needs the database and nothing else (rule 5).

    Raises InvalidRequest, NotFound, Refused, Unavailable (`gennaker.core.errors`).
    """

    def start(
        self, pipeline: Json, trigger: Json, *, user: str, origin: str = "unknown", key: str | None = None
    ) -> str:
        """Accept an execution of a pipeline given whole; returns its id. The same `key` again returns the first id (rule 6)."""

    def plan(self, pipeline: Json, trigger: Json, *, user: str) -> Json:
        """What `start` would run, trigger and stages complete; what is wrong stands in `errors`. Nothing is started."""

    def dry_run(self, pipeline: Json, trigger: Json, *, user: str) -> Json:
        """What an execution would do: `{stages: [{refId, name, type, outcome, why, expressions, …}], trigger, errors}`; nothing is started.

        Raises InvalidRequest for what `start` would refuse.
        """

    def start_stored(
        self,
        application: str,
        pipeline: str,
        trigger: Json,
        *,
        user: str,
        origin: str = "unknown",
        key: str | None = None,
    ) -> str:
        """Accept an execution of a stored pipeline, by name or id."""

    def submit(self, task: Json, *, user: str, origin: str = "unknown", key: str | None = None) -> str:
        """Accept an ad-hoc orchestration: `{application, description, job: [stage, …], trigger: {…}}`.

        While one with the same `trigger.correlationId` runs, its id is returned.
        """

    def cancel(self, execution: str, *, user: str, reason: str | None = None) -> None:
        """End an execution; one that does not exist yet stays dead when it comes (rule 16)."""

    def pause(self, execution: str, *, user: str) -> None:
        """Hand out no new work."""

    def resume(self, execution: str, *, user: str) -> None:
        """Go on after a pause."""

    def restart(
        self, execution: str, stage: str, *, user: str, seen: int | None = None, body: Json | None = None
    ) -> None:
        """Run a stage and everything after it again; `seen` is the round of the stage that the caller saw."""

    def patch(self, execution: str, stage: str, context: Json, *, user: str) -> None:
        """Merge into a stage's context and wake it: judgments, skipped waits."""

    def delete(self, execution: str, *, user: str) -> None:
        """Remove a finished execution; Refused while it runs."""


class Search(Struct, frozen=True, kw_only=True):
    """Which executions, newest first. Empty means any."""

    application: str = ""
    pipeline_ids: tuple[str, ...] = ()
    name: str = ""
    kind: str = ""
    statuses: tuple[Status, ...] = ()
    trigger_types: tuple[str, ...] = ()
    #: Of each pipeline only the newest so many.
    per_pipeline: int | None = None
    #: Build time within [from, to].
    built_from: int | None = None
    built_to: int | None = None
    event_id: str = ""
    limit: int = 100
    offset: int = 0
    oldest_first: bool = False


class Executions(Protocol):
    """Reads executions."""

    def get(self, execution: str) -> Execution:
        """Raises NotFound."""

    def sequence(self, execution: str) -> int:
        """The number of its newest event, for much less than `get`: what was made of that state is still true. Raises NotFound."""

    def find(self, search: Search) -> list[Execution]:
        """The executions that a search finds."""

    def at(self, execution: str, sequence: int) -> Execution:
        """The execution as it was after its event number `sequence`. Raises NotFound."""


class Definitions(Protocol):
    """Applications, pipelines, projects and templates, with their revisions: SQL by default. Values are Spinnaker's JSON; unknown keys are kept."""

    def applications(self) -> list[Json]:
        """All applications, by name."""

    def application(self, name: str) -> Json | None:
        """One application, its name compared without case."""

    def save_application(self, application: Json, *, user: str) -> Json:
        """Create or change (keys that are given replace); returns what is stored. Raises InvalidRequest."""

    def application_history(self, name: str, limit: int = 20) -> list[Json]:
        """Revisions of an application, newest first; they outlive it."""

    def delete_application(self, name: str, *, user: str) -> None:
        """Remove it with its pipelines. Removing what is not there does nothing."""

    def pipelines(self, application: str | None = None, *, strategies: bool = False) -> list[Json]:
        """Pipelines by index, then name; `strategies` are kept apart."""

    def pipeline(self, id_: str) -> Json | None:
        """One pipeline or strategy, by id."""

    def pipeline_named(self, application: str, name: str, *, strategy: bool = False) -> Json | None:
        """One pipeline, by name without case."""

    def save_pipeline(self, pipeline: Json, *, user: str, stale_check: bool = False) -> Json:
        """Create (no id, or one not known) or replace; returns what is stored. Raises InvalidRequest, Conflict."""

    def delete_pipeline(self, id_: str, *, user: str) -> None:
        """Remove it; its executions and revisions stay."""

    def reorder(self, application: str, indices: Mapping[str, int], *, user: str, strategies: bool = False) -> None:
        """Set the display order, by pipeline id."""

    def history(self, id_: str, limit: int = 20) -> list[Json]:
        """Revisions of a pipeline, newest first."""

    def projects(self) -> list[Json]:
        """All projects, by name."""

    def project(self, id_or_name: str) -> Json | None:
        """One project."""

    def save_project(self, project: Json, *, user: str) -> Json:
        """Create or replace. Raises InvalidRequest, Conflict."""

    def delete_project(self, id_: str, *, user: str) -> None:
        """Remove it."""

    def templates(self, scopes: Iterable[str] = ()) -> list[Json]:
        """The latest of each template, by id; with scopes, those that have one of them."""

    def template_versions(self, scopes: Iterable[str] = ()) -> dict[str, list[Json]]:
        """Template id to all that is kept of it: tags (as `tag`), then digests."""

    def template(self, id_: str, *, tag: str = "", digest: str = "") -> Json | None:
        """One template, its latest unless a tag or a digest is named. Raises InvalidRequest."""

    def template_dependents(self, id_: str) -> list[Json]:
        """The pipelines that name any version of a template."""

    def template_history(self, id_: str, limit: int = 20) -> list[Json]:
        """Revisions of a template, newest first."""

    def save_template(self, template: Json, *, user: str, tag: str = "", create: bool = False) -> Json:
        """Store under its tag, `latest` and its digest; `create` says whether the tag must be new or the template known already.

        Raises InvalidRequest, Conflict, NotFound.
        """

    def delete_template(self, id_: str, *, user: str, tag: str = "", digest: str = "") -> None:
        """Remove a tag, a digest or all of it. Raises Refused while pipelines are made from what would go."""


class Happening(Struct, frozen=True, kw_only=True):
    """One event as live subscribers see it."""

    #: The cursor after this event: opaque, given back as `Last-Event-ID` (rule 21).
    cursor: str
    #: `<execution>:<sequence>`.
    id: str
    type: str
    #: The execution, or `pipeline:<id>`, `application:<name>`, `project:<id>`, `template:<id>`.
    subject: str
    application: str
    time: int
    #: The event's JSON.
    data: bytes


class Live(Protocol):
    """The event log as a stream."""

    def now(self) -> str:
        """The cursor of this moment."""

    def after(self, cursor: str, limit: int = 500) -> list[Happening]:
        """What happened after a cursor, oldest first. Raises InvalidRequest for what is no cursor."""

    def of_execution(self, execution: str, after_sequence: int = 0) -> list[Happening]:
        """The events of one execution (or `pipeline:<id>` …) after a sequence, oldest first; they have no cursor."""

    def on_news(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Have `callback` called (from any thread, never blocking) when there may be news; returns what ends that."""


class HealthReport(Struct, frozen=True, kw_only=True):
    """`GET /health`: UP only when everything this process has to do can be done."""

    up: bool
    #: Part (`database`, `bus`, `engine`, …) to its own `{"status": "UP"|"DOWN", …}`.
    components: dict[str, Json]


class Why(Protocol):
    """Explains what an execution waits for."""

    def why(self, execution: Execution) -> str:
        """One sentence: what it waits for and until when."""


class Http(Protocol):
    """The one outbound HTTP client (ARCHITECTURE §7); every address is checked when it is connected to."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        timeout: float = 30.0,
        follow_redirects: bool = True,
        max_bytes: int = 10 * 1024 * 1024,
    ) -> "HttpAnswer":
        """Make one call. Raises `gennaker.core.outbound.Blocked` (address not allowed) and `CallFailed` (no answer)."""


class HttpAnswer(Protocol):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class Artifacts(Protocol):
    """Fetches what artifacts name, with the accounts that plugins bring."""

    def accounts(self) -> list[Json]:
        """`[{name, types: […]}]`, by name, as Gate tells them."""

    def fetch(self, artifact: Json) -> bytes:
        """The content of an artifact in Spinnaker's JSON; a `git/repo` is a gzipped tar of its files.

        Raises InvalidRequest (no account for it, wrong reference), NotFound, Refused (too large, not allowed), Unavailable.
        """

    def names(self, account: str, type_: str) -> list[str]:
        """The names of the artifacts that an account can tell of. Raises as `fetch` does."""

    def versions(self, account: str, type_: str, name: str) -> list[str]:
        """The versions of an artifact that an account can tell of. Raises as `fetch` does."""


class Sources(Protocol):
    """What became of the sources of definitions that are followed; JSON, ready to show."""

    def tell(self, report: Json) -> None:
        """Keep the newest report of a source: `{name, state: synced|problems|failed, …}`. What is new in it goes to the log too. Raises Unavailable."""

    def reports(self) -> list[Json]:
        """The newest report of each, by name."""

    def forget(self, name: str, *, user: str) -> None:
        """Show a source that nobody follows any more no longer. Raises NotFound."""


class Services(Struct, frozen=True, kw_only=True):
    """Everything a plugin is given. A process that lacks a role has None where that role's service would be."""

    #: This plugin's own validated section of the YAML.
    settings: Any = None
    #: The daemon's home folder; None where there is none, as in tests.
    home: Path | None = None
    definitions: Definitions | None = None
    executions: Executions | None = None
    control: Control | None = None
    live: Live | None = None
    why: Why | None = None
    http: Http | None = None
    artifacts: Artifacts | None = None
    sources: Sources | None = None
    bakery: Bakery | None = None
    inventory: Inventory | None = None
    #: The clouds of this process, by name.
    clouds: Mapping[str, Cloud] = {}
    #: The stage types known now, of this process and of others.
    stage_types: Callable[[], StageTypes] = dict
    health: Callable[[], HealthReport] | None = None
    #: Prometheus text.
    metrics: Callable[[], bytes] | None = None
    #: Dead letters and queues, for the operator: see `gennaker.core.runtime.letters`.
    bus: "BusDesk | None" = None
    #: Epoch milliseconds.
    clock: Callable[[], int] = lambda: 0


class BusDesk(Protocol):
    """What an operator may see and do on the bus; JSON, ready to show."""

    def status(self) -> Json:
        """`{transport, up, reason, queues: [{name, messages, consumers}]}`."""

    def dead_letters(self, limit: int = 100) -> list[Json]:
        """`[{id, queue, type, subject, reason, at}]`."""

    def dead_letter(self, id_: str) -> Json:
        """One, whole, with body and traceback. Raises NotFound."""

    def requeue(self, ids: Iterable[str], *, user: str) -> int:
        """Try again; stage work is asked for anew at the engine (rule 11). Returns how many."""

    def drop(self, ids: Iterable[str], *, user: str) -> int:
        """Forget; returns how many."""
