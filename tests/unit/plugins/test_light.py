"""A daemon starts light: bundled plugins load without the clients of what they talk to, each in a blink."""

import configparser
import json
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[3]
#: Processor time for the import of one plugin and for its hooks, in seconds.
BLINK = 0.05
PROGRAM = """
import importlib.abc, json, sys, time
from pathlib import Path

class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ImportError(f"{name} is blocked")
        return None

BLOCKED, home = set(json.loads(sys.argv[1])), Path(sys.argv[2])
sys.meta_path.insert(0, Blocked())
from gennaker.config import load as load_settings
from gennaker.core import main, testing
from gennaker.core.discovery import installed
from gennaker.core.plugins import Plugins
plugins = Plugins(load_settings(None, home=home, environ={}))
took = {}
for candidate in installed():
    begun = time.process_time()
    plugins.add(candidate)
    took[candidate.name] = time.process_time() - begun
print(json.dumps({"took": took, "broken": [list(one) for one in plugins.broken]}))
"""


def clients() -> set[str]:
    """The modules that extras install."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    extras = parser["options.extras_require"]
    lines = "\n".join(text for name, text in extras.items() if name not in ("all", "dev")).splitlines()
    wanted = {re.split(r"[^\w.-]", line.strip())[0].lower().replace("_", "-") for line in lines if line.strip()}
    return {
        module
        for module, distributions in packages_distributions().items()
        if {one.lower().replace("_", "-") for one in distributions} & wanted
    }


def test_every_bundled_plugin_loads_in_a_blink_without_any_client(tmp_path: Path) -> None:
    blocked = clients() | {"fastapi", "httpx", "uvicorn"}
    assert {"dulwich", "psycopg"} <= blocked
    command = [sys.executable, "-c", PROGRAM, json.dumps(sorted(blocked)), str(tmp_path)]
    slow: dict[str, float] = {}
    for _ in range(3):  # a first run compiles
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        assert answer["broken"] == []
        assert {path.parent.name for path in (ROOT / "plugins").glob("*/__init__.py")} <= set(answer["took"])
        slow = {name: seconds for name, seconds in answer["took"].items() if seconds > BLINK}
        if not slow:
            return
    raise AssertionError(slow)
