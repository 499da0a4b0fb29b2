"""Dark matter on the page, on the terminal and in files is that of the draws."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from astropy.table import QTable
from disc_sample import Gaussian, disc_sample
from rich.console import Console

import stargas as sg
from stargas.constants import RAR_ACCELERATION
from stargas.profiles import ProfileDraws
from stargas.report.dark_matter import dark_matter_table, draw_dark_matter, observed_acceleration, print_dark_matter
from stargas.report.inference import repeat_command
from stargas.report.page import text_from


@pytest.fixture(scope="module")
def result():
    return sg.infer(disc_sample(), Gaussian(), n_draws=300, seed=3)


@pytest.fixture(scope="module")
def dark(result):
    return sg.dark_matter(result, "1e7 0.1dex", distance_kpc=900.0)


def test_the_rows_are_medians_and_percentiles(dark):
    rows = {row[0]: row for row in dark_matter_table(dark).rows}
    low, median, high = np.quantile(dark.values["v_max"], (0.16, 0.5, 0.84))
    row = rows["largest v_c within the radii"]
    assert row[1:] == ["km/s", f"{median:.1f} +{high - median:.1f} −{median - low:.1f}"]
    assert rows["log10 J(0.5°)"][2].startswith(f"{np.median(np.log10(dark.values['J'])):.2f}")
    assert "ρ(150 pc) (extrapolated)" in rows
    assert "ρ(R_hl)" in rows


@pytest.mark.parametrize("scale", [1.0, 1e-2, 1e-4])
def test_a_small_density_has_two_figures(dark, scale):
    thin = replace(dark, draws=replace(dark.draws, log10_mass=dark.draws.log10_mass + np.log10(scale)))
    (median,) = (row[2].split()[0] for row in dark_matter_table(thin).rows if row[0] == "ρ(R_hl)")
    assert len(median.replace(".", "").lstrip("0")) >= 2
    assert float(median) == pytest.approx(1e-8 * thin.quantiles("density_R_hl", 0.5), rel=0.05)


def in_nfw_halo(dark, scale_kpc):
    """The same galaxy, with draws of one NFW halo."""
    r = dark.draws.r_kpc
    mass = 4e8 * np.pi * scale_kpc**3 * (np.log1p(r / scale_kpc) - r / (r + scale_kpc))
    return replace(dark, draws=ProfileDraws(r, np.tile(np.log10(mass), (len(dark.draws), 1))))


@pytest.mark.parametrize(("scale", "rises"), [(10.0, True), (0.3, False)])  # in the last radius
def test_a_velocity_that_rises_to_the_last_radius_says_so(dark, scale, rises):
    labels = [row[0] for row in dark_matter_table(in_nfw_halo(dark, scale * dark.draws.r_kpc[-1])).rows]
    assert ("its radius (the last: v_c rises beyond)" in labels) is rises
    assert ("its radius" in labels) is not rises


def test_each_remark_on_the_numbers_begins_a_line(dark):
    halo = in_nfw_halo(dark, dark.draws.r_kpc[-1])
    assert "c_200" in halo.values
    for one, n in ((halo, 4), (replace(halo, distance_kpc=None), 3)):
        lines = [line for line in text_from("inference", "dark_matter", dark=one).markdown.splitlines() if line]
        assert len(lines) == n
        assert all(line.startswith("- ") and line.count("- ") == 1 for line in lines)


def test_without_a_distance_there_is_no_j(dark):
    assert not any("J" in row[0] for row in dark_matter_table(replace(dark, distance_kpc=None)).rows)


def test_the_terminal_has_the_table_and_what_needs_care(dark):
    console = Console(width=120, record=True, file=io.StringIO())
    print_dark_matter(dark, console)
    printed = console.export_text()
    assert "Dark matter, less stars of 1e+07 0.1dex Msun" in printed
    assert "150 pc lie outside the radii" in printed


def test_the_figure_shows_the_median_density_and_both_accelerations(dark):
    left, right = draw_dark_matter(dark).axes
    line = left.lines[0]
    np.testing.assert_allclose(line.get_ydata(), np.median(dark.density(line.get_xdata()), axis=0))
    x, y = right.containers[0].lines[0].get_data()
    total = dark.baryons_msun + 10**dark.draws.log10_mass
    np.testing.assert_allclose(y - x, np.median(np.log10(total), 0) - np.median(np.log10(dark.baryons_msun), 0))
    np.testing.assert_allclose(10 ** y[0], np.median(total[:, 0]) * 1.3938e-13 * 1e-3 / 0.36 * 1e-3, rtol=0.02)


def test_the_relation_has_its_two_limits():
    weak, strong = observed_acceleration(np.array([1e-16, 1e-6]))
    assert weak == pytest.approx(np.sqrt(1e-16 * RAR_ACCELERATION), rel=1e-2)
    assert strong == pytest.approx(1e-6, rel=1e-6)


def test_the_report_has_section_table_and_numbers(result, dark, tmp_path, monkeypatch):
    monkeypatch.setattr("stargas.report.style.DPI", 40)
    page = result.report(tmp_path / "with", dark=dark)
    text = page.read_text()
    assert "Dark matter" in text
    assert "times 1.33 for helium" not in text
    table = QTable.read(tmp_path / "with" / "dark_matter.ecsv")
    np.testing.assert_allclose(table["baryon_fraction_p50"], np.median(dark.baryon_fraction, axis=0))
    said = json.loads((tmp_path / "with" / "inference.json").read_text())["dark_matter"]
    assert said["quantiles"]["v_max"][2] == pytest.approx(np.median(dark.values["v_max"]))
    assert said["units"]["J"] == "GeV2/cm5"
    assert (tmp_path / "with" / "figures" / "dark_matter.png").exists()
    result.report(tmp_path / "without")
    assert not (tmp_path / "without" / "dark_matter.ecsv").exists()
    assert "ρ(150 pc)" not in (tmp_path / "without" / "report.html").read_text()


def test_a_galaxy_without_settings_has_no_command(result, dark):
    assert repeat_command(result, dark) == ""
