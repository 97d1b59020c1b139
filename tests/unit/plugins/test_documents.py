"""What the documents say of plugins is true."""

import re
from pathlib import Path
from typing import Any

import pytest

from gennaker.config import load as load_settings
from gennaker.core import hookspecs
from gennaker.core.plugins import Plugins, load
from gennaker.core.stage_page import reference_page

DOCS = Path(__file__).parents[3] / "docs"


def plugins_of(home: Path) -> Plugins:
    return load(load_settings(None, home=home, environ={}))


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", (DOCS / "plugins.md").read_text(), re.DOTALL)


def test_the_reference_page_is_what_the_declarations_say(tmp_path: Path) -> None:
    plugins = plugins_of(tmp_path)
    bundled = [
        stage for one in plugins.loaded if one.source == "gennaker" for stage in (*one.stages, *one.cloud_stages)
    ]
    assert (DOCS / "stages.md").read_text() == reference_page(bundled), (
        "run `gennaker plugin reference > docs/stages.md`"
    )


def test_the_plugin_of_the_document_runs_and_its_test_passes(tmp_path: Path) -> None:
    code = blocks()[0]
    assert len([line for line in code.splitlines() if line.strip()]) <= 20
    folder = tmp_path / "plugins.d"
    folder.mkdir()
    (folder / "disk.py").write_text(code)
    plugins = plugins_of(tmp_path)
    assert plugins.broken == []
    names: dict[str, Any] = {"DiskFree": plugins.stages["diskFree"]}
    exec(blocks()[-1], names)
    assert names["rig"].execution.status == "SUCCEEDED"


@pytest.mark.parametrize("hook", [name for name in vars(hookspecs) if name.startswith("gennaker_")])
def test_every_hook_is_documented(hook: str) -> None:
    assert f"`{hook}(" in (DOCS / "plugins.md").read_text()
    assert getattr(hookspecs, hook).__doc__
