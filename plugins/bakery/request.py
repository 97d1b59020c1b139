"""What is to be baked, as a pipeline's stage or a client's request says it, and what that comes to.

Separate because it is a pure function of the request and the configuration: every worker comes to the same name and key.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from gennaker.core.errors import InvalidRequest
from gennaker.core.services import Json
from gennaker.plugins.bakery.bases import Chosen, choose
from gennaker.plugins.bakery.packages import Build, Package, asked, build_of, qualified, resolve
from gennaker.plugins.bakery.settings import Settings

#: Keys of a client's request to those of a stage.
CLIENT_KEYS = {
    "cloud_provider_type": "cloudProviderType",
    "user": "user",
    "package": "package",
    "package_artifacts": "packageArtifacts",
    "base_label": "baseLabel",
    "base_os": "baseOs",
    "base_name": "baseName",
    "base_ami": "baseAmi",
    "vm_type": "vmType",
    "store_type": "storeType",
    "enhanced_networking": "enhancedNetworking",
    "ami_name": "amiName",
    "ami_suffix": "amiSuffix",
    "upgrade": "upgrade",
    "instance_type": "instanceType",
    "template_file_name": "templateFileName",
    "var_file_name": "varFileName",
    "extended_attributes": "extendedAttributes",
    "account_name": "accountName",
    "build_host": "buildHost",
    "job": "job",
    "build_number": "buildNumber",
    "commit_hash": "commitHash",
    "build_info_url": "buildInfoUrl",
}
#: Variables that a pipeline may not set: they say which files and programs a template uses, or what an image is known by.
RESERVED = frozenset(
    {"configDir", "artifactFile", "image_root", "effect_key", "bake_key", "packages", "package_type", "repository"}
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,100}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}\.(?:json|hcl)")
_LISTS = ("copy_to", "share_with")
_LONGEST = 4096


class Request(Struct, frozen=True, kw_only=True):
    """One image in one region, as it is asked for."""

    provider: str
    region: str
    package: str = ""
    artifacts: tuple[Json, ...] = ()
    base_os: str = ""
    base_label: str = ""
    base_ami: str = ""
    vm_type: str = ""
    store_type: str = ""
    ami_name: str = ""
    ami_suffix: str = ""
    template: str = ""
    var_file: str = ""
    instance_type: str = ""
    account: str = ""
    enhanced_networking: bool = False
    upgrade: bool = False
    required: bool = True
    attributes: dict[str, str] = {}
    build: Build = Build()


class Plan(Struct, frozen=True, kw_only=True):
    """What a request comes to."""

    request: Request
    chosen: Chosen
    packages: tuple[Package, ...]
    #: Packages as they are asked of the repository.
    asked: str
    app_version: str
    image_name: str
    #: What makes two bakes the same, for people, and in a form that fits into a tag.
    key: str
    digest: str


def read(context: Mapping[str, Any], trigger: Json, seen: Sequence[Json] = ()) -> Request:
    """The request of a stage; `seen` are artifacts that may tell versions of packages. Raises InvalidRequest with the field."""
    build = build_of(trigger, dict(context), seen)
    return Request(
        provider=_text(context, "cloudProviderType") or _text(context, "cloudProvider") or "aws",
        region=_text(context, "region"),
        package=_text(context, "package"),
        artifacts=tuple(_artifacts(context)),
        base_os=_text(context, "baseOs"),
        base_label=_text(context, "baseLabel"),
        base_ami=_text(context, "baseAmi"),
        vm_type=_text(context, "vmType"),
        store_type=_text(context, "storeType"),
        ami_name=_text(context, "amiName"),
        ami_suffix=_text(context, "amiSuffix"),
        template=_file(context, "templateFileName"),
        var_file=_file(context, "varFileName"),
        instance_type=_text(context, "instanceType"),
        account=_text(context, "accountName") or _text(context, "account"),
        enhanced_networking=_true(context, "enhancedNetworking"),
        upgrade=_true(context, "upgrade"),
        required=not (_true(context, "allowMissingPackageInstallation") or _true(context, "skipPackageDetection")),
        attributes=_attributes(context),
        build=Build(
            job=_text(context, "job") or build.job,
            number=_text(context, "buildNumber") or build.number,
            commit=_text(context, "commitHash") or build.commit,
            url=_text(context, "buildInfoUrl") or build.url,
            host=_text(context, "buildHost") or build.host,
            files=build.files,
        ),
    )


def plan(request: Request, settings: Settings) -> Plan:
    """Which packages, base image, template, name and key. Raises InvalidRequest."""
    chosen = choose(
        settings,
        request.provider,
        request.region,
        base_os=request.base_os,
        base_ami=request.base_ami,
        base_label=request.base_label,
        vm_type=request.vm_type,
        template=request.template,
    )
    kind = chosen.package_type
    packages = tuple(resolve(asked(request.package, kind), kind, request.build, required=request.required))
    if not packages and not request.ami_name:
        raise InvalidRequest("neither a package nor an image name was given; expected one of them", "package")
    words = " ".join(qualified(package, kind) for package in packages)
    key = key_of(request, chosen, words)
    return Plan(
        request=request,
        chosen=chosen,
        packages=packages,
        asked=words,
        app_version=app_version(packages, request.build),
        image_name=image_name(request, packages),
        key=key,
        digest=hashlib.sha256(key.encode()).hexdigest()[:40],
    )


def key_of(request: Request, chosen: Chosen, words: str) -> str:
    """What makes two bakes the same image. All that a template is told is in it, `extended_attributes` and `upgrade` too."""
    references = "|".join(str(one.get("reference") or one.get("name") or "") for one in request.artifacts)
    parts = [request.base_os, request.base_ami, request.ami_name, chosen.template, request.var_file]
    networking = "enhancedNWEnabled" if request.enhanced_networking else "enhancedNWDisabled"
    own = {
        "aws": f"{request.region}:{chosen.vm_type}:{request.store_type}:{networking}",
        "gce": request.account,
        "local": "",  # all regions of a machine share its images
    }.get(request.provider, request.region)
    # The content of what is embedded, and what else tells two artifacts apart, is in the rest.
    rest = [
        chosen.image,
        chosen.variables,
        request.attributes,
        request.upgrade,
        request.instance_type,
        request.artifacts,
    ]
    tail = hashlib.sha256(msgspec.json.encode(rest, order="sorted")).hexdigest()[:16]
    names = words.replace(" ", "|")
    return f"bake:{request.provider}:{':'.join(parts)}:{names}:{references}:{own}:{tail}"


def app_version(packages: tuple[Package, ...], build: Build) -> str:
    """`shop-1.4.0-h22.ab12cd3/shop-build/22`, of the first package when its version is known."""
    if not packages or not packages[0].version:
        return ""
    first = packages[0]
    said = re.fullmatch(r"h([0-9]+)(?:\.([0-9A-Za-z]+))?", first.release)
    number = build.number or (said[1] if said else "")
    commit = build.commit or (said[2] or "" if said else "")
    found = f"{first.name}-{first.version}"
    if number:
        found += f"-h{number}"
        found += f".{commit}" if commit else ""
        found += f"/{build.job}/{number}" if build.job else ""
    return found


def image_name(request: Request, packages: tuple[Package, ...]) -> str:
    """The image's name, in what the provider takes in one."""
    first = packages[0] if packages else Package(name="")
    parts = (request.ami_name or first.name, first.arch or "all", request.ami_suffix, request.base_os)
    name = "-".join(part for part in parts if part)
    if request.provider == "gce":
        return re.sub(r"[^a-z0-9-]", "-", name.lower())[:63].strip("-")
    return re.sub(r"[^A-Za-z0-9._-]", "-", name)[:120].lstrip("._-")


def split_lists(attributes: Mapping[str, str]) -> dict[str, str]:
    """Attributes that are lists (`share_with`, `copy_to`) as `<key>_1`, `<key>_2` … too, as templates take them."""
    found = dict(attributes)
    for key in _LISTS:
        values = [value.strip() for value in attributes.get(key, "").split(",") if value.strip()]
        found |= {f"{key}_{number}": value for number, value in enumerate(values, 1)}
    return found


def _attributes(context: Mapping[str, Any]) -> dict[str, str]:
    given = context.get("extendedAttributes") or {}
    if not isinstance(given, dict):
        raise InvalidRequest(f"expected an object, found {type(given).__name__}", "extendedAttributes")
    found = {}
    for key, value in given.items():
        place = f"extendedAttributes.{key}"
        if not _NAME.fullmatch(str(key)):
            raise InvalidRequest("is no name of a variable; expected letters, digits and _", place)
        if key in RESERVED:
            raise InvalidRequest("cannot be set by a pipeline: the bakery sets it", place)
        if isinstance(value, dict | list):
            raise InvalidRequest(f"expected text, found {type(value).__name__}", place)
        found[str(key)] = plain(value, place)
    return found


def plain(value: Any, place: str) -> str:
    """A value as text. Raises InvalidRequest for one that Packer would evaluate: it renders variables, with functions that read its environment."""
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    if "{{" in text:
        raise InvalidRequest("contains '{{', which Packer would evaluate; expected plain text", place)
    if len(text) > _LONGEST:
        raise InvalidRequest(f"has {len(text)} characters, more than {_LONGEST}", place)
    if any(ord(letter) < 32 and letter not in "\n\t" for letter in text):
        raise InvalidRequest("contains a control character", place)
    return text


def _text(context: Mapping[str, Any], key: str) -> str:
    value = context.get(key)
    if isinstance(value, dict | list):
        raise InvalidRequest(f"expected text, found {type(value).__name__}", key)
    return plain(value, key).strip()


def _file(context: Mapping[str, Any], key: str) -> str:
    name = _text(context, key)
    if name and not _FILE.fullmatch(name):
        raise InvalidRequest(f"{name!r} is no name of a file; expected one such as aws-ebs.json, without folders", key)
    return name


def _true(context: Mapping[str, Any], key: str) -> bool:
    return context.get(key) in (True, "true", "1", 1)


def _artifacts(context: Mapping[str, Any]) -> list[Json]:
    given = context.get("packageArtifacts") or []
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise InvalidRequest("expected a list of artifacts", "packageArtifacts")
    return given
