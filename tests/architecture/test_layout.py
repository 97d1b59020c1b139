"""What is in the folders is what is installed, and the contracts between the folders hold."""

import configparser
from pathlib import Path

import pytest
from importlinter.api import use_cases

ROOT = Path(__file__).parents[2]
FOLDERS = ("bus", "config", "core", "plugins")


@pytest.fixture(scope="module")
def setup() -> configparser.ConfigParser:
    """The table of contents."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def listed(text: str) -> list[str]:
    """The lines of a value."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def test_every_folder_with_code_is_installed_and_no_other(setup: configparser.ConfigParser) -> None:
    present = {
        "gennaker." + ".".join(path.parent.relative_to(ROOT).parts)
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
    }
    packages = listed(setup["options"]["packages"])
    assert sorted(packages) == sorted(present)
    assert packages == sorted(packages)


def test_every_folder_with_code_is_a_package() -> None:
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            assert (path.parent / "__init__.py").exists(), path


def test_every_bundled_plugin_has_its_entry_point(setup: configparser.ConfigParser) -> None:
    points = dict(line.split(" = ") for line in listed(setup["options.entry_points"]["gennaker"]))
    folders = {path.parent.name for path in (ROOT / "plugins").glob("*/__init__.py")}
    assert points == {folder: f"gennaker.plugins.{folder}" for folder in folders}


def test_the_name_of_the_program_holds_no_module_of_its_own() -> None:
    assert not (ROOT / "gennaker").exists()
    assert not (ROOT / "__init__.py").exists()


def test_folders_of_tests_are_no_packages() -> None:
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_every_folder_is_typed() -> None:
    for folder in FOLDERS:
        assert (ROOT / folder / "py.typed").exists()


def test_the_contracts_between_the_folders_are_without_exceptions(setup: configparser.ConfigParser) -> None:
    contracts = [section for section in setup.sections() if section.startswith("importlinter:contract:")]
    assert len(contracts) >= 7
    assert not [section for section in contracts if "ignore_imports" in setup[section]]


def test_the_contracts_between_the_folders_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert use_cases.lint_imports(is_debug_mode=False, cache_dir=None)


def test_bundled_plugins_import_quickly_and_load_no_sdk_and_no_server() -> None:
    """A plugin's module imports what its author needs, and the SDK only in its client."""
    heavy = {"boto3", "botocore", "kubernetes", "google.cloud", "openstack", "scipy", "numpy", "jenkins"}
    for path in (ROOT / "plugins").rglob("*.py"):
        text = path.read_text()
        for module in heavy:
            assert f"\nimport {module}" not in text
            assert f"\nfrom {module}" not in text
