"""A model evaluated without some tracers and under its priors."""

import numpy as np
import pytest

from evaluation.fakes import FakeDataset, FakePosterior
from stargas.config import ModelConfig
from stargas.errors import InputError
from stargas.evaluation.evaluate import evaluate
from stargas.evaluation.variants import with_variants

FAST = {"n_draws": 60, "n_resamples": 20, "strata": {}}
SIGMA = {None: 0.08, "stars": 0.12, "gas and R_hl": 0.2, "gas": 0.3}


class AnyPosterior(FakePosterior):
    """Wider the less it is conditioned on; biased by one sigma under the prior of the wrong suite."""

    def __init__(self, tracer_set=None, prior=None):
        super().__init__(SIGMA[tracer_set], bias=1.0 if prior == "smooth" else 0.0, tracers="any")
        self.config = ModelConfig(tracers="any", priors=("bursty", "smooth"))
        self.tracer_set, self.prior = tracer_set, prior

    def conditioned_on(self, tracer_set):
        return AnyPosterior(tracer_set, self.prior)

    def with_prior(self, prior):
        return AnyPosterior(self.tracer_set, prior)


def star():
    return FakePosterior(tracers="star")


def test_each_model_is_followed_by_its_variants():
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
    ("models", "without", "priors", "message"),
    [
        ({"A": AnyPosterior()}, [["R_hl"]], [], "R_hl cannot be hidden"),
        ({"A": AnyPosterior()}, [["stars", "gas"]], [], "stars and gas cannot be hidden"),
        ({"Star": star()}, [["gas"]], [], "no model can be evaluated without gas"),
        ({"A": AnyPosterior()}, [], ["elsewhere"], "no model has the prior elsewhere"),
    ],
)
def test_impossible_variants_are_refused(models, without, priors, message):
    with pytest.raises(InputError, match=message):
        with_variants(models, without, priors)


def test_variants_are_evaluated_side_by_side(tmp_path):
    data = FakeDataset.make(n_galaxies=80)
    found = evaluate(with_variants({"A": AnyPosterior()}, [["gas"], ["stars"]], ["smooth"]), data, tmp_path, **FAST)
    for name, tracer_set in (("A", None), ("A without gas", "stars"), ("A without stars", "gas and R_hl")):
        assert found.scores(name).accuracy.rms_dex.value == pytest.approx(SIGMA[tracer_set], rel=0.25)
    assert np.mean(found.scores("A, prior smooth").calibration.pulls.bias.value) == pytest.approx(1, abs=0.4)
    assert np.mean(found.scores("A").calibration.pulls.bias.value) == pytest.approx(0, abs=0.4)
    models = found.provenance.models
    assert [model.is_variant for model in models.values()] == [False, True, True, True]
    assert models["A without gas"].tracer_set == "stars"
    assert models["A, prior smooth"].prior == "smooth"
    assert len({model.digest for model in models.values()}) == 4


def test_a_model_without_stars_is_evaluated_where_there_is_gas(tmp_path):
    data = FakeDataset.make(n_galaxies=80, gas_share=0.6)
    test = data.split("test").catalogue
    assert evaluate({"A": AnyPosterior()}, data, tmp_path / "a", **FAST).n_samples == len(test)
    alone = evaluate(with_variants({"A": AnyPosterior()}, [["stars"]]), data, tmp_path / "b", **FAST)
    assert alone.n_samples == int(test["has_gas"].sum()) < len(test)
