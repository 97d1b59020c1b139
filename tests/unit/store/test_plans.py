"""Lists stay quick when there are many executions: each question finds its index."""

import subprocess
import sys

import pytest

from gennaker.core.store.database import Database


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    opened = Database.open(f"sqlite:///{tmp_path_factory.mktemp('plans')}/gennaker.db", synchronous="NORMAL")
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("where", "index"),
    [
        ("shard = 0 AND active", "execution_active"),
        ("shard = 0 AND active AND due_at IS NOT NULL", "execution_active"),
        ("status IN ('RUNNING') AND active ORDER BY build_time DESC, id DESC LIMIT 9", "execution_active"),
        ("1 ORDER BY build_time DESC, id DESC LIMIT 9", "execution_by_time"),
        ("application = 'a' ORDER BY build_time DESC, id DESC LIMIT 9", "execution_of_application"),
        ("application = 'a' AND kind = 'x' ORDER BY build_time DESC, id DESC LIMIT 9", "execution_of_application"),
        ("pipeline_config_id = 'p' ORDER BY build_time DESC, id DESC LIMIT 9", "execution_of_config"),
        ("event_id = ? AND event_id <> '' ORDER BY build_time DESC", "execution_of_event"),
    ],
)
def test_a_question_about_executions_uses_its_index(database, where, index):
    values = ("x",) if "?" in where else ()
    with database.reading() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN SELECT id FROM execution WHERE {where}", values).all()
    assert index in str(plan), plan


@pytest.mark.parametrize(
    "where",
    [
        "kind = 'serverGroups' AND stale = 0 AND application = 'a'",
        "kind = 'serverGroups' AND stale = 0 AND account = 'p' AND application = 'a'",
        "kind = 'serverGroups' AND stale = 0 AND account = 'p' AND cluster = 'c' AND application = 'a'",
    ],
)
def test_the_server_groups_of_an_application_are_found_by_its_index(database, where):
    question = f"SELECT group_concat(body) FROM inventory_item WHERE {where}"
    with database.reading() as connection:
        plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {question}").all())
    assert "inventory_item_of_application" in plan


def test_a_later_start_loads_neither_alembic_nor_postgresql(tmp_path):
    url = f"sqlite:///{tmp_path}/gennaker.db"
    Database.open(url).close()
    code = (
        "import sys; from gennaker.core.store import definitions, executions; from gennaker.core.store.database import Database; "
        "Database.open(sys.argv[1]).close(); "
        "print([m for m in sys.modules if m.split('.')[0] in ('alembic', 'psycopg') or 'dialects.postgresql' in m])"
    )
    run = subprocess.run([sys.executable, "-c", code, url], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
