"""What file names of packages say, and which version a build has made."""

import pytest

from gennaker.core.errors import InvalidRequest
from gennaker.plugins.bakery.packages import Build, Package, asked, build_of, parse, qualified, resolve


@pytest.mark.parametrize(
    ("file", "kind", "expected"),
    [
        ("shop_1.4.0-h22.ab12cd3_all.deb", "deb", ("shop", "1.4.0", "h22.ab12cd3", "all")),
        ("shop_1:1.4.0-rc1-2_amd64.deb", "deb", ("shop", "1:1.4.0-rc1", "2", "amd64")),
        ("shop-api_2.0_all.deb", "deb", ("shop-api", "2.0", "", "all")),
        ("shop-api-1.4.0-h22.el7.noarch.rpm", "rpm", ("shop-api", "1.4.0", "h22.el7", "noarch")),
        ("Shop.Api.1.4.0.nupkg", "nupkg", ("Shop.Api", "1.4.0", "", "")),
        ("Shop.1.4.0-beta.nupkg", "nupkg", ("Shop", "1.4.0-beta", "", "")),
        ("shop_1.4.0.tar.gz", "tar", ("shop", "1.4.0", "", "")),
        ("shop_1.4.0-7_all.tgz", "tar", ("shop", "1.4.0", "7", "all")),
    ],
)
def test_a_file_name_says_which_package_it_is(file, kind, expected):
    found = parse(file, kind)
    assert found is not None
    assert (found.name, found.version, found.release, found.arch) == expected


@pytest.mark.parametrize(
    ("file", "kind"), [("shop.jar", "deb"), ("shop.deb", "deb"), ("a.rpm", "rpm"), ("x.nupkg", "nupkg")]
)
def test_what_is_no_package_says_nothing(file, kind):
    assert parse(file, kind) is None


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("deb", "shop=1.4.0-h22"), ("rpm", "shop-1.4.0-h22"), ("nupkg", "shop.1.4.0-h22"), ("tar", "shop_1.4.0-h22")],
)
def test_a_package_is_asked_for_as_its_type_does(kind, expected):
    assert qualified(Package(name="shop", version="1.4.0", release="h22"), kind) == expected
    assert qualified(Package(name="shop"), kind) == "shop"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["shop_1.9_all.deb", "shop_1.10_all.deb"], "1.10"),
        (["shop_2.0_all.deb", "shop_2.0~rc1_all.deb"], "2.0"),
        (["shop_1.0-h9_all.deb", "shop_1.0-h10_all.deb"], "1.0-h10"),
        (["shopper_9.0_all.deb", "shop_1.0_all.deb"], "1.0"),
    ],
)
def test_the_newest_version_of_the_build_is_taken(files, expected):
    found = resolve([Package(name="shop")], "deb", Build(files=tuple(files)), required=True)
    assert found[0].whole == expected


def test_a_version_that_was_asked_for_stays():
    wanted = asked("shop=1.0-1 tools", "deb")
    found = resolve(wanted, "deb", Build(files=("shop_2.0_all.deb", "tools_3.0_all.deb")), required=True)
    assert [qualified(one, "deb") for one in found] == ["shop=1.0-1", "tools=3.0"]


def test_a_package_that_the_build_did_not_make_is_refused_with_what_it_made():
    build = Build(files=("shop_2.0_all.deb",))
    with pytest.raises(InvalidRequest, match=r"no deb package 'shpo', but shop"):
        resolve([Package(name="shpo")], "deb", build, required=True)
    assert resolve([Package(name="shpo")], "deb", build, required=False) == [Package(name="shpo")]
    assert resolve([Package(name="shpo")], "deb", Build(files=("shop.jar",)), required=True) == [Package(name="shpo")]


INFO = {
    "name": "shop-build",
    "number": 22,
    "url": "https://ci.example.com/job/shop-build/22/",
    "scm": [{"sha1": "ab12cd3456"}],
    "artifacts": [{"fileName": "shop_1.4.0_all.deb"}],
}


@pytest.mark.parametrize(
    ("trigger", "context"),
    [
        ({"buildInfo": INFO}, {}),
        ({}, {"buildInfo": INFO}),
        ({"parentExecution": {"trigger": {"buildInfo": INFO}}}, {}),
    ],
)
def test_the_build_is_that_of_the_trigger_of_a_stage_before_or_of_the_parent(trigger, context):
    found = build_of(trigger, context)
    assert (found.job, found.number, found.commit, found.host) == (
        "shop-build",
        "22",
        "ab12cd3",
        "https://ci.example.com/",
    )
    assert found.files == ("shop_1.4.0_all.deb",)


def test_artifacts_tell_of_packages_too():
    artifacts = [
        {"type": "deb", "name": "shop", "version": "1.4.0-1"},
        {"type": "http/file", "reference": "https://x/y_1.deb"},
        {"type": "RPM", "reference": "https://repo/z-1-2.noarch.rpm"},
    ]
    assert build_of({}, {}, artifacts).files == ("shop_1.4.0-1.deb", "z-1-2.noarch.rpm")


@pytest.mark.parametrize("word", ["../shop", "shop;reboot", "$(id)", "`id`", "-rf", "a|b", "a'b"])
def test_what_is_no_name_is_no_package(word):
    with pytest.raises(InvalidRequest, match="no name of a package"):
        asked(word, "deb")
