"""What the bakery offers to clients: one plugin fills it in, the HTTP server and the command line show it.

Separate because plugins do not know each other. JSON is in Spinnaker's names (Rosco's API).
"""

from typing import Any, Protocol

Json = dict[str, Any]


class Bakery(Protocol):
    """Bakes by request, and what became of those of pipelines. An id is an execution's, or `<execution>.<stage>`."""

    def options(self) -> list[Json]:
        """The base images: `[{cloudProvider, baseImages: [{id, …}]}]`."""

    def options_of(self, provider: str) -> Json:
        """Those of one provider. Raises NotFound."""

    def start(self, region: str, request: Json, *, rebake: bool, user: str) -> Json:
        """Bake, or join the bake of the same that runs; its status. With `rebake` that one is ended, and what was baked before is not taken.

        Raises InvalidRequest, Unavailable.
        """

    def status(self, region: str, id_: str) -> Json:
        """`{id, state: RUNNING|COMPLETED|CANCELED, result: SUCCESS|FAILURE|null, resource_id, …}`. Raises NotFound, Unavailable."""

    def bake(self, region: str, id_: str) -> Json:
        """`{id, ami, image_name, artifact, base_ami, …}`. Raises NotFound as long as there is no image."""

    def log(self, region: str, id_: str) -> list[str]:
        """What the build has said so far. Raises NotFound, Unavailable."""

    def cancel(self, region: str, id_: str, *, user: str) -> Json:
        """End it; its status. Raises NotFound, Unavailable."""
