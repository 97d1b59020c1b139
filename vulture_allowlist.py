"""What nothing in these folders uses and is kept all the same; vulture reads this as its use. Each line says why."""

from gennaker.core.artifacts.visible import artifact_for, expected_by
from gennaker.core.cloud.provider import Cloud
from gennaker.core.engine.decide import decide
from gennaker.core.log import about
from gennaker.core.run import Run
from gennaker.core.testing.clouds import check_cloud
from gennaker.core.testing.memory_cloud import MemoryCloud
from gennaker.core.testing.web import FakeHttp
from gennaker.plugins.aws.clients import _Role
from gennaker.plugins.local.proxy import Backend, Side

decide  # The rule itself, as the tests and whoever studies the engine call it; the owner applies what it says at once (`advance`).
artifact_for  # For plugins: which artifact a stage works on.
expected_by  # For plugins: see `artifact_for`.
about  # For plugins: facts on every line inside.
Run.stage_elapsed  # For plugins.
Run.redirect  # For plugins.
MemoryCloud.add_image  # For the tests of what is built on clouds.
MemoryCloud.add_group  # See add_image.
FakeHttp.fail  # For the tests of plugins.
check_cloud  # For plugins that bring a cloud, and their tests.
Side.eof_received  # asyncio calls these.
Side.pause_writing
Side.resume_writing
Backend.connection_made
Cloud.upsert_scaling_policy  # For stages of plugins: what the capability `scalingPolicy` promises.
Cloud.delete_scaling_policy  # See `upsert_scaling_policy`.
_Role.CANONICAL_NAME  # Read by the SDK.
