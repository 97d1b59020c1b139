"""From samples to figures with their limits, peers and goals.

Separate because the goals are written down here, and nowhere else in code. Source: the goals of the project, each against its limit or peer in the same run.
"""

from collections.abc import Sequence

import evaluations
from deployments import STRATEGIES
from pipelines import SHAPES
from report import Line, Samples, at_least, at_most
from settings import Setting

_CHAIN = next(iter(SHAPES))
_MIB = 1024 * 1024


def lines(found: Samples, settings: Sequence[Setting]) -> list[Line]:
    """Every figure that was measured."""
    out: list[Line] = []
    for setting in settings:
        for shape in SHAPES:
            if f"{setting.name}/{shape}/rate" in found:
                out += _shape(found, setting, shape)
        out += _cpu(found, setting)
        out += _wider(found, setting)
    return [*out, *_evaluations(found), *_inventory(found), *_deployments(found), *_daemon(found), *_bare(found)]


def _shape(found: Samples, setting: Setting, shape: str) -> list[Line]:
    name = f"{setting.name}/{shape}"
    limit, peer = _limit(found, setting), _peer(found, setting)
    rate = Line(
        setting=setting.name,
        figure=f"{shape}, in flight",
        value=found[f"{name}/rate"],
        unit="steps/s",
        limit=limit,
        peer=peer,
        goals=_rate_goals(found, setting) if shape == _CHAIN else (),
    )
    spans = f"{name}/spans"
    out = [
        rate,
        Line(setting=setting.name, figure="  a stage from start to end, p50", value=1000 * found[spans], unit="ms"),
        Line(
            setting=setting.name, figure="  a stage from start to end, p99", value=1000 * found.high(spans), unit="ms"
        ),
        Line(setting=setting.name, figure="  accepted, 8 at a time", value=found[f"{name}/accepted"], unit="/s"),
    ]
    alone = f"{name}/alone"
    if alone in found:
        celery = found.get("Celery/alone")
        out += [
            Line(
                setting=setting.name,
                figure=f"{shape}, alone, per stage p50",
                value=1000 * found[alone],
                unit="ms",
                limit=_alone_limit(found, setting),
                peer=("Celery", 1000 * celery) if celery else None,
                goals=_alone_goals(found, setting) if shape == _CHAIN else (),
            ),
            Line(
                setting=setting.name, figure=f"{shape}, alone, per stage p99", value=1000 * found.high(alone), unit="ms"
            ),
        ]
    return out


def _limit(found: Samples, setting: Setting) -> tuple[str, float] | None:
    if setting.postgres:
        rows = found.get("PostgreSQL/everything")
        return ("same rows", rows) if rows else None
    rows = found.get(f"SQLite {setting.synchronous}/everything")
    return ("same rows", rows) if rows else None


def _peer(found: Samples, setting: Setting) -> tuple[str, float] | None:
    name = "Dramatiq" if setting.broker else "Celery"
    rate = found.get(f"{name}/rate")
    return (name, rate) if rate else None


def _rate_goals(found: Samples, setting: Setting) -> tuple:  # type: ignore[type-arg]
    celery, dramatiq = found.get("Celery/rate"), found.get("Dramatiq/rate")
    if setting.engines > 1:
        return ()
    if setting.broker:
        if not setting.postgres:
            return ()
        return at_least("≥ 20 × Celery", celery, 20) + at_least("≥ 6 × Dramatiq", dramatiq, 6)
    append = found.get(f"SQLite {setting.synchronous}/append")
    if setting.synchronous == "NORMAL":
        return at_least("≥ 50 × Celery", celery, 50) + at_least("≥ 40 % of raw append", append, 0.4)
    return at_least("≥ 55 % of raw append", append, 0.55)


def _alone_limit(found: Samples, setting: Setting) -> tuple[str, float] | None:
    commit, hop = _commit(found, setting), found.get("hop")
    trip = found.get("RabbitMQ/round trip") if setting.broker else hop
    if commit is None or trip is None:
        return None
    return ("commit + trip" if setting.broker else "commit + hop", 1000 * (commit + trip))


def _commit(found: Samples, setting: Setting) -> float | None:
    return found.get("PostgreSQL/one" if setting.postgres else f"SQLite {setting.synchronous}/one")


def _alone_goals(found: Samples, setting: Setting) -> tuple:  # type: ignore[type-arg]
    limit, celery = _alone_limit(found, setting), found.get("Celery/alone")
    if limit is None:
        return ()
    if setting.broker:
        return at_most("≤ 1.3 × (round trip + commit)", limit[1], 1.3)
    commit, hop = _commit(found, setting) or 0.0, found.get("hop") or 0.0
    if setting.synchronous == "FULL":
        return at_most("≤ 1.5 × commit + hop", 1000 * (1.5 * commit + hop))
    return at_most("≤ 2.5 × commit + hop", 1000 * (2.5 * commit + hop)) + at_most(
        "≤ 1/20 of Celery", 1000 * celery if celery else None, 1 / 20
    )


def _cpu(found: Samples, setting: Setting) -> list[Line]:
    name = f"{setting.name}/{_CHAIN}/cpu"
    if name not in found:
        return []
    cal = found["cal"]
    most, text = (6.0, "≤ 6 cal") if setting.broker else (1.5, "≤ 1.5 cal")
    peer = found.get("Celery/cpu")
    figure = "CPU a step, with broker and database" if setting.broker else "CPU a step"
    return [
        Line(
            setting=setting.name,
            figure=figure,
            value=1e6 * found[name],
            unit="µs",
            limit=("cal", 1e6 * cal),
            peer=("Celery's worker", 1e6 * peer) if peer else None,
            goals=at_most(text, 1e6 * cal, most),
        )
    ]


def _wider(found: Samples, setting: Setting) -> list[Line]:
    from pipelines import EVALUATED, WIDER

    return [
        Line(
            setting=setting.name,
            figure=f"{shape}, in flight",
            value=found[f"{setting.name}/{shape}/rate"],
            unit="steps/s",
            limit=("small chain", found[f"{setting.name}/{_CHAIN}/rate"]),
            goals=at_least(f"≥ {share} of the small chain", found[f"{setting.name}/{_CHAIN}/rate"], least),
        )
        for shape, least, share in [
            *((each, 0.6, "60 %") for each in WIDER),
            *((each, 0.8, "80 %") for each in EVALUATED),
        ]
        if f"{setting.name}/{shape}/rate" in found
    ]


def _evaluations(found: Samples) -> list[Line]:
    cal = found["cal"]
    return [
        Line(
            setting="expressions",
            figure=f"{name}, parse kept",
            value=1e6 * found[f"evaluation/{name}"],
            unit="µs",
            limit=("cal", 1e6 * cal),
            goals=at_most("≤ 0.3 cal", 1e6 * cal, 0.3) if name in ("a look-up", "a comparison") else (),
        )
        for name in evaluations.TEXTS
        if f"evaluation/{name}" in found
    ]


def _inventory(found: Samples) -> list[Line]:
    if "inventory/list" not in found:
        return []
    name = "inventory"
    out = [
        Line(
            setting=name,
            figure="one application of a hundred listed while all are refreshed, p95",
            value=1000 * found.high("inventory/list", 0.95),
            unit="ms",
            goals=at_most("< 100 ms", 100.0),
        ),
        Line(setting=name, figure="the same, p50", value=1000 * found["inventory/list"], unit="ms"),
        Line(
            setting=name, figure="all of it seen and written, the first time", value=found["inventory/first"], unit="s"
        ),
    ]
    if "inventory/look" in found:
        figure = "the same again, one in twenty changed"
        out.append(Line(setting=name, figure=figure, value=found["inventory/look"], unit="s"))
    return out


def _deployments(found: Samples) -> list[Line]:
    out = []
    for strategy in STRATEGIES:
        name = f"deployments/{strategy}"
        if f"{name}/whole" in found:
            cloud = ("the cloud", found[f"{name}/cloud"])
            out += [
                Line(setting="deployments", figure=strategy, value=found[f"{name}/whole"], unit="s", limit=cloud),
                Line(
                    setting="deployments",
                    figure="  the same, the cloud at once",
                    value=1000 * found[f"{name}/bare"],
                    unit="ms",
                ),
            ]
    return out


def _daemon(found: Samples) -> list[Line]:
    if "daemon/seconds" not in found:
        return []
    imports = found["imports"]
    name = "gennaker up"
    return [
        Line(
            setting=name,
            figure="start to /health UP",
            value=found["daemon/seconds"],
            unit="s",
            limit=("bare import", imports),
            goals=at_most("≤ 1.2 × bare import", imports, 1.2),
        ),
        Line(setting=name, figure="the same with a new database", value=found["daemon/first"], unit="s"),
        Line(
            setting=name,
            figure="resident memory, idle",
            value=found["daemon/resident"] / _MIB,
            unit="MB",
            goals=at_most("< 120 MB", 120.0),
        ),
        Line(
            setting=name,
            figure="CPU of a core, idle",
            value=100 * found["daemon/cpu"],
            unit="%",
            goals=at_most("< 1 %", 1.0),
        ),
    ]


#: What limits and peers reach by themselves: name of the sample, where it stands, figure, unit, factor.
_BARE = (
    ("SQLite NORMAL/append", "limits", "SQLite NORMAL, the log alone, 64 a commit", "rows/s", 1.0),
    ("SQLite FULL/append", "limits", "SQLite FULL, the log alone, 64 a commit", "rows/s", 1.0),
    ("SQLite NORMAL/one", "limits", "SQLite NORMAL, a commit of one message", "ms", 1000.0),
    ("SQLite FULL/one", "limits", "SQLite FULL, a commit of one message", "ms", 1000.0),
    ("PostgreSQL/one", "limits", "PostgreSQL, a commit of one message", "ms", 1000.0),
    ("hop", "limits", "from one thread to another", "µs", 1e6),
    ("RabbitMQ/round trip", "limits", "RabbitMQ, two confirmed messages there and back", "ms", 1000.0),
    ("RabbitMQ/messages", "limits", "RabbitMQ, one quorum queue, a window of confirms", "messages/s", 1.0),
    ("Celery/rate", "peers", "Celery, chain of 10, in flight", "steps/s", 1.0),
    ("Celery/alone", "peers", "Celery, chain of 10, alone, per step", "ms", 1000.0),
    ("Dramatiq/rate", "peers", "Dramatiq, pipeline of 10, in flight", "steps/s", 1.0),
    ("Dramatiq/alone", "peers", "Dramatiq, pipeline of 10, alone, per step", "ms", 1000.0),
)


def _bare(found: Samples) -> list[Line]:
    return [
        Line(setting=setting, figure=figure, value=factor * found[name], unit=unit)
        for name, setting, figure, unit, factor in _BARE
        if name in found
    ]
