"""Stage types that create, change and remove applications. Source of fields and results: Orca's application tasks."""

from typing import Any

from gennaker.core.errors import InvalidRequest
from gennaker.core.fields import field
from gennaker.core.services import Definitions, Json
from gennaker.core.stage import Outcome, Run, Stage, task
from gennaker.plugins.catalog.editing import changed, read_object


class _Application(Stage):
    """What they all take."""

    application: Any = field("application", "the application: `{name, email, cloudProviders, …}`")

    def _named(self) -> Json:
        application = read_object(self.application, "application")
        name = application.get("name")
        if not isinstance(name, str) or not name.strip():
            raise InvalidRequest("must be the application's name", "application.name")
        return application


class UpsertApplication(_Application, type="upsertApplication"):
    """Create an application, or change the keys that are given."""

    examples = ({"application": {"name": "example", "email": "team@example.com"}},)

    @task(name="upsertApplication", answer_by=30.0)
    def save(self, run: Run) -> Outcome:
        """Save it."""

        def save(definitions: Definitions) -> Json:
            application = self._named()
            before = definitions.application(application["name"])
            stored = definitions.save_application(application, user=run.user)
            return {
                "previousState": before,
                "newState": stored,
                "application": stored["name"],
                "notification.type": run.work.type.lower(),
            }

        return changed(run, save)


class CreateApplication(UpsertApplication, type="createApplication"):
    """Create an application; one that exists is changed."""


class UpdateApplication(UpsertApplication, type="updateApplication"):
    """Change the keys of an application that are given; one that does not exist is created."""


class DeleteApplication(_Application, type="deleteApplication"):
    """Remove an application with its pipelines; one that is not there is fine."""

    examples = ({"application": {"name": "example"}},)

    @task(name="deleteApplication", answer_by=30.0)
    def delete(self, run: Run) -> Outcome:
        """Remove it."""

        def delete(definitions: Definitions) -> Json:
            name = self._named()["name"]
            before = definitions.application(name)
            definitions.delete_application(name, user=run.user)
            return {"previousState": before, "application": name, "notification.type": "deleteapplication"}

        return changed(run, delete)
