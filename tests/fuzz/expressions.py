"""Feed the evaluator texts that atheris makes from the tables of the unit tests; run by `make fuzz`, not by `make test`.

What may not happen: an exception that is no failure, a fault of ours, a value that is no JSON, a column outside the text, data that is
read as text of the pipeline, or more than a second.
"""

import json
import sys
import time
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["gennaker.core.expressions"]):
    from gennaker.core.expressions import check, condition, evaluate
    from gennaker.core.expressions.errors import FAULT
    from gennaker.core.expressions.evaluate import Evaluation
    from gennaker.core.expressions.functions import STANDARD
    from gennaker.core.expressions.scope import Scope

CORPUS = Path(__file__).parents[1] / "unit" / "expressions" / "corpus"
CONTEXT = json.loads((CORPUS / "context.json").read_text())
#: Processor seconds. With the instrumentation everything takes several times as long.
LONGEST = 5.0


def judge(done: Evaluation, text: str) -> None:
    """Raise AssertionError for what may not happen."""
    json.dumps(done.value, allow_nan=False)
    for failure in done.failures:
        assert failure.kind != FAULT, f"{text!r}: {failure.reason}"
        assert failure.column is None or 1 <= failure.column <= len(text) + 2, f"{text!r}: column {failure.column}"


def one_input(data: bytes) -> None:
    """One run: a text as an expression, as a template and as a condition; and as data."""
    text = data.decode("utf-8", "replace")
    strict = data[:1] > b"m"
    if (took := tried(text, strict)) >= LONGEST:
        took = tried(text, strict)  # the collector of garbage may have had its day; what is slow is slow again
    assert took < LONGEST, f"{text!r} took {took:.1f} s"
    plain = Scope({"x": text})
    assert evaluate("${x}", plain).value == text.encode("utf-8", "replace").decode()


def tried(text: str, strict: bool) -> float:
    """Read and evaluate a text in every way; the processor seconds that took."""
    began = time.process_time()
    judge(evaluate(f"${{{text}}}", Scope(CONTEXT, functions=STANDARD, strict=strict)), f"${{{text}}}")
    judge(evaluate(text, Scope(CONTEXT, functions=STANDARD)), text)
    judge(condition(text, Scope(CONTEXT, functions=STANDARD)), text)
    for problem in check(text):
        assert 1 <= problem.column <= len(text) + 2, f"{text!r}: column {problem.column}"
    return time.process_time() - began


def seeds(folder: Path) -> None:
    """The rows of the tables as files, each a beginning."""
    for name in ("language", "templates", "conditions", "attacks"):
        for number, row in enumerate(json.loads((CORPUS / f"{name}.json").read_text())):
            if len(row[0]) < 500:
                (folder / f"{name}-{number}").write_text(row[0], errors="replace")


def main() -> None:
    """Run until the time is over; everything behind the folder of the corpus goes to the fuzzer."""
    if len(sys.argv) < 2:
        raise SystemExit("usage: expressions.py FOLDER [-max_total_time=SECONDS …]")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    seeds(folder)
    atheris.Setup([sys.argv[0], str(folder), *sys.argv[2:]], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
