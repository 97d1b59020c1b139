"""Deployments, once for all clouds: server groups and their strategies, clusters, rollback, images, load balancers, firewalls."""

from collections.abc import Sequence

from gennaker.core.cloud.stage import CloudStage
from gennaker.core.hookspecs import hookimpl
from gennaker.core.stage import Stage
from gennaker.plugins.deploy.check_cluster_size import CheckClusterSize
from gennaker.plugins.deploy.clone import CloneServerGroup
from gennaker.plugins.deploy.create import CreateServerGroup
from gennaker.plugins.deploy.deploy import Deploy
from gennaker.plugins.deploy.destroy import DestroyServerGroup
from gennaker.plugins.deploy.disable import DisableServerGroup
from gennaker.plugins.deploy.disable_cluster import DisableCluster
from gennaker.plugins.deploy.enable import EnableServerGroup
from gennaker.plugins.deploy.find_image import FindImage, FindImageFromTags
from gennaker.plugins.deploy.firewalls import DeleteSecurityGroup, UpsertSecurityGroup
from gennaker.plugins.deploy.load_balancers import DeleteLoadBalancer, UpsertLoadBalancer, UpsertLoadBalancers
from gennaker.plugins.deploy.monitoring import EvaluateDeploymentHealth, NotifyDeployCompleted, NotifyDeployStarting
from gennaker.plugins.deploy.resize import PinServerGroup, ResizeServerGroup
from gennaker.plugins.deploy.rollback import RollbackServerGroup
from gennaker.plugins.deploy.rollback_cluster import RollbackCluster
from gennaker.plugins.deploy.scale_down_cluster import ScaleDownCluster
from gennaker.plugins.deploy.scaling_policy import DeleteScalingPolicy, UpsertScalingPolicy
from gennaker.plugins.deploy.settings import Settings
from gennaker.plugins.deploy.shrink_cluster import ShrinkCluster
from gennaker.plugins.deploy.source_capacity import ApplySourceServerGroupCapacity, CaptureSourceServerGroupCapacity
from gennaker.plugins.deploy.tag_image import TagImage, UpsertImageTags
from gennaker.plugins.deploy.terminate import TerminateAndDecrement, TerminateInstances


@hookimpl
def gennaker_settings() -> type[Settings]:
    """The section `plugins.deploy` of the configuration."""
    return Settings


@hookimpl
def gennaker_stages() -> Sequence[type[Stage]]:
    """The stage types that belong to no cloud."""
    return [Deploy]


@hookimpl
def gennaker_cloud_stages() -> Sequence[type[CloudStage]]:
    """The stage types that each cloud gets."""
    return [
        CreateServerGroup,
        ResizeServerGroup,
        PinServerGroup,
        EnableServerGroup,
        DisableServerGroup,
        DestroyServerGroup,
        ShrinkCluster,
        DisableCluster,
        ScaleDownCluster,
        CloneServerGroup,
        FindImage,
        FindImageFromTags,
        UpsertImageTags,
        TagImage,
        RollbackServerGroup,
        RollbackCluster,
        CaptureSourceServerGroupCapacity,
        ApplySourceServerGroupCapacity,
        TerminateInstances,
        TerminateAndDecrement,
        UpsertLoadBalancer,
        UpsertLoadBalancers,
        DeleteLoadBalancer,
        UpsertSecurityGroup,
        DeleteSecurityGroup,
        NotifyDeployStarting,
        EvaluateDeploymentHealth,
        NotifyDeployCompleted,
        UpsertScalingPolicy,
        DeleteScalingPolicy,
        CheckClusterSize,
    ]
