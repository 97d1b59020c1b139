"""Names, keys, command lines and variables of bakes, and what is refused."""

import pytest
from msgspec.structs import replace

from gennaker.core.errors import InvalidRequest
from gennaker.plugins.bakery.build import command, find_file, image_of
from gennaker.plugins.bakery.output import Output
from gennaker.plugins.bakery.request import RESERVED, plan, read
from gennaker.plugins.bakery.settings import Foundation, Provider, Settings, Source, Variable
from gennaker.plugins.bakery.variables import variables

SETTINGS = Settings(
    repositories={"deb": "https://repo.example.com stable main"},
    providers={
        "aws": Provider(
            bases=(
                Foundation(
                    id="jammy",
                    sources=(
                        Source(
                            region="us-east-1",
                            vm_type="hvm",
                            image="ami-east",
                            variables={"aws_ssh_username": "ubuntu"},
                        ),
                        Source(region="us-east-1", vm_type="pv", image="ami-old"),
                        Source(region="eu-west-1", image="ami-west"),
                    ),
                ),
            ),
            lookup={"jammy.hvm.candidate.us-east-1": "ami-candidate"},
            variables={"aws_subnet_id": "subnet-1", "aws_instance_type": "t3.small"},
            secrets=(Variable(name="aws_secret_key", value="very-secret-key"),),
        ),
        "gce": Provider(bases=(Foundation(id="jammy", sources=(Source(family="ubuntu-2204-lts"),)),)),
    },
)
CONTEXT = {
    "cloudProviderType": "aws",
    "region": "us-east-1",
    "package": "shop",
    "baseOs": "jammy",
    "amiSuffix": "20260105101500",
}
BUILD = {
    "name": "shop-build",
    "number": 22,
    "scm": [{"sha1": "ab12cd3"}],
    "artifacts": [{"fileName": "shop_1.4.0-h22.ab12cd3_all.deb"}],
}


def made(trigger=None, **changes):
    return plan(read({**CONTEXT, **changes}, trigger or {}), SETTINGS)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "shop-all-20260105101500-jammy"),
        ({"amiName": "web"}, "web-all-20260105101500-jammy"),
        ({"amiSuffix": ""}, "shop-all-jammy"),
        ({"package": "shop tools"}, "shop-all-20260105101500-jammy"),
        ({"package": "shop_1.0_amd64.deb"}, "shop-amd64-20260105101500-jammy"),
        ({"cloudProviderType": "gce", "amiName": "Shop_API"}, "shop-api-all-20260105101500-jammy"),
    ],
)
def test_the_name_of_an_image(changes, expected):
    assert made(**changes).image_name == expected


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        ({"buildInfo": BUILD}, "shop-1.4.0-h22.ab12cd3/shop-build/22"),
        ({"buildInfo": {"artifacts": BUILD["artifacts"]}}, "shop-1.4.0-h22.ab12cd3"),
        ({"buildInfo": {"number": 7, "artifacts": [{"fileName": "shop_1.4.0_all.deb"}]}}, "shop-1.4.0-h7"),
        ({}, ""),
    ],
)
def test_the_version_of_the_application(trigger, expected):
    assert made(trigger).app_version == expected


def test_a_key_says_what_is_baked():
    key = made({"buildInfo": BUILD}).key
    assert key.startswith("bake:aws:jammy::")
    assert ":shop=1.4.0-h22.ab12cd3:" in key
    assert "us-east-1:hvm" in key


@pytest.mark.parametrize(
    "changes",
    [
        {"package": "other"},
        {"region": "eu-west-1"},
        {"vmType": "pv"},
        {"enhancedNetworking": True},
        {"amiName": "other"},
        {"templateFileName": "gce.json"},
        {"varFileName": "more.json"},
        {"baseAmi": "ami-9"},
        {"baseLabel": "candidate"},
        {"upgrade": True},
        {"extendedAttributes": {"share_with": "111"}},
        {"packageArtifacts": [{"type": "embedded/base64", "reference": "YQ=="}]},
    ],
)
def test_what_makes_another_image_makes_another_key(changes):
    assert made(**changes).digest != made().digest


def test_what_does_not_change_the_image_does_not_change_the_key():
    assert made(amiSuffix="1", user="bob", rebake=True).digest == made().digest
    one = made(extendedAttributes={"a": "1", "b": "2"})
    assert made(extendedAttributes={"b": "2", "a": "1"}).digest == one.digest


@pytest.mark.parametrize(
    ("changes", "image"),
    [
        ({}, "ami-east"),
        ({"vmType": "pv"}, "ami-old"),
        ({"region": "eu-west-1"}, "ami-west"),
        ({"baseLabel": "candidate"}, "ami-candidate"),
        ({"baseAmi": "ami-mine"}, "ami-mine"),
        ({"baseAmi": "ami-mine", "region": "mars-1"}, "ami-mine"),
    ],
)
def test_the_base_image_is_that_of_the_place(changes, image):
    assert made(**changes).chosen.image == image


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"cloudProviderType": "moon"}, "nothing is baked for 'moon'; expected one of aws, gce"),
        ({"baseOs": "dos"}, "no base image 'dos' for aws.* has jammy"),
        ({"region": "mars-1"}, "not configured for mars-1 hvm, only for us-east-1 hvm"),
        ({"package": ""}, "neither a package nor an image name"),
        ({"templateFileName": "../../etc/passwd"}, "no name of a file"),
        ({"templateFileName": "/tmp/x.json"}, "no name of a file"),
        ({"varFileName": "a/b.json"}, "no name of a file"),
        ({"extendedAttributes": {"configDir": "/tmp"}}, "extendedAttributes.configDir"),
        ({"extendedAttributes": {"a b": "1"}}, "no name of a variable"),
        ({"extendedAttributes": {"x": "{{env `HOME`}}"}}, "which Packer would evaluate"),
        ({"extendedAttributes": {"x": {"y": 1}}}, "expected text, found dict"),
        ({"amiName": "{{env `HOME`}}"}, "which Packer would evaluate"),
        ({"package": "{{env}}"}, "which Packer would evaluate"),
        ({"extendedAttributes": {"x": "a\x00b"}}, "control character"),
        ({"extendedAttributes": {"x": "y" * 5000}}, "more than 4096"),
    ],
)
def test_what_cannot_be_baked_is_refused_with_its_place(changes, reason):
    with pytest.raises(InvalidRequest, match=reason):
        made(**changes)


def test_the_command_line_holds_no_values(tmp_path):
    (tmp_path / "more.json").write_text("{}")
    settings = replace(SETTINGS, templates=str(tmp_path), packer="/usr/bin/packer")
    wanted = plan(read({**CONTEXT, "varFileName": "more.json"}, {}), settings)
    argv = command(wanted, settings, find_file("aws-ebs.json", settings), tmp_path)
    assert argv[:4] == ["/usr/bin/packer", "build", "-color=false", "-machine-readable"]
    assert argv[4:6] == [f"-var-file={tmp_path}/variables.json", f"-var-file={tmp_path}/more.json"]
    assert argv[6].endswith("/templates/aws-ebs.json")
    assert "very-secret-key" not in " ".join(argv)


def test_a_template_of_our_own_goes_before_the_shipped_one(tmp_path):
    settings = replace(SETTINGS, templates=str(tmp_path))
    assert find_file("gce.json", settings).parent.name == "templates"
    (tmp_path / "gce.json").write_text("{}")
    assert find_file("gce.json", settings).parent == tmp_path
    with pytest.raises(InvalidRequest, match=r"no file 'x\.json'.*aws-ebs\.json"):
        find_file("x.json", settings)


def test_a_template_is_told_everything_in_spinnakers_names():
    attributes = {"share_with": "111, 222", "aws_instance_type": "m5.large", "aws_secret_key": "mine"}
    wanted = made({"buildInfo": BUILD}, extendedAttributes=attributes)
    found = variables(wanted, SETTINGS, {"configDir": "/shipped"}, "E/S/monitorBake/0")
    expected = {
        "packages": "shop=1.4.0-h22.ab12cd3",
        "package_type": "deb",
        "repository": "https://repo.example.com stable main",
        "appversion": "shop-1.4.0-h22.ab12cd3/shop-build/22",
        "aws_region": "us-east-1",
        "aws_source_ami": "ami-east",
        "aws_target_ami": "shop-all-20260105101500-jammy",
        "aws_subnet_id": "subnet-1",
        "aws_ssh_username": "ubuntu",
        "aws_instance_type": "m5.large",
        "aws_secret_key": "very-secret-key",
        "share_with_1": "111",
        "share_with_2": "222",
        "bake_key": wanted.digest,
        "effect_key": "E/S/monitorBake/0",
        "configDir": "/shipped",
    }
    assert {key: found.get(key) for key in expected} == expected
    assert RESERVED & set(found) >= {"packages", "configDir", "bake_key"}


@pytest.mark.parametrize(
    ("region", "line", "expected"),
    [
        ("us-east-1", "1,amazon-ebs,artifact,0,id,us-east-1:ami-1", "ami-1"),
        ("eu-west-1", "1,amazon-ebs,artifact,0,id,us-east-1:ami-1%!(PACKER_COMMA)eu-west-1:ami-2", "ami-2"),
    ],
)
def test_the_image_is_the_one_of_the_region(region, line, expected):
    output = Output()
    assert output.take(line) == []
    assert image_of(made(region=region), output) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("1,,ui,say,==> x: a%!(PACKER_COMMA) b", ["==> x: a, b"]),
        ("1,,ui,message,one\\ntwo", ["one", "two"]),
        ("1,,ui,message,\x1b[31mred\x1b[0m \x1b]0;title\x07end", ["red end"]),
        ("1,x,error,it broke", ["x: it broke"]),
        ("1,x,artifact-count,1", []),
        ("no machine wrote this", ["no machine wrote this"]),
        ("a\x00b\x07c\u2028d", ["abcd"]),
    ],
)
def test_the_output_becomes_lines_for_people(line, expected):
    assert Output().take(line) == expected
