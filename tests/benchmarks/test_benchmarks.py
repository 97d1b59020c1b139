"""The benchmark itself works: a tiny run gives a report of the shape that people and scripts read. Nothing is timed."""

import json
import subprocess
import sys
from pathlib import Path

RUN = Path(__file__).parent / "run.py"


def test_a_small_run_reports_every_figure_with_its_limit_and_goals(tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    done = subprocess.run(
        [sys.executable, str(RUN), "--small", "--json", str(target)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(target.read_text())
    lines = {(line["setting"], line["figure"]): line for line in report["lines"]}
    for setting in ("embedded, NORMAL", "embedded, FULL"):
        rate = lines[setting, "chain of 10, in flight"]
        assert rate["value"] > 0
        assert rate["unit"] == "steps/s"
        assert rate["limit"][0] == "same rows"
        assert rate["goals"]
        assert lines[setting, "fan-out of 10, alone, per stage p50"]["value"] > 0
        assert lines[setting, "CPU a step"]["goals"]
    assert lines["expressions", "a look-up, parse kept"]["goals"]
    assert lines["inventory", "one application of a hundred listed while all are refreshed, p95"]["goals"]
    assert lines["deployments", "red/black"]["limit"][0] == "the cloud"
    assert lines["gennaker up", "start to /health UP"]["limit"][0] == "bare import"
    assert lines["gennaker up", "resident memory, idle"]["value"] > 0
    assert report["rounds"] == 1
    assert report["cores"] > 0
    assert report["cal"][0] > 0
    assert "embedded, FULL" in done.stdout
