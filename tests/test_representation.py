"""Every public type shows itself in one line, and in a notebook as a table."""

import inspect

import numpy as np
import pytest
from cube_files import disc_cube, in_jy_per_beam, write_cube
from formula_posteriors import WolfPosterior
from html_reader import Reader
from models_for_tests import untrained
from samples_for_tests import hand_made
from stars_for_tests import CENTER, DISTANCE, star_table
from toy import toy_dataset

import stargas as sg
from stargas.observed.observation import observe

LONGEST = 300
"""Characters of the longest line."""


@pytest.fixture(scope="module")
def values(tmp_path_factory):
    """One value of each public type."""
    galaxy = sg.mock_suite("bursty", n_galaxies=3, seed=1)[2]
    path = write_cube(tmp_path_factory.mktemp("cube") / "cube.fits", in_jy_per_beam(disc_cube()[0]))
    cube = sg.read_hi(path)
    known = np.ones(cube.grid.shape, dtype=bool)
    data = toy_dataset(20)
    observed = observe(star_table(), name="<b>one</b>", distance_kpc=DISTANCE, center=CENTER, R_hl_kpc=0.3)
    result = sg.infer(observed, WolfPosterior(), n_draws=40)
    found = (
        data,
        galaxy,
        galaxy.stars,
        galaxy.gas,
        galaxy.dark,
        result,
        result.draws,
        observed,
        sg.find_galaxy("Fornax"),
        sg.project(galaxy, sg.View(60.0)),
        sg.View(60.0),
        hand_made(),
        cube,
        sg.MomentMaps(np.ones(cube.grid.shape), *np.zeros((2, *cube.grid.shape)), known, cube.grid),
        untrained(data),
        sg.read_stars(star_table()),
        sg.dark_matter(result, "1e5 0.1dex"),
        sg.forecast(1e7, 0.5, n_stars=100, n_galaxies=8),
    )
    return {type(value): value for value in found}


TYPES = [value for name in sg.__all__ if inspect.isclass(value := getattr(sg, name))]


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.__name__)
def test_a_value_shows_itself(kind, values):
    line, table = repr(values[kind]), values[kind]._repr_html_()
    assert kind.__name__ in line
    assert len(line) <= LONGEST
    assert "\n" not in line
    assert "array(" not in line
    reader = Reader()
    reader.feed(table)
    assert reader.open == []
    assert len("".join(reader.text)) > 20


def test_text_of_others_is_no_markup(values):
    page = values[sg.InferenceResult]._repr_html_()
    assert "&lt;b&gt;one&lt;/b&gt;" in page
    assert "<b>one" not in page


def test_a_table_of_a_result_is_its_profile(values):
    result = values[sg.InferenceResult]
    reader = Reader()
    reader.feed(result._repr_html_())
    text = "".join(reader.text)
    for mass in result.quantiles([0.5])[0]:
        assert f"{mass:.2f}" in text
    assert np.isfinite(result.r_kpc).all()
