"""Figs. 1 to 3 are drawn of a galaxy like the paper's, and the page shows them."""

from PIL import Image

from stargas.config import DataConfig, ModelConfig, TrainingConfig, ViewConfig
from stargas.experiments.paper.inputs import LOG10_STELLAR_MASS, similar_galaxy, write_inputs
from stargas.experiments.paper.plan import paper_plan
from stargas.experiments.run import Run
from stargas.report.paper_inputs import FIGURES, input_figures, read_inputs
from stargas.simulations.mock_suites.suites import mock_suite


def test_the_galaxy_is_the_one_nearest_in_mass_that_has_gas():
    suite = mock_suite("bursty", 300)
    chosen = suite.properties(similar_galaxy(suite))
    assert chosen.hi_mass_msun > 0
    nearer = [
        one.id
        for one in map(suite.properties, range(300))
        if abs(one.log10_stellar_mass - LOG10_STELLAR_MASS) < abs(chosen.log10_stellar_mass - LOG10_STELLAR_MASS)
        and one.hi_mass_msun > 0
    ]
    assert set(nearer) <= set(suite.mergers())


def test_figures_and_captions_are_those_of_one_galaxy(tmp_path):
    assert read_inputs(tmp_path) is None
    plan = paper_plan(DataConfig(views=ViewConfig(n_views=3)), ModelConfig(), TrainingConfig(), 0.01)
    write_inputs(Run(plan, tmp_path / "runs", tmp_path, log=[].append))
    shown = input_figures(read_inputs(tmp_path), tmp_path / "figures")
    assert [figure.path.stem for figure in shown] == list(FIGURES)
    for figure in shown:
        with Image.open(figure.path) as image:
            assert min(image.size) > 400
    assert "90°, 80°, 70°, 60°" in shown[1].caption
    assert "bursty-0-" in shown[0].caption
