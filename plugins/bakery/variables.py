"""What a template is told: the variables of each provider, in the names that Spinnaker's templates know.

Separate because whoever writes a template needs this list. Source: reference clouds §4.2.
"""

from gennaker.plugins.bakery.request import Plan, split_lists
from gennaker.plugins.bakery.settings import Provider, Settings

#: The variables of a provider: name to what it is, of what `_facts` gives.
_OF_PROVIDERS: dict[str, dict[str, str]] = {
    "aws": {
        "aws_region": "region",
        "aws_source_ami": "image",
        "aws_target_ami": "name",
        "aws_instance_type": "instance_type",
        "aws_virtualization_type": "vm_type",
        "aws_ena_support": "networking",
    },
    "gce": {
        "gce_zone": "region",
        "gce_source_image": "image",
        "gce_source_image_family": "family",
        "gce_target_image": "name",
    },
    "openstack": {
        "openstack_region": "region",
        "openstack_source_image": "image",
        "openstack_target_image": "name",
        "openstack_flavor": "instance_type",
    },
    "azure": {
        "azure_location": "region",
        "azure_source_image": "image",
        "azure_target_image": "name",
        "azure_vm_size": "instance_type",
    },
    "qemu": {"qemu_source_image": "image", "qemu_target_image": "name"},
    "local": {"image_name": "name"},
}


def variables(plan: Plan, settings: Settings, places: dict[str, str], effect_key: str) -> dict[str, str]:
    """All variables of a bake. `places` are files and folders; what a pipeline gives in extendedAttributes goes before the catalogue's."""
    request = plan.request
    provider = settings.providers.get(request.provider, Provider())  # type: ignore[call-overload]
    common = {
        "build_host": request.build.host,
        "build_info_url": request.build.url,
        "appversion": plan.app_version,
        "upgrade": "true" if request.upgrade else "",
    }
    facts = {key: value for key, value in _facts(plan).items() if value}
    own = {name: facts[of] for name, of in _OF_PROVIDERS[request.provider].items() if of in facts}
    secrets = {one.name: one.value for one in provider.secrets}
    # What a pipeline asks for replaces what the catalogue says; who it is that asks, and where, it does not.
    given = {key: value for key, value in split_lists(request.attributes).items() if key not in secrets}
    fixed = {
        "packages": plan.asked,
        "package_type": plan.chosen.package_type,
        "repository": plan.chosen.repository,
        "bake_key": plan.digest,
        "effect_key": effect_key,
    }
    return {**common, **plan.chosen.variables, **own, **given, **secrets, **fixed, **places}


def _facts(plan: Plan) -> dict[str, str]:
    request = plan.request
    return {
        "region": request.region,
        "image": plan.chosen.image,
        "family": plan.chosen.family,
        "name": plan.image_name,
        "instance_type": request.instance_type,
        "vm_type": plan.chosen.vm_type,
        "networking": "true" if request.enhanced_networking else "",
    }
