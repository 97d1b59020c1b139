"""One engine for a SQLite file, whatever became of the last one."""

import subprocess
import sys

import pytest

from gennaker.core.errors import InvalidRequest, NotFound, Refused
from gennaker.core.store import shards
from gennaker.core.store.database import Database

HOLD = """
import sys
from gennaker.core.store.database import Database
database = Database.open(sys.argv[1])
database.hold()
print("held", flush=True)
sys.stdin.read()
"""


def test_rule_01_a_second_engine_is_refused_until_the_first_is_dead(tmp_path):
    url = f"sqlite:///{tmp_path}/gennaker.db"
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout.readline() == "held\n"
    database = Database.open(url)
    with pytest.raises(Refused, match=f"process {other.pid} is the engine"):
        database.hold()
    other.kill()
    other.communicate()
    assert database.hold() is True
    assert database.hold() is True
    database.transact(lambda c: shards.claim(c, 0, "dead", 0, 10_000))
    assert database.transact(lambda c: shards.claim(c, 0, "alive", 1, 10_000, steal=True)).owner == "alive"
    database.close()
    again = Database.open(url)
    assert again.hold() is True
    again.close()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite://", "keeps nothing"),
        ("sqlite:///:memory:", "keeps nothing"),
        ("mysql://x/y", "not supported"),
        ("nonsense", "no database URL"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused(url, says):
    with pytest.raises(InvalidRequest, match=says) as caught:
        Database.open(url)
    assert caught.value.where == "database.url"


def test_a_database_that_is_only_looked_at_is_not_created(tmp_path):
    with pytest.raises(NotFound, match="there is no database"):
        Database.open(f"sqlite:///{tmp_path}/gennaker.db", migrate=False)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "gennaker.db").touch()
    with pytest.raises(Refused, match="database upgrade"):
        Database.open(f"sqlite:///{tmp_path}/gennaker.db", migrate=False)


def test_the_file_is_for_its_owner_only(tmp_path):
    Database.open(f"sqlite:///{tmp_path}/sub/gennaker.db").close()
    assert (tmp_path / "sub" / "gennaker.db").stat().st_mode & 0o777 == 0o600


def test_how_safe_a_commit_is_must_be_known(tmp_path):
    with pytest.raises(InvalidRequest, match="FULL or NORMAL"):
        Database.open(f"sqlite:///{tmp_path}/gennaker.db", synchronous="OFF")
