"""Fields show the stars between their edges alone; a fair posterior is covered, and a narrow one is not."""

import numpy as np
import pytest
from analytic import plummer_galaxy

from stargas.errors import InputError
from stargas.experiments.checks import edges as module
from stargas.experiments.checks.edges import FIELDS, MAX_STARS, score, see_fields, write_edges
from stargas.experiments.measurement import Origin
from stargas.experiments.others.galaxies import GalaxyOfOthers
from stargas.features.star_features import STAR_FEATURES
from stargas.map_settings import pretrained_settings
from stargas.model.files import load_model
from stargas.report.checks_page import edges_page

RINGS = {"inside half of R_hl": range(2), "inside R_hl": range(3), "beyond R_hl": range(3, 7), "anywhere": range(7)}
"""Field → bins of the dispersion profile in which it has stars."""


def test_a_field_has_stars_between_its_edges_alone():
    fields = see_fields(plummer_galaxy(4000), pretrained_settings())
    assert list(fields) == list(FIELDS)
    for name, sample in fields.items():
        share = [10 ** sample.star_features[STAR_FEATURES.index(f"log_share_bin_{k}")] for k in range(7)]
        seen = {k for k in range(7) if np.isfinite(share[k]) and share[k] > 1.01 / MAX_STARS}
        assert seen <= set(RINGS[name])
        assert max(RINGS[name][:4]) in seen
        assert sample.row["n_stars"] == MAX_STARS
        assert not sample.tracers[1]
    assert len({float(sample.scalars[0]) for sample in fields.values()}) == 1  # R_hl of all stars


def test_a_galaxy_without_stars_in_a_field_is_left_out():
    config = pretrained_settings()
    assert see_fields(plummer_galaxy(40), config) is None
    assert see_fields(plummer_galaxy(400), config) is not None


@pytest.mark.parametrize(("width", "covered"), [(1.0, True), (0.5, False)])
def test_a_fair_posterior_is_covered_and_a_narrow_one_is_not(width, covered):
    rng = np.random.default_rng(0)
    truth = rng.normal(8, 1, (1000, 3))
    middle = truth + 0.2 * rng.standard_normal((1000, 3))
    found = score(truth, middle[:, None] + 0.2 * width * rng.standard_normal((1000, 500, 3)))
    assert (np.abs(found["inside_68"] - 0.68) < 0.05).all() == covered
    assert (np.abs(found["inside_95"] - 0.95) < 0.03).all() == covered
    assert found["rms"] == pytest.approx([0.2] * 3, rel=0.1)
    assert found["bias"] == pytest.approx([0.0] * 3, abs=0.03)


def test_the_page_is_written_from_the_file(tmp_path, monkeypatch):
    galaxies = [GalaxyOfOthers(plummer_galaxy(n, galaxy_id=str(n)), "broad", "sphere") for n in (40, 900, 1000)]
    monkeypatch.setattr(module, "held_out_galaxies", lambda: iter(galaxies))
    origin = Origin("stargas experiment checks edges")
    with pytest.raises(InputError, match="none of 1 galaxies"):
        write_edges(load_model(), tmp_path, 1, origin, lambda _: None)
    write_edges(load_model(), tmp_path, 3, origin, lambda _: None)
    text, table = edges_page(tmp_path).parts
    assert "of 2 galaxies of `broad` that no model learned from (of 3:" in text.markdown
    assert [row[0] for row in table.rows] == list(FIELDS)
