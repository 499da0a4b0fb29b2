import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u
from disc_sample import disc_sample
from formula_posteriors import WolfPosterior
from models_for_tests import untrained
from toy import toy_dataset

from stargas.errors import InputError
from stargas.inference.infer import infer


@pytest.fixture(scope="module")
def result():
    return infer(disc_sample(), WolfPosterior("stargas"), n_draws=400, seed=1)


def test_quantiles_are_those_of_the_draws(result):
    np.testing.assert_array_equal(result.quantiles([0.5]), np.median(result.log10_mass, axis=0)[None])
    assert result.quantiles().shape == (5, 10)
    with pytest.raises(InputError, match=r"0\.16 for 16 %"):
        result.quantiles([16])


def test_the_table_has_units(result):
    table = result.to_table()
    assert table["r_kpc"].unit == u.kpc
    np.testing.assert_allclose(table["r_kpc"].to_value(u.pc), 1e3 * result.r_kpc)
    masses = table["log10_mass_p50"].physical
    np.testing.assert_allclose(masses.to_value(u.Msun), 10 ** result.quantiles([0.5])[0])
    np.testing.assert_allclose(table["log10_mass_true"].value, result.log10_true)
    np.testing.assert_allclose(table["r_over_R_hl"], result.sample.r_kpc / result.sample.scalars[0])


def test_the_table_prints_few_digits(result):
    words = " ".join(result.to_table().pformat(max_lines=-1, max_width=-1)).split()
    assert max(map(len, words[-5:])) <= 6
    assert f"{result.quantiles([0.5])[0, -1]:.3f}" in words


def test_the_representation_fits_on_a_line(result):
    text = repr(result)
    low, median, high = result.quantiles([0.16, 0.5, 0.84])[:, 2]
    assert "\n" not in text
    assert f"log10 M(<1 kpc) = {median:.2f} +{high - median:.2f} -{median - low:.2f}" in text
    assert "disc (StarGas)" in text
    assert "validity not checked" in text


def test_plot_draws_the_profile(result):
    figure = result.plot()
    line = figure.axes[0].lines[0]
    np.testing.assert_allclose(line.get_ydata(), result.quantiles([0.5])[0])
    assert figure._repr_png_().startswith(b"\x89PNG")  # what a notebook shows


def test_the_draws_as_a_labeled_array(result):
    array = result.to_xarray()
    assert array["log10_mass"].dims == ("chain", "draw", "r_kpc")
    np.testing.assert_array_equal(array["log10_mass"].sel(chain=0), result.log10_mass)
    np.testing.assert_array_equal(array["r_kpc"], result.r_kpc)
    assert u.Unit(array["log10_mass"].attrs["units"]) == u.dex(u.Msun)
    assert array.attrs["name"] == result.name
    assert array.attrs["R_hl_kpc"] == result.R_hl_kpc


def test_arviz_takes_it(result):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # that arviz will change
        arviz = pytest.importorskip("arviz")
        summary = arviz.summary(result.to_xarray(), round_to="none")
    np.testing.assert_allclose(summary["mean"], result.log10_mass.mean(axis=0))


def test_without_xarray_one_sentence_says_what_to_install(result, monkeypatch):
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(InputError, match=r"pip install 'stargas\[analysis\]'"):
        result.to_xarray()


def test_derived_quantities_follow_from_the_draws(result):
    speed = result.draws.circular_velocity(1.0)
    np.testing.assert_allclose(np.median(speed), np.sqrt(3) * 10, rtol=0.02)


def test_what_is_predicted_beside_the_masses_is_a_table(result):
    assert len(result.further_table()) == 0
    data = toy_dataset(10)
    table = data.catalogue.copy()
    table["inclination_deg"] = np.linspace(0, 90, len(table))
    known = replace(data, catalogues=(table,))
    posterior = untrained(known, further_targets=("cos_inclination",))
    result = infer(data[0], posterior, n_draws=200, occlusion=False)
    np.testing.assert_array_equal(result.further["cos_inclination"], posterior.sample_targets(data[0], 200)[0, :, 10])
    np.testing.assert_allclose(result.log10_mass, posterior.sample_targets(data[0], 200)[0, :, :10])
    row = result.further_table()[0]
    angles = np.degrees(np.arccos(np.clip(np.abs(result.further["cos_inclination"]), 0, 1)))
    assert row["quantity"] == "inclination_deg"
    assert row["p16"] == pytest.approx(np.quantile(angles, 0.16))
    assert row["p16"] != pytest.approx(np.quantile(angles, 0.5))
