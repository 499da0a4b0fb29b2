"""The dark matter of mocks is scored by kind, and a fair posterior is covered."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from stargas.errors import DamagedFileError
from stargas.experiments import dark_matter as module
from stargas.experiments.dark_matter import MockDarkMatter, hi_map, rows_of, write_dark_matter
from stargas.experiments.measurement import Origin
from stargas.inference.baryons import hi_mass
from stargas.report.dark_matter_page import MOCKS, mocks_page, write_dark_matter_pages
from stargas.sky.hi_particles import SkyGas


def mocks(share, n, width):
    """Galaxies whose truths are normal draws, of posteriors that are ``width`` times as wide as they should be."""
    from scipy.stats import norm

    rng = np.random.default_rng(1)
    for off in rng.standard_normal((n, 4)):
        error = 0.2 * off
        error[2] = np.nan if share > 0.6 else error[2]
        yield MockDarkMatter(share, norm.cdf(-off / width), error, 0.05, 0.1)


def test_a_fair_posterior_is_covered_and_a_narrow_one_is_not():
    fair, narrow = (rows_of(list(mocks(0.1, 400, width)))[0]["mass_R_hl"] for width in (1.0, 0.5))
    assert fair["inside_68"] == pytest.approx(0.68, abs=0.06)
    assert fair["inside_95"] == pytest.approx(0.95, abs=0.03)
    assert narrow["inside_68"] < 0.5
    assert fair["rms"] == pytest.approx(0.2, rel=0.1)


def test_kinds_have_rows_of_their_own_and_missing_densities_none():
    rows = rows_of([*mocks(0.7, 5, 1.0), *mocks(0.1, 8, 1.0)])
    assert [(row["kind"], row["n_galaxies"]) for row in rows] == [(0, 8), (2, 5)]
    assert rows[0]["density_150pc"]["n"] == 8
    assert rows[1]["density_150pc"] is None


def test_the_map_holds_the_hi_of_the_particles():
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 1.0, (2, 5000))
    zero, mass = np.zeros(5000), np.full(5000, 2e3)
    found = hi_map(SkyGas(x, y, zero, mass, zero + 8000.0, zero + 0.1))
    assert hi_mass(found) == pytest.approx(1e7, rel=0.02)


def test_the_page_has_a_line_per_kind(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "measure_mocks", lambda *_: iter([*mocks(0.1, 8, 1.0), *mocks(0.7, 5, 1.0)]))
    write_dark_matter(None, tmp_path, 14, Origin("stargas experiment dark_matter"), lambda _: None)
    (page,) = write_dark_matter_pages(tmp_path)
    text = page.read_text()
    assert "| below 20 % | 8 |" in text
    assert "c_200: bias, rms [dex]" in text
    assert "| above 60 % | 5 |" in text
    assert "1 of them was refused" in text
    file = tmp_path / f"{MOCKS}.json"
    content = json.loads(file.read_text())
    del content["edges"]
    file.write_text(json.dumps(content))
    with pytest.raises(DamagedFileError, match="has no edges"):
        mocks_page(tmp_path)


def test_the_pages_in_the_repository_are_those_of_their_results(tmp_path):
    results = Path(__file__).parents[2] / "results" / "dark_matter"
    for part in results.glob("*.json"):
        shutil.copy(part, tmp_path)
    for page in write_dark_matter_pages(tmp_path):
        assert page.read_text() == (results / page.name).read_text()
