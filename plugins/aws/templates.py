"""Launch templates and configurations: what instances are made from.

Separate because groups only name them. A version of a template never changes, so it is read once.
"""

import time
from collections import OrderedDict
from collections.abc import Iterable

from gennaker.core.cloud.provider import KEY_TAG
from gennaker.plugins.aws.marks import CLUSTER_TAG, GROUP_TAG, chunks, millis, tag_map
from gennaker.plugins.aws.place import Json, Place

_MOST_KEPT = 20_000
#: A template of this age, in seconds, is nobody's who is still creating a group.
YOUNG_S = 3600.0
_GONE = ("InvalidLaunchTemplate", "ValidationError")


class Blueprints:
    """Data of launch templates and configurations, by what names them; what cannot change is kept."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, ...], Json] = OrderedDict()

    def of(self, place: Place, groups: Iterable[Json]) -> dict[str, Json]:
        """What instances are made from, in the words of launch templates, by group name."""
        found: dict[str, Json] = {}
        old: dict[str, list[str]] = {}
        for group in groups:
            name = group["AutoScalingGroupName"]
            if template := template_of(group):
                found[name] = self._version(place, template)
            elif configuration := group.get("LaunchConfigurationName"):
                old.setdefault(configuration, []).append(name)
        for configuration, data in self._configurations(place, list(old)).items():
            found.update(dict.fromkeys(old[configuration], data))
        return found

    def _version(self, place: Place, template: Json) -> Json:
        id_, version = str(template.get("LaunchTemplateId") or ""), str(template.get("Version") or "$Default")
        where = (place.account.name, place.region, id_ or template.get("LaunchTemplateName", ""), version)
        if where in self._kept:
            return self._kept[where]
        by = {"LaunchTemplateId": id_} if id_ else {"LaunchTemplateName": template["LaunchTemplateName"]}
        what = f"launch template {template.get('LaunchTemplateName') or id_}"
        answer = place.attempt("ec2", "describe_launch_template_versions", what, _GONE, Versions=[version], **by)
        versions = (answer or {}).get("LaunchTemplateVersions") or [{}]
        data: Json = versions[0].get("LaunchTemplateData", {})
        if data and not version.startswith("$"):
            self._keep(where, data)
        return data

    def _configurations(self, place: Place, names: list[str]) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for part in chunks(sorted(names), 50):
            for one in place.pages(
                "autoscaling",
                "describe_launch_configurations",
                "LaunchConfigurations",
                "launch configurations",
                LaunchConfigurationNames=part,
            ):
                found[one["LaunchConfigurationName"]] = _in_new_words(one)
        return found

    def _keep(self, where: tuple[str, ...], data: Json) -> None:
        self._kept[where] = data
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)


def template_of(group: Json) -> Json | None:
    """The launch template that a group names, directly or in its policy of mixed instances."""
    mixed = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {}).get("LaunchTemplateSpecification")
    found: Json | None = group.get("LaunchTemplate") or mixed
    return found


def by_key(place: Place, key: str) -> Json | None:
    """The launch template that was made with an effect key."""
    found = _tagged(place, KEY_TAG, key)
    return found[0] if found else None


def made_for(place: Place, group: str) -> list[Json]:
    """The launch templates that were made for a server group."""
    return _tagged(place, GROUP_TAG, group)


def sweep(place: Place, cluster: str, groups: Iterable[Json], key: str) -> None:
    """Remove the older templates of a cluster that none of all groups uses: what a crash in the middle of a removal left."""
    used = {template.get("LaunchTemplateId") for group in groups if (template := template_of(group))}
    before = (time.time() - YOUNG_S) * 1000
    for one in _tagged(place, CLUSTER_TAG, cluster):
        left = one["LaunchTemplateId"] not in used and tag_map(one.get("Tags")).get(KEY_TAG) != key
        if left and millis(one.get("CreateTime")) < before:
            remove(place, one["LaunchTemplateId"], one["LaunchTemplateName"])


def remove(place: Place, id_: str, name: str) -> None:
    """Remove a launch template; one that is not there is fine."""
    place.attempt(
        "ec2", "delete_launch_template", f"launch template {name}", ["InvalidLaunchTemplate"], LaunchTemplateId=id_
    )


def _tagged(place: Place, tag: str, value: str) -> list[Json]:
    filters = [{"Name": f"tag:{tag}", "Values": [value]}]
    return place.pages("ec2", "describe_launch_templates", "LaunchTemplates", "launch templates", Filters=filters)


def _in_new_words(old: Json) -> Json:
    """A launch configuration as the data of a launch template, for copies and pages."""
    data: Json = {"ImageId": old.get("ImageId"), "InstanceType": old.get("InstanceType")}
    data["KeyName"] = old.get("KeyName") or None
    data["UserData"] = old.get("UserData") or None
    data["SecurityGroupIds"] = old.get("SecurityGroups") or None
    data["EbsOptimized"] = old.get("EbsOptimized")
    data["BlockDeviceMappings"] = old.get("BlockDeviceMappings") or None
    if profile := old.get("IamInstanceProfile"):
        data["IamInstanceProfile"] = {"Arn": profile} if profile.startswith("arn:") else {"Name": profile}
    return {key: value for key, value in data.items() if value is not None}
