"""Follows one source: looks, reads, compares, saves, reports; again and again.

Separate because this is the only part with a loop and a network. Several processes may follow the same source and do no harm: what is
stored is read before the source is, and nothing that was saved since is replaced, so that an older state never replaces a newer one.
"""

import logging
import random
import threading
from pathlib import Path

from gennaker.core.archive import read_archive
from gennaker.core.errors import GennakerError, Unavailable
from gennaker.core.services import Definitions, Json, Services, Sources
from gennaker.core.source.apply import Done, Stored, apply, stored_in
from gennaker.core.source.plan import Plan, Policy, Source, plan
from gennaker.core.source.read import Reading, read_tree
from gennaker.core.source.tree import Tree, read_place, tree_of
from gennaker.plugins.follow.settings import Followed

_log = logging.getLogger("gennaker.plugins.follow")
#: Lines of one kind in a report.
_MOST = 50


class Follower:
    """One source; `services` need definitions, sources, and artifacts for a repository."""

    def __init__(self, followed: Followed, services: Services) -> None:
        self.followed = followed
        self._services = services
        self._policy = Policy(prune=followed.prune, overwrite=followed.overwrite)
        self._known: dict[tuple[str, bytes], Reading] = {}
        self._synced: int | None = None
        self._version = ""
        self._said = ""

    def run(self, stopping: threading.Event) -> None:
        """Look until told to stop. An outage is reported, as far as that is possible, and ends nothing."""
        while not stopping.is_set():
            report = self.look()
            self._say(report)
            try:
                self._sources.tell(report)
            except Unavailable as error:
                _log.warning("the report of source %s could not be kept: %s", self.followed.name, error)
            stopping.wait(self.followed.every * random.uniform(0.9, 1.1))

    def look(self) -> Json:
        """Do what is to be done now, once; the report of it."""
        try:
            target = Stored(self._definitions, f"source:{self.followed.name}")
            stored = stored_in(target)  # before the files: what is saved later is newer than they are
            tree = self._tree()
            self._version = tree.digest
            found = plan(self._source(), read_tree(tree, self._known), stored, self._policy)
            done = list(apply(found, target))
        except GennakerError as error:
            return {**self._about(), "state": "failed", "reason": error.message}
        problems = [*map(str, found.problems), *(f"{one.step.label}: {one.error}" for one in done if one.error)]
        self._synced = self._synced if problems else self._services.clock()
        return {**self._about(), "state": "problems" if problems else "synced", **_told(found, done, problems)}

    def _tree(self) -> Tree:
        """What the source holds now. Raises GennakerError."""
        if self.followed.directory:
            return read_place(Path(self.followed.directory))
        if self._services.artifacts is None:
            raise Unavailable("this process fetches no artifacts; follow repositories where workers run")
        artifact = {"type": "git/repo", "reference": self.followed.repository, "location": self.followed.folder}
        if self.followed.branch:
            artifact["version"] = self.followed.branch
        if self.followed.account:
            artifact["artifactAccount"] = self.followed.account
        return tree_of(self._inside(read_archive(self._services.artifacts.fetch(artifact))))

    def _inside(self, files: dict[str, bytes]) -> dict[str, bytes]:
        """What lies in the followed folder; the archive has whole paths."""
        led = f"{self.followed.folder}/" if self.followed.folder else ""
        return {path.removeprefix(led): data for path, data in files.items() if path.startswith(led)}

    def _source(self) -> Source:
        type_ = "directory" if self.followed.directory else "git"
        branch = self.followed.branch
        version = f"{branch}@{self._version}" if branch else self._version
        return Source(id=self.followed.name, type=type_, version=version)  # type: ignore[arg-type]

    def _about(self) -> Json:
        """What every report begins with. `synced` is when all was as the source says."""
        source = self._source()
        place = self.followed.directory or self.followed.repository
        told: Json = {"name": source.id, "kind": source.type, "place": place}
        if source.type == "git":
            told |= {"branch": self.followed.branch, "path": self.followed.path}
        times = {"checked": self._services.clock(), "synced": self._synced}
        return {**told, "version": source.version if self._version else "", **times}

    def _say(self, report: Json) -> None:
        """Log what is new, once."""
        changed = report.get("changes", [])
        told = "; ".join([report.get("reason", ""), *report.get("problems", [])]).strip("; ")
        if changed:
            _log.info("source %s at %s: %s", self.followed.name, report["version"], "; ".join(changed))
        if told and told != self._said:
            _log.warning("source %s: %s", self.followed.name, told)
        self._said = told

    @property
    def _definitions(self) -> Definitions:
        if self._services.definitions is None:
            raise Unavailable("this process has no definitions; follow where the database is configured")
        return self._services.definitions

    @property
    def _sources(self) -> Sources:
        if self._services.sources is None:
            raise Unavailable("this process has no database")
        return self._services.sources


def _told(found: Plan, done: list[Done], problems: list[str]) -> Json:
    """What a plan came to, in lines for people."""
    words = {"create": "created", "change": "changed", "delete": "deleted"}
    changed = [f"{words[one.step.action]} {one.step.label}" for one in done if not one.error]
    kept = [f"{step.label}: {step.note}" for step in found.steps if step.action == "keep"]
    definitions = sum(step.action in ("create", "change", "unchanged") for step in found.steps)
    lists = {"changes": changed, "problems": problems, "warnings": [*map(str, found.warnings)], "kept": kept}
    return {"definitions": definitions, **{name: _bounded(lines) for name, lines in lists.items()}}


def _bounded(lines: list[str]) -> list[str]:
    return lines if len(lines) <= _MOST else [*lines[:_MOST], f"and {len(lines) - _MOST} more"]
