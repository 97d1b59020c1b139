"""Strategy `highlander`: there can be only one.

Separate because each strategy is one file.
"""

from gennaker.plugins.deploy.strategies.strategy import Deployment, Json, Strategy


class Highlander(Strategy):
    """Destroy every other server group once the new one is up."""

    def after(self, deployment: Deployment) -> list[Json]:
        """See Strategy."""
        name = f"Destroy all but {deployment.deployed}"
        only = {"shrinkToSize": 1, "allowDeleteActive": True, "retainLargerOverNewer": False}
        return [deployment.on_cluster("shrinkCluster", name, **only)]
