"""A plugin whose call takes long, for one process and for several."""

import msgspec

PLUGIN = '''
import threading
from gennaker.core.hookspecs import hookimpl
from gennaker.core.stage import Stage, task

calls = []

class Long(Stage, type="long"):
    """Works until it is told to end."""

    @task(answer_by=0.6)
    def work(self, run):
        calls.append(run.again)
        run.progress(["begun", "the key is quite-a-secret"])
        if run.context.get("silent") and len(calls) == 1:
            threading.Event().wait(2)
        for _ in range(run.context.get("beats", 100)):
            if run.stop.wait(0.05):
                return run.running(again_in=0.1) if run.context.get("resumes") else run.failed("ended early")
            run.progress()
        return run.succeeded(outputs={"calls": list(calls)})


@hookimpl
def gennaker_stages():
    return [Long]
'''


def told(runtime, id_):
    happened = runtime.services.live.of_execution(id_)
    return [
        line
        for one in happened
        if one.type == "task.progressed"
        for line in msgspec.json.decode(one.data).get("lines", ())
    ]


def pipeline(**context):
    return {"application": "app", "name": "p", "stages": [{"type": "long", "refId": "1", **context}]}
