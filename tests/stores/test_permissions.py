"""Nobody but the lake's owner has a folder on the way to a projection."""

import os

import pytest

from strongroom.core.errors import EnvironmentFault
from strongroom.stores.permissions import shut

EVE = 61_001
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="NOT SHOWN HERE: only root can give a folder away; run as root")


@pytest.fixture
def lake(tmp_path):
    (tmp_path / "projected/science/any/training/reviews").mkdir(parents=True)
    (tmp_path / "projected/science/any/training/reviews/part.parquet").write_text("")
    (tmp_path / "training").mkdir(mode=0o755)
    return tmp_path


def test_what_was_open_is_closed_and_named_and_projections_are_passed_through(lake):
    assert "training" in shut(str(lake), [])
    assert (lake / "training").stat().st_mode & 0o777 == 0o750
    assert (lake / "projected").stat().st_mode & 0o007 == 0o001


def test_a_lake_without_projections_is_closed_too(tmp_path):
    (tmp_path / "extracts").mkdir(mode=0o755)
    assert shut(str(tmp_path), []) == ["extracts"]


@AS_ROOT
@pytest.mark.parametrize("stolen", ["projected", "projected/science", "projected/science/any/training/reviews"])
def test_a_folder_of_another_user_on_the_way_is_refused(lake, stolen):
    os.chown(lake / stolen, EVE, -1)
    with pytest.raises(EnvironmentFault, match="belongs to another user") as caught:
        shut(str(lake), [])
    assert str(lake / stolen) in str(caught.value)
    assert (lake / "training").stat().st_mode & 0o777 == 0o755, "nothing was done before"


@AS_ROOT
def test_a_lake_that_is_a_service_user_s_is_its_own(lake):
    for path in (lake, *lake.rglob("*")):
        os.chown(path, EVE, -1)
    assert "training" in shut(str(lake), [])


@pytest.mark.parametrize("link", ["projected", "projected/science/any/training/reviews"])
def test_a_link_in_a_folder_s_place_is_refused(lake, tmp_path_factory, link):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (lake / link).rename(elsewhere / "moved")
    (lake / link).symlink_to(elsewhere / "moved")
    with pytest.raises(EnvironmentFault, match="symbolic link"):
        shut(str(lake), [])
