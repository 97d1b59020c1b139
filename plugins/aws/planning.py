"""What creating a server group would make, said before it happens.

Separate because it only reads, and says it to people.
"""

from gennaker.plugins.aws import groups, images
from gennaker.plugins.aws.creating import name_for, taken_names
from gennaker.plugins.aws.place import Place
from gennaker.plugins.aws.resolving import resolve
from gennaker.plugins.aws.wanted import Wanted


def planned(place: Place, wanted: Wanted) -> list[str]:
    """What creating would make, one sentence each; reads only. Raises CloudError and InvalidRequest."""
    resolved, taken = resolve(place, wanted), taken_names(groups.all_raw(place), wanted.cluster)
    name, sizes = name_for(wanted, taken), wanted.capacity
    assert sizes is not None
    where = f"{place.account.name}/{place.region}"
    image = images.resolve(place, resolved.image)
    in_ = f"subnets {', '.join(resolved.subnets)}" if resolved.subnets else f"zones {', '.join(resolved.zones)}"
    said = [
        f"create launch template {name}-… in {where}: {wanted.instance_type} of image {image.name} ({image.id})",
        f"create server group {name} in {where}: {sizes.desired} instances (at least {sizes.min}, at most {sizes.max}) in {in_}",
    ]
    for kind, names in (("target group", wanted.target_groups), ("load balancer", wanted.load_balancers)):
        said += [f"register its instances with {kind} {one}" for one in names]
    if stopped := wanted.stopped:
        said.append(f"suspend {', '.join(stopped)} of {name}")
    if wanted.source.name and wanted.copy_source_scaling_policies_and_actions:
        said.append(f"copy scaling policies and scheduled actions of {wanted.source.name} to {name}")
    return said
