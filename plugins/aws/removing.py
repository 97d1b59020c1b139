"""Removes server groups with what was made for them alone: policies, alarms, instances, launch templates.

Separate because it must get to the end from wherever an earlier call stopped.
"""

from gennaker.core.cloud.model import ServerGroup
from gennaker.plugins.aws import groups, policies, templates
from gennaker.plugins.aws.marks import GROUP_TAG, tag_map
from gennaker.plugins.aws.place import Json, Place
from gennaker.plugins.aws.sizing import end

_GONE = ("ValidationError: AutoScalingGroup name not found", "ValidationError: Group", "ResourceNotFound")


def destroy(place: Place, group: ServerGroup) -> None:
    """Remove a group; one that is gone is cleared up after."""
    name = group.name
    raw = groups.raw(place, name)
    members = [one.id for one in group.instances]
    if raw is not None:
        members += [one["InstanceId"] for one in raw.get("Instances", ())]
        policies.drop_alarms(place, name, policies.of(place, name))
        if not groups.leaving(raw):
            place.attempt(
                "autoscaling",
                "delete_auto_scaling_group",
                f"server group {name}",
                _GONE,
                AutoScalingGroupName=name,
                ForceDelete=True,
            )
    end(place, members)
    template = (templates.template_of(raw) if raw else None) or group.extra.get("launchTemplate") or {}
    id_ = template.get("LaunchTemplateId") or template.get("launchTemplateId")
    if id_:
        _template(place, name, str(id_))
    elif raw is None:
        for left in templates.made_for(place, name):
            _template(place, name, left["LaunchTemplateId"])
    configuration = (raw or {}).get("LaunchConfigurationName")
    if configuration and str(configuration).startswith(f"{name}-"):
        place.attempt(
            "autoscaling",
            "delete_launch_configuration",
            f"launch configuration {configuration}",
            ["ResourceInUse", "ValidationError"],
            LaunchConfigurationName=configuration,
        )


def _template(place: Place, name: str, id_: str) -> None:
    """Remove a group's launch template if it was made for this group, and no other one uses it."""
    answer = place.attempt(
        "ec2", "describe_launch_templates", f"launch template {id_}", ["InvalidLaunchTemplate"], LaunchTemplateIds=[id_]
    )
    found = next(iter((answer or {}).get("LaunchTemplates", ())), None)
    if found is None:
        return
    title = str(found["LaunchTemplateName"])
    made_for = tag_map(found.get("Tags")).get(GROUP_TAG)
    if (made_for == name or title.startswith(f"{name}-")) and not _used(place, name, id_):
        templates.remove(place, id_, title)


def _used(place: Place, name: str, id_: str) -> bool:
    return any(
        one["AutoScalingGroupName"] != name and _names(one, id_) and not groups.leaving(one)
        for one in groups.all_raw(place)
    )


def _names(group: Json, id_: str) -> bool:
    template = templates.template_of(group)
    return template is not None and template.get("LaunchTemplateId") == id_
