"""Images of a contact sheet have the colors of what they show, and stand where they belong."""

import numpy as np
import pytest

from stargas.report.contact_sheet import EMPTY, PIXELS, GalaxyImages, Tile, compose, save_sheet

ROW, COLUMN = np.mgrid[:PIXELS, :PIXELS]


def disk():
    """HI that recedes on the right and is measured in the lower half alone."""
    measured = PIXELS / 2 > ROW
    velocity = np.where(measured, (COLUMN - PIXELS / 2) * 2.0, 0.0)
    return np.stack([np.full((PIXELS, PIXELS), 5.0), velocity, np.where(measured, 8.0, 0.0)])


def test_a_tracer_that_is_missing_is_gray():
    images = GalaxyImages(None, None)
    assert images.top_speed_kms == 0
    np.testing.assert_array_equal(images.rgb(), EMPTY)


def test_the_receding_side_is_red_and_the_first_row_is_the_top():
    velocity = np.split(GalaxyImages(None, disk()).rgb(), 3, axis=1)[2]
    np.testing.assert_array_equal(velocity[: PIXELS // 2], EMPTY)  # the upper half is not measured
    right, left = velocity[-1, -3], velocity[-1, 3]
    assert right[0] > right[2]
    assert left[2] > left[0]


def test_the_full_color_is_the_98th_percentile_of_the_measured_speeds():
    speeds = np.abs(disk()[1][: PIXELS // 2])
    assert GalaxyImages(None, disk()).top_speed_kms == pytest.approx(np.percentile(speeds, 98))


def test_more_stars_are_brighter():
    light = GalaxyImages(1.0 + COLUMN, None).rgb()[:, :PIXELS].sum(axis=2)
    assert (np.diff(light[0]) >= 0).all()
    assert light[0, -1] > light[0, 0]


def test_galaxies_fill_rows_from_the_left():
    black = GalaxyImages(np.zeros((PIXELS, PIXELS)), None)
    canvas = compose([Tile(black)] * 3, columns=2, gap=4, strip=6)
    assert canvas.shape == (2 * (PIXELS + 6) + 4, 2 * (3 * PIXELS + 4) + 4, 3)
    tops = [6, 6, 6 + PIXELS + 6]
    lefts = [4, 4 + 3 * PIXELS + 4, 4]
    for top, left in zip(tops, lefts, strict=True):
        np.testing.assert_array_equal(canvas[top : top + PIXELS, left : left + 3 * PIXELS], black.rgb())
    assert canvas[tops[2] :, lefts[1] :].min() == 1  # no fourth galaxy


def test_a_sheet_is_a_png_with_long_names(tmp_path):
    path = save_sheet([Tile(GalaxyImages(None, None), "a" * 80, "label")], 1, tmp_path / "sheet.png")
    assert path.read_bytes().startswith(b"\x89PNG")
