"""Does what a plan says, one definition after the other: one that is refused does not keep the others.

Separate because the daemon saves into its store and the command line over HTTP, in the same order and with the same care.
"""

from collections.abc import Iterator
from typing import Protocol

from msgspec import Struct

from gennaker.core.errors import Conflict, GennakerError, Unavailable
from gennaker.core.services import Definitions, Json
from gennaker.core.source.kinds import KINDS, TEMPLATE
from gennaker.core.source.plan import Plan, Step


class Target(Protocol):
    """Where definitions are stored. What is refused raises a GennakerError; whatever else is raised ends everything."""

    def stored(self, kind: str) -> list[Json]:
        """All definitions of a kind."""

    def save(self, kind: str, definition: Json) -> None:
        """Create or replace one; refuse if another was saved since, which `lastModified` or `updateTs` tells."""

    def delete(self, kind: str, definition: Json) -> None:
        """Remove one as it was read; refuse if another was saved since, which `lastModified` or `updateTs` tells."""


class Done(Struct, frozen=True, kw_only=True):
    """What came of a step; an error when it was refused."""

    step: Step
    error: str = ""


def stored_in(target: Target) -> dict[str, list[Json]]:
    """What there is, by kind. Raises GennakerError."""
    return {kind.name: target.stored(kind.name) for kind in KINDS}


def apply(plan: Plan, target: Target) -> Iterator[Done]:
    """Do it. Raises Unavailable when the store cannot be reached; the same plan made anew then does the rest."""
    for step in plan.todo:
        try:
            if step.action == "delete":
                target.delete(step.kind.name, step.definition)
            else:
                target.save(step.kind.name, step.definition)
        except Unavailable:
            raise
        except GennakerError as error:
            yield Done(step=step, error=error.message)
        else:
            yield Done(step=step)


def unchanged(stored: Json | None, read: Json) -> None:
    """Raises Conflict when what is stored is not what was read any more."""
    if stored is not None and any(stored.get(key) != read.get(key) for key in ("lastModified", "updateTs")):
        raise Conflict(f"it was changed by {stored.get('lastModifiedBy')} in the meantime")


class Stored:
    """The daemon's own definitions as a `Target`; they are saved as `user`."""

    def __init__(self, definitions: Definitions, user: str) -> None:
        self._definitions = definitions
        self._user = user

    def stored(self, kind: str) -> list[Json]:
        """Pipelines, strategies among them; of templates the latest."""
        if kind == TEMPLATE.name:
            return self._definitions.templates()
        return [*self._definitions.pipelines(), *self._definitions.pipelines(strategies=True)]

    def save(self, kind: str, definition: Json) -> None:
        """A pipeline that says no place in the order keeps the one it has."""
        if kind == TEMPLATE.name:
            template = self._definitions.template(definition["id"])
            unchanged(template, definition)
            self._definitions.save_template(definition, user=self._user, create=template is None)
            return
        stored = self._definitions.pipeline(definition["id"])
        if stored is not None and definition.get("index") is None:
            definition = {**definition, "index": stored.get("index")}
        self._definitions.save_pipeline(definition, user=self._user, stale_check=True)

    def delete(self, kind: str, definition: Json) -> None:
        """What was changed since it was read stays."""
        if kind == TEMPLATE.name:
            unchanged(self._definitions.template(definition["id"]), definition)
            self._definitions.delete_template(definition["id"], user=self._user)
        else:
            unchanged(self._definitions.pipeline(definition["id"]), definition)
            self._definitions.delete_pipeline(definition["id"], user=self._user)
