"""The log of a build: nothing secret, nothing without end, and silence is told of."""

import base64

import pytest

from gennaker.plugins.bakery import log as module
from gennaker.plugins.bakery.log import Log
from gennaker.plugins.bakery.output import Output

SECRET = "s3cr3t-p4ssphrase,with=all"


def told(lines, secrets=(SECRET,)):
    found = []
    output = Output()
    with Log(found.extend, secrets) as log:
        for line in lines:
            log.add(*output.take(line))
    return found


@pytest.mark.parametrize(
    "line",
    [
        f"1,,ui,message,key {SECRET} end",
        f"1,,ui,message,key {SECRET.replace(',', '%!(PACKER_COMMA)')} end",
        "1,,ui,message,key s3cr3t\x1b[0m-p4ss\x1b[31mphrase%!(PACKER_COMMA)with=all end",
        f"1,,ui,error,{base64.b64encode(SECRET.encode()).decode()}",
        f"1,,ui,message,{base64.b64encode(b'xy' + SECRET.encode() + b'z').decode()}",
        "1,,ui,message,https://u:s3cr3t-p4ssphrase%2Cwith%3Dall@host/",
        f"1,x,error,bad {SECRET}",
        f"no machine {SECRET}",
        "1,,ui,message,password=hunter2-hunter2",
        "1,,ui,message,AKIAABCDEFGHIJKLMNOP",
    ],
)
def test_secrets_do_not_come_into_the_log(line):
    shown = " ".join(told([line]))
    for part in ("s3cr3t", "p4ssphrase", "hunter2", "AKIAABCD"):
        assert part not in shown
    assert base64.b64encode(SECRET.encode()).decode()[:12] not in shown
    assert "***" in shown


def test_a_secret_of_several_lines_is_hidden_line_by_line():
    key = "first-half-of-it\nsecond-half-of-it"
    assert told(["1,,ui,message,first-half-of-it\\nsecond-half-of-it"], [key]) == ["***", "***"]


def test_a_log_without_end_keeps_its_begin_and_its_end():
    found = told([f"line {number}" for number in range(5_000)])
    assert found[:2] == ["line 0", "line 1"]
    assert found[-1] == "line 4999"
    assert len(found) == module.MOST_LINES + module.LAST_LINES + 1
    assert f"… {5_000 - module.MOST_LINES - module.LAST_LINES} lines were left out …" in found


def test_a_long_line_is_cut():
    found = told(["x" * 100_000])
    assert len(found[0]) == module.LONGEST + 1


def test_a_silent_build_is_alive(monkeypatch):
    monkeypatch.setattr(module, "_EVERY_S", 0.01)
    monkeypatch.setattr(module, "_ALIVE_S", 0.03)
    beats = []
    with Log(beats.append):
        while len(beats) < 3:
            pass
    assert beats[0] == ()
