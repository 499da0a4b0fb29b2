"""Figure and tables of a forecast."""

from dataclasses import replace

import numpy as np
import pytest

from stargas.errors import InputError
from stargas.inference.forecast import PLANNED, Forecast
from stargas.inference.observing_setup import ObservingSetup
from stargas.report.forecast import draw_forecast, improvement_table, planned_table, scope
from stargas.simulations.mock_suites.analogs import GalaxyTarget


def forecast(scans):
    """A forecast of four galaxies, whose widths are a fifth smaller with twice the stars."""
    setups = {PLANNED: ObservingSetup(100), "twice the stars": ObservingSetup(200)}
    width = np.stack([np.full((4, 5), 0.2), np.full((4, 5), 0.16)])
    ones = np.ones(4)
    return Forecast(GalaxyTarget(1e7, 0.5), setups, scans, width, np.ones((2, 4, 4)), 7 * ones, 0.5 * ones, 0 * ones)


SCANS = {"n_stars": (PLANNED, "twice the stars")}


def test_the_figure_has_a_column_per_observable_and_shows_the_widths():
    axes = draw_forecast(forecast(SCANS)).axes
    assert len(axes) == 2
    assert axes[1].get_xlabel() == "stars with velocities"
    np.testing.assert_allclose(axes[0].lines[0].get_xdata(), [100, 200])
    np.testing.assert_allclose(axes[0].lines[0].get_ydata(), [0.2, 0.16])


def test_bands_lie_inside_the_panels_that_share_an_axis():
    wide = forecast(SCANS | {"velocity_error_kms": (PLANNED, "poor")})
    spread = np.stack([*wide.half_width, 0.2 * np.array([1, 1, 3, 5])[:, None] * np.ones(5)])
    wide = replace(wide, setups={**wide.setups, "poor": ObservingSetup(100, 8.0)}, half_width=spread)
    for panel in draw_forecast(wide).axes:
        bottom, top = panel.get_ylim()
        assert bottom == 0
        assert top >= max(band.get_paths()[0].vertices[:, 1].max() for band in panel.collections)


def test_without_an_observable_there_is_no_figure():
    with pytest.raises(InputError, match="no observable"):
        draw_forecast(forecast({}))


def test_tables_and_words_say_the_widths():
    found = forecast(SCANS)
    assert planned_table(found).rows[0][1:] == ["0.200"] * 3
    assert improvement_table(found).rows[0][:2] == ["twice the stars", "-20 ± 0 %"]
    assert "without HI" in scope(found)
