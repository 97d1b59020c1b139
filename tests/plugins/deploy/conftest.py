"""A cloud with three images."""

import pytest
from clusters import Ground


@pytest.fixture
def ground() -> Ground:
    made = Ground()
    made.cloud.add_image("v1")
    made.cloud.add_image("v2")
    made.cloud.add_image("bad", bad=True)
    return made
