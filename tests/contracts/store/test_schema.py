"""How a database comes to look as it does, and what is done when it goes away."""

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from click.testing import CliRunner
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gennaker.core.cli.database import database as command
from gennaker.core.errors import Refused, Unavailable
from gennaker.core.store import engines, migrations, schema, shards
from gennaker.core.store.database import Database, shards_of
from gennaker.core.store.engines import Process
from gennaker.core.store.statement import Sql
from gennaker.core.store.tables import metadata


@pytest.fixture
def database(database_url):
    """A database whose schema the test may change."""
    opened = Database.open(database_url, synchronous="NORMAL", shards=2)
    yield opened
    opened.close()


VERSIONS = Path(schema.__file__).parent / "migrations" / "versions"


def test_the_migrations_make_the_tables(database):
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_start_knows_the_newest_additive_revision():
    script = ScriptDirectory(str(VERSIONS.parent), version_locations=[str(VERSIONS)])
    assert script.get_revision("expand@head").revision == migrations.EXPANDED


def test_a_second_start_changes_nothing_and_the_number_of_shards_is_fixed(database_url):
    for wanted in (3, 5):
        opened = Database.open(database_url, shards=wanted)
        expected = 3 if opened.dialect == "postgresql" else 1
        assert opened.shards == expected
        assert opened.transact(shards_of) == expected
        with opened.reading() as connection:
            assert [each.id for each in shards.read(connection)] == list(range(expected))
            assert shards_of(connection) == expected
            assert schema.pending(connection) == ()
        opened.ping()
        opened.close()


OPEN = "import sys; from gennaker.core.store.database import Database; d = Database.open(sys.argv[1]); print(d.shards); d.close()"


def test_rule_22_two_processes_that_start_at_once_migrate_once(database_url):
    started = [
        subprocess.Popen([sys.executable, "-c", OPEN, database_url], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=60)[0].strip() for process in started]
    assert [process.returncode for process in started] == [0, 0]
    assert len(set(answers)) == 1


CONTRACT = """
from alembic import op
revision = "c001"
down_revision = None
branch_labels = ("contract",)
depends_on = "0001"


def upgrade() -> None:
    op.drop_column("tombstone", "status")
"""


def test_rule_22_old_things_go_only_when_no_other_release_runs(database, tmp_path):
    versions = tmp_path / "versions"
    shutil.copytree(VERSIONS, versions)
    (versions / "c001_later.py").write_text(CONTRACT)

    def finish(now):
        return database.transact(lambda c: schema.finish(c, version="2.0", now=now, versions=versions))

    with database.reading() as connection:
        assert schema.pending(connection, versions=versions) == ("c001",)
        assert schema.upgrade(connection, versions=versions) == ("0001", "0002", "0003")
        assert schema.expanded(connection)
    old = Process(id="p", host="h", pid=1, version="1.9", roles=(), started=0, seen=1_000)
    database.transact(lambda c: engines.beat(c, old))
    with pytest.raises(Refused, match=r"p on h \(1\.9\)"):
        finish(now=30_000)
    assert set(finish(now=100_000)) >= {"c001"}
    with database.reading() as connection:
        assert schema.pending(connection, versions=versions) == ()
        assert schema.revisions(connection) == ("0001", "0002", "0003", "c001")
        with pytest.raises(Refused, match="finished its upgrade"):
            schema.expanded(connection)
        with pytest.raises(DBAPIError):
            connection.execute(text("SELECT status FROM tombstone"))


EXPANSION = """
from alembic import op
import sqlalchemy as sa
revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("execution", sa.Column("more", sa.String()))
"""


def test_rule_22_this_release_starts_beside_a_later_one_that_has_expanded(
    database, database_url, tmp_path, monkeypatch
):
    versions = tmp_path / "versions"
    shutil.copytree(VERSIONS, versions)
    (versions / "m0004_later.py").write_text(EXPANSION)
    with monkeypatch.context() as later:
        later.setattr(schema, "EXPANDED", "0004")
        assert database.transact(lambda c: schema.upgrade(c, versions=versions)) == ("0001", "0002", "0003", "0004")
    Database.open(database_url).close()


def test_the_command_upgrades_shows_and_prunes(database_url, tmp_path):
    environ = {"GENNAKER_HOME": str(tmp_path), "GENNAKER_DATABASE__URL": database_url}

    def run(*arguments):
        return CliRunner().invoke(command, arguments, env=environ)

    assert run("upgrade", "--finish").output == "The database is at revision 0001, 0002, 0003.\n"
    shown = run("status", "-o", "json")
    assert shown.exit_code == 0
    assert '"executions": 0' in shown.output
    assert run("prune", "--older-than", "3").output == "Removed 0 executions that ended more than 3 days ago.\n"
    assert "keep_days" in str(run("prune").exception)


@pytest.fixture
def on_postgresql(postgres_url):
    opened = Database.open(postgres_url, shards=2, pool=3)
    yield opened
    opened.close()


PUT = Sql("INSERT INTO setting (name, value) VALUES (?, ?)")
END_OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def end_connections(url):
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute(END_OTHERS)


def test_a_connection_that_was_lost_in_between_is_replaced(on_postgresql, postgres_url):
    on_postgresql.transact(lambda c: PUT(c, "a", "1"))
    end_connections(postgres_url)
    on_postgresql.transact(lambda c: PUT(c, "b", "2"))
    on_postgresql.ping()


def test_a_connection_that_is_lost_at_the_commit_is_an_unknown_outcome(on_postgresql, postgres_url):
    def work(connection):
        PUT(connection, "a", "1")
        end_connections(postgres_url)

    with pytest.raises(Unavailable, match="whether the last commit took place is not known"):
        on_postgresql.transact(work)
    on_postgresql.transact(lambda c: PUT(c, "a", "1"))


def test_a_deadlock_is_run_again(on_postgresql):
    meet, runs = threading.Barrier(2), []

    def cross(first, second):
        def work(connection):
            runs.append(first)
            Sql("UPDATE shard SET lease_until = 1 WHERE id = ?")(connection, first)
            if len(runs) <= 2:
                meet.wait(5)
            Sql("UPDATE shard SET lease_until = 1 WHERE id = ?")(connection, second)

        on_postgresql.transact(work)

    threads = [threading.Thread(target=cross, args=pair) for pair in ((0, 1), (1, 0))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(runs) == 3


def test_a_server_that_is_not_there_is_unavailable():
    with pytest.raises(Unavailable, match="cannot be used now"):
        Database.open("postgresql://postgres@127.0.0.1:1/none")
