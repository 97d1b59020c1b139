"""What a process that is only a daemon asks of the interpreter."""

import subprocess
import sys

PROGRAM = """
import gc
from gennaker.core.runtime.collector import tune
before = gc.get_threshold()[0]
tune()
assert gc.isenabled()
assert gc.get_freeze_count() > 0
assert gc.get_threshold()[0] > before
"""


def test_the_collector_still_runs_but_less_often_and_leaves_modules_alone() -> None:
    subprocess.run([sys.executable, "-c", PROGRAM], check=True)
