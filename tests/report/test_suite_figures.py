"""Figures of a suite."""

from stargas.report.suite_figures import Example, draw_examples
from stargas.sample import make_samples
from stargas.simulations.mock_suites.suites import mock_suite


def test_maps_of_examples_are_drawn_with_y_upward():
    suite = mock_suite("smooth", 30)
    index = next(i for i in range(30) if suite.properties(i).n_stars < 3000 and suite.properties(i).n_gas > 500)
    sample = make_samples(suite[index])[0]
    figure = draw_examples([Example(8.0, (60.0,), [sample])])
    assert [axes.images[0].origin for axes in figure.axes] == ["lower"] * 5
