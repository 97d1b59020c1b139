"""The section `plugins.bakery` of the configuration.

Separate because it is what an operator writes: how Packer is called, what images are made from, and what templates are given.
"""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from gennaker.config.settings import SECRET

Text = Annotated[str, Meta(min_length=1)]
Kind = Literal["deb", "rpm", "nupkg", "tar"]
_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"


class Variable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A name and a value that nobody is shown."""

    name: Annotated[str, Meta(pattern=_VARIABLE, description="name of the variable")]
    value: Annotated[str, Meta(description="its value, best as a secret reference", extra_json_schema=SECRET)]


class Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a base image is in one place."""

    region: Annotated[str, Meta(description="region that it is for; empty means any")] = ""
    vm_type: Annotated[str, Meta(description="virtualization that it is for, such as hvm; empty means any")] = ""
    image: Annotated[str, Meta(description="id or name of the image, or a folder for `local`")] = ""
    family: Annotated[str, Meta(description="image family, in place of an image (gce)")] = ""
    variables: Annotated[dict[str, str], Meta(description="variables of templates, such as aws_instance_type")] = {}


class Foundation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A base image: something to install packages on."""

    id: Annotated[str, Meta(min_length=1, description="what baseOs in a pipeline says")]
    description: Annotated[str, Meta(description="a few words for people")] = ""
    details: Annotated[str, Meta(description="a sentence for people")] = ""
    package_type: Annotated[Kind, Meta(description="what is installed on it: deb, rpm, nupkg or tar")] = "deb"
    os_type: Annotated[str, Meta(description="linux or windows")] = "linux"
    template: Annotated[str, Meta(description="template to use when a pipeline names none")] = ""
    repository: Annotated[str, Meta(description="repository of packages for this base image only")] = ""
    sources: Annotated[tuple[Source, ...], Meta(description="what it is in regions and virtualizations")] = ()


class Provider(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where images are made."""

    bases: Annotated[tuple[Foundation, ...], Meta(description="the base images")] = ()
    lookup: Annotated[
        dict[str, str],
        Meta(description="image ids by baseOs.vmType.baseLabel.region; one that is found goes before the sources"),
    ] = {}
    template: Annotated[str, Meta(description="template to use when neither pipeline nor base image names one")] = ""
    vm_type: Annotated[str, Meta(description="virtualization when a pipeline names none")] = ""
    variables: Annotated[dict[str, str], Meta(description="variables for every template, such as aws_subnet_id")] = {}
    secrets: Annotated[tuple[Variable, ...], Meta(description="variables that are secret, such as aws_secret_key")] = ()


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `plugins.bakery`."""

    packer: Annotated[str, Meta(min_length=1, description="Packer's executable")] = "packer"
    templates: Annotated[
        str, Meta(description="folder of your own templates and variable files; they go before the shipped ones")
    ] = ""
    work: Annotated[
        str, Meta(description="folder for builds that run; empty means the folder bakery in the home folder")
    ] = ""
    images: Annotated[
        str, Meta(description="where images for `local` go; empty means the folder local/images in the home folder")
    ] = ""
    packages: Annotated[str, Meta(description="folder of packages (.tar.gz) for images for `local`")] = ""
    timeout: Annotated[float, Meta(gt=0, le=24 * 3600, description="seconds that one build may take")] = 1800.0
    parallel: Annotated[int, Meta(ge=1, le=64, description="builds at the same time in one process")] = 4
    repositories: Annotated[
        dict[Kind, str], Meta(description="repositories that packages come from, by the type of package")
    ] = {}
    environment: Annotated[
        tuple[Variable, ...], Meta(description="environment of Packer, such as AWS_PROFILE; it gets little else")
    ] = ()
    providers: Annotated[
        dict[Literal["aws", "gce", "openstack", "azure", "qemu", "local"], Provider],
        Meta(description="base images and variables, by cloud provider"),
    ] = {}

    def __post_init__(self) -> None:
        """Refuse what could never be baked."""
        for name, provider in self.providers.items():
            ids = [base.id for base in provider.bases]
            if twice := next((one for one in ids if ids.count(one) > 1), None):
                raise ValueError(f"providers.{name}.bases: the id {twice!r} is used twice")

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every value that nobody may be shown."""
        named = [one for provider in self.providers.values() for one in provider.secrets]
        return tuple(one.value for one in (*named, *self.environment) if one.value)

    def work_at(self, home: Path) -> Path:
        """The folder for builds that run."""
        return Path(self.work).expanduser().absolute() if self.work else home / "bakery"

    def images_at(self, home: Path) -> Path:
        """The folder of images for `local`, the one where plugin `local` looks for them."""
        return Path(self.images).expanduser().absolute() if self.images else home / "local" / "images"
