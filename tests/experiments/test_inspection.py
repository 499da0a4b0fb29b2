"""Contact sheets show what is there, and list every galaxy."""

import csv
import dataclasses

import numpy as np
import pytest
from analytic import plummer_galaxy, star_gas_galaxy
from sources_for_tests import BadSource

from stargas import View, project, sandbox
from stargas.config import SelectionConfig
from stargas.errors import InputError
from stargas.experiments.inspection import (
    COLUMNS,
    ROWS,
    field_half_width,
    galaxy_images,
    inspect_source,
    write_contact_sheet,
)
from stargas.galaxy import Particles
from stargas.kinematics import warn_if_not_virial
from stargas.report.contact_sheet import PIXELS
from stargas.simulations.selection import read_exclusions


def pictures_of(sky, half_width_kpc):
    """RGB of stars, HI and HI velocity, and the velocity of the full colors."""
    images = galaxy_images(sky, half_width_kpc, half_width_kpc)
    return np.split(images.rgb(), 3, axis=1), images.top_speed_kms


def test_a_second_nucleus_stands_out_where_it_is():
    galaxy = plummer_galaxy(3000, scale_kpc=0.5)
    first = galaxy.stars
    offset = np.array([1.5, 1.0, 0.0])  # right of and above the first one, face-on
    both = Particles(
        np.r_[first.mass_msun, first.mass_msun[:1500]],
        np.r_[first.position_kpc, first.position_kpc[:1500] * 0.3 + offset],
        np.r_[first.velocity_kms, first.velocity_kms[:1500]],
    )
    face_on = View(0.0)
    pictures = {}
    for name, stars in (("one", first), ("two", both)):
        sky = project(dataclasses.replace(galaxy, stars=stars), face_on)
        pictures[name] = pictures_of(sky, 3.0)[0][0].sum(axis=2)
    row = int(PIXELS / 2 - offset[1] / 3.0 * PIXELS / 2)
    column = int(PIXELS / 2 + offset[0] / 3.0 * PIXELS / 2)
    assert pictures["two"][row, column] > 1.3 * pictures["one"][row, column]
    mirrored = PIXELS - 1 - row
    assert pictures["two"][mirrored, column] == pytest.approx(pictures["one"][mirrored, column], rel=0.15)


def test_velocities_are_red_where_gas_recedes():
    """At 60 degrees the receding side is on the right."""
    sky = project(star_gas_galaxy(500, 4000, v_rot_kms=60.0), View(60.0))
    pictures, speed = pictures_of(sky, field_half_width(sky))
    velocity = pictures[2]
    middle = PIXELS // 2
    red_minus_blue = velocity[..., 0] - velocity[..., 2]
    assert red_minus_blue[middle - 3 : middle + 3, middle + 6 : middle + 16].mean() > 0.2
    assert red_minus_blue[middle - 3 : middle + 3, middle - 16 : middle - 6].mean() < -0.2
    assert 0.5 * 60 < speed < 60


def test_a_galaxy_without_gas_has_gray_pictures():
    sky = project(plummer_galaxy(300), View(60.0))
    pictures, speed = pictures_of(sky, field_half_width(sky))
    assert speed == 0
    for picture in pictures[1:]:
        assert np.ptp(picture) == 0
    assert field_half_width(sky) == 5 * sky.R_hl_kpc


def test_pages_fill_up(tmp_path):
    from matplotlib.image import imread

    galaxies = [plummer_galaxy(150, seed=i, galaxy_id=f"g{i}") for i in range(COLUMNS * ROWS + 1)]
    pages = write_contact_sheet(iter(galaxies), tmp_path / "sheets")
    assert [page.name for page in pages] == ["sheet-001.png", "sheet-002.png"]
    first, second = (imread(page) for page in pages)
    assert first.shape[1] == second.shape[1]
    assert first.shape[0] > 5 * second.shape[0]
    assert second[:, second.shape[1] // 2 :, :3].min() == 1  # one galaxy, the rest is blank paper
    with pytest.raises(InputError, match="holds contact sheets already"):
        write_contact_sheet(galaxies, tmp_path / "sheets")


def test_an_inspection_lists_every_galaxy(tmp_path):
    seen = []
    found = inspect_source(
        BadSource(8, damaged=(2,)), SelectionConfig(exclude=("galaxy-1",)), tmp_path, on_galaxy=seen.append
    )
    assert (found.n_accepted, len(found.rejected), len(seen)) == (5, 3, 8)
    assert "5 galaxies drawn" in str(found)
    with found.table.open(newline="") as file:
        rows = {row["galaxy_id"]: row for row in csv.DictReader(file)}
    assert len(rows) == 8
    assert rows["galaxy-0"] == {
        "galaxy_id": "galaxy-0",
        "accepted": "yes",
        "reason": "",
        "page": "sheet-001.png",
        "warning": "",
    }
    assert rows["galaxy-2"]["reason"] == "file-2 is truncated."
    assert read_exclusions(found.exclude) == ("galaxy-1",)
    edited = found.exclude.read_text().replace("# galaxy-3 ", "galaxy-3 ")
    found.exclude.write_text(edited)
    assert set(read_exclusions(found.exclude)) == {"galaxy-1", "galaxy-3"}
    with pytest.raises(InputError, match="already"):
        inspect_source(BadSource(2), SelectionConfig(), tmp_path)


def test_the_virial_check_stands_in_the_list(tmp_path):
    class Hot(BadSource):
        def __getitem__(self, index):
            galaxy = super().__getitem__(index)
            if index == 1:
                hot = dataclasses.replace(galaxy.stars, velocity_kms=9 * galaxy.stars.velocity_kms)
                galaxy = dataclasses.replace(galaxy, stars=hot)
            warn_if_not_virial(galaxy)
            return galaxy

    found = inspect_source(Hot(3), SelectionConfig(), tmp_path)
    with found.table.open(newline="") as file:
        marked = [row["galaxy_id"] for row in csv.DictReader(file) if "virial ratio" in row["warning"]]
    assert marked == ["galaxy-1"]


@pytest.mark.skipif(not sandbox.IS_AVAILABLE, reason="processes are bounded on Linux alone")
def test_a_galaxy_that_ends_its_process_is_rejected(tmp_path):
    found = inspect_source(BadSource(6, damaged=(2,), deadly=(4,)), SelectionConfig(), tmp_path / "in", files=())
    assert found.n_accepted == 4
    assert dict(found.rejected).keys() == {"galaxy-2", "galaxy-4"}
    assert "needs more than" in dict(found.rejected)["galaxy-4"]
    inspect_source(BadSource(6, damaged=(2, 4)), SelectionConfig(), tmp_path / "here")
    sheets = [(tmp_path / folder / "sheet-001.png").read_bytes() for folder in ("in", "here")]
    assert sheets[0] == sheets[1]
