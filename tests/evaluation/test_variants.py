"""A model judged with tracers taken away and under its priors."""

from types import SimpleNamespace

import numpy as np
import pytest

from evaluation.fakes import FakeDataset, FakePosterior
from stargas.errors import InputError
from stargas.evaluation.evaluate import evaluate
from stargas.evaluation.variants import with_variants

FAST = {"n_draws": 60, "n_resamples": 20, "strata": {}}
SIGMA = {None: 0.08, "stars": 0.12, "gas and R_hl": 0.2, "gas": 0.3}


class AnyPosterior(FakePosterior):
    """Knows less the less it is given; biased by one sigma under the prior of the wrong suite."""

    def __init__(self, tracer_set=None, prior=None):
        super().__init__(SIGMA[tracer_set], bias=1.0 if prior == "smooth" else 0.0, tracers="any")
        self.config = SimpleNamespace(tracers="any", priors=("bursty", "smooth"))
        self.tracer_set, self.prior = tracer_set, prior

    def conditioned_on(self, tracer_set):
        return AnyPosterior(tracer_set, self.prior)

    def with_prior(self, prior):
        return AnyPosterior(self.tracer_set, prior)


def star():
    posterior = FakePosterior()
    posterior.config = SimpleNamespace(tracers="star", priors=())
    return posterior


def test_each_model_is_followed_by_what_it_says_without():
    models = {"A": AnyPosterior(), "Star": star()}
    found = with_variants(models, [["gas"], ["stars"], ["R_hl", "stars"]], ["bursty"])
    assert [(name, getattr(p, "tracer_set", None), getattr(p, "prior", None)) for name, p in found.items()] == [
        ("A", None, None),
        ("A without gas", "stars", None),
        ("A without stars", "gas and R_hl", None),
        ("A without stars and R_hl", "gas", None),
        ("A, prior bursty", None, "bursty"),
        ("Star", None, None),
    ]
    assert with_variants(models) == models


@pytest.mark.parametrize(
    ("models", "without", "priors", "said"),
    [
        ({"A": AnyPosterior()}, [["R_hl"]], [], "without R_hl is not known"),
        ({"A": AnyPosterior()}, [["stars", "gas"]], [], "without stars and gas is not known"),
        ({"Star": star()}, [["gas"]], [], "no model answers without gas"),
        ({"A": AnyPosterior()}, [], ["elsewhere"], "no model has the prior elsewhere"),
    ],
)
def test_what_no_model_can_do_is_told(models, without, priors, said):
    with pytest.raises(InputError, match=said):
        with_variants(models, without, priors)


def test_they_are_judged_side_by_side(tmp_path):
    data = FakeDataset.make(n_galaxies=80)
    found = evaluate(with_variants({"A": AnyPosterior()}, [["gas"], ["stars"]], ["smooth"]), data, tmp_path, **FAST)
    numbers = {name: subsets["all"] for name, subsets in found.results["models"].items()}
    for name, tracer_set in (("A", None), ("A without gas", "stars"), ("A without stars", "gas and R_hl")):
        assert numbers[name]["accuracy"]["rms_dex"] == pytest.approx(SIGMA[tracer_set], rel=0.25)
    assert np.mean(numbers["A, prior smooth"]["calibration"]["bias_sigma"]) == pytest.approx(1, abs=0.4)
    assert np.mean(numbers["A"]["calibration"]["bias_sigma"]) == pytest.approx(0, abs=0.4)
    asked = found.results["provenance"]["models"]
    assert "tracer_set" not in asked["A"]
    assert asked["A without gas"]["tracer_set"] == "stars"
    assert asked["A, prior smooth"]["prior"] == "smooth"
    assert len({about["digest"] for about in asked.values()}) == 4


def test_a_model_without_stars_is_judged_where_there_is_gas(tmp_path):
    data = FakeDataset.make(n_galaxies=80, gas_share=0.6)
    test = data.split("test").catalogue
    whole = evaluate({"A": AnyPosterior()}, data, tmp_path / "a", **FAST)
    assert whole.results["n_samples"] == len(test)
    blind = evaluate(with_variants({"A": AnyPosterior()}, [["stars"]]), data, tmp_path / "b", **FAST)
    assert blind.results["n_samples"] == int(test["has_gas"].sum()) < len(test)
