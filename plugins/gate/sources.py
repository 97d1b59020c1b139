"""Sources of definitions that are followed, and what was found at the last look. Who follows them may be another process."""

from fastapi import Response

from gennaker.plugins.gate.access import Caller, Here, answer, empty, needs, routes

router = routes()


@router.get("/sources", tags=["sources"], **needs("read"))
def list_sources(here: Here) -> Response:
    """The newest report of each source that is followed: its state, version, problems, and what it leaves alone."""
    return answer(here.sources.reports())


@router.delete("/sources/{name}", tags=["sources"], **needs("admin"))
def forget_source(here: Here, caller: Caller, name: str) -> Response:
    """Show a source that nobody follows any more no longer; its pipelines stay."""
    here.sources.forget(name, user=caller.user)
    return empty()
