"""Strategy `custom`: a pipeline that people keep as a strategy does the whole deployment.

Separate because each strategy is one file. Source: reference engine §9.5.
"""

from gennaker.core.errors import InvalidRequest
from gennaker.plugins.deploy.strategies.strategy import Deployment, Json, Strategy


class Custom(Strategy):
    """Run the strategy's pipeline with the place of the deployment as its parameters; its own stages deploy."""

    replaces = True

    def after(self, deployment: Deployment) -> list[Json]:
        """See Strategy. Raises InvalidRequest when no pipeline was chosen."""
        chosen = deployment.context.get("strategyPipeline")
        if not chosen:
            raise InvalidRequest("no strategy was chosen; expected the id of its pipeline", "strategyPipeline")
        own = deployment.context.get("pipelineParameters")
        parameters = {
            "application": deployment.application,
            "credentials": deployment.account,
            "cluster": deployment.cluster,
            "moniker": deployment.context.get("moniker") or {"cluster": deployment.cluster},
            "region": deployment.region,
            "cloudProvider": deployment.provider,
            "strategy": True,
            "clone": deployment.context.get("type") == "cloneServerGroup",
            "parentPipelineId": deployment.execution,
            "parentStageId": deployment.stage,
            **(own if isinstance(own, dict) else {}),
        }
        return [
            {
                "type": "pipeline",
                "name": "Run the strategy",
                "pipelineApplication": deployment.context.get("strategyApplication") or deployment.application,
                "pipelineId": chosen,
                "pipelineParameters": parameters,
            }
        ]
