"""From posteriors and a data set to scores."""

import numpy as np
import pytest

from evaluation.fakes import FakeDataset, FakePosterior
from stargas.errors import InputError
from stargas.evaluation.accuracy import accuracy
from stargas.evaluation.bootstrap import bootstrap_galaxies
from stargas.evaluation.calibration import NO_FAULT
from stargas.evaluation.evaluate import evaluate

FAST = {"n_draws": 200, "n_resamples": 60}


@pytest.fixture(scope="module")
def data():
    return FakeDataset.make(n_galaxies=80, gas_share=0.8)


@pytest.fixture(scope="module")
def result(data, tmp_path_factory):
    posteriors = {"Star": FakePosterior(0.12), "Gas": FakePosterior(0.25, bias=0.8), "StarGas": FakePosterior(0.08)}
    return evaluate(posteriors, data, tmp_path_factory.mktemp("evaluation"), **FAST)


@pytest.mark.parametrize(("name", "sigma"), [("Star", 0.12), ("StarGas", 0.08)])
def test_scores_are_those_of_the_posteriors(result, name, sigma):
    scores = result.scores(name)
    assert scores.accuracy.rms_dex.value == pytest.approx(sigma, rel=0.15)
    assert scores.calibration.verdict == (NO_FAULT,)
    assert scores.calibration.coverage[0].mean.value == pytest.approx(0.68, abs=0.08)
    ratio = result.ratio(name)
    np.testing.assert_allclose(np.median(ratio, axis=0), scores.accuracy.median.value, rtol=1e-6)


def test_a_biased_model_is_found(result):
    assert "biased high" in result.scores("Gas").calibration.verdict


def test_the_result_counts_what_was_evaluated(result):
    assert list(result.models) == list(result.summaries) == ["Star", "Gas", "StarGas"]
    assert (result.n_samples, result.n_galaxies, result.n_left_out) == (240, 40, 0)
    assert result.r_over_R_hl[result.nearest_radius(1.05)] == pytest.approx(1.0)


def test_estimators_stand_at_their_own_radii(result):
    wolf = result.estimators["wolf2010"]
    assert wolf.r_over_R_hl == pytest.approx([4 / 3])
    assert wolf.strata["all"].median.value == pytest.approx([1.0], abs=0.01)
    assert result.estimators["hi_inclination"].strata["all"].half_width.value == pytest.approx([0], abs=1e-6)
    assert len(result.estimators["wolf_hi"].strata["all"].median.value) == 10


def test_strata_are_evaluated_on_their_own(result, data):
    table = data.split("test").catalogue
    mask = np.asarray(table["inclination_deg"] == 90)
    scores = result.scores("Star", "edge-on").accuracy
    assert scores.n_samples == np.count_nonzero(mask)
    groups = np.char.add("fake/", np.asarray(table["galaxy_id"]).astype(str))[mask]
    bootstrap = bootstrap_galaxies(groups, FAST["n_resamples"], result.seed)
    alone = accuracy(result.summaries["Star"].median[mask], result.samples.log10_mass[mask], bootstrap)
    np.testing.assert_array_equal(scores.half_width.value, alone.half_width.value)
    np.testing.assert_array_equal(scores.half_width.error, alone.half_width.error)
    assert result.strata["M* > 10^9.5"] == np.count_nonzero(table["log10_stellar_mass"] >= 9.5)
    assert set(result.models["Star"].strata) == set(result.strata)


def test_a_model_has_the_same_scores_whatever_stands_beside_it(result, data, tmp_path):
    alone = evaluate({"Star": FakePosterior(0.12)}, data, tmp_path / "alone", strata={}, **FAST)
    np.testing.assert_array_equal(alone.summaries["Star"].quantiles, result.summaries["Star"].quantiles)
    assert alone.scores("Star").accuracy.rms_dex.error == result.scores("Star").accuracy.rms_dex.error
    assert set(alone.strata) == {"all"}
    other = evaluate({"Star": FakePosterior(0.12)}, data, tmp_path / "other", strata={}, seed=1, **FAST)
    assert not np.array_equal(other.summaries["Star"].quantiles, result.summaries["Star"].quantiles)


def test_the_example_is_one_galaxy_with_gas_from_several_sides(result):
    samples = result.example.samples
    assert len({sample.row["galaxy_id"] for sample in samples}) == 1
    assert [sample.row["inclination_deg"] for sample in samples] == [30.0, 60.0, 90.0]
    assert all(sample.tracers.all() for sample in samples)
    for row, sample in zip(result.example.rows, samples, strict=True):
        np.testing.assert_allclose(sample.log10_mass, result.samples.log10_mass[row], rtol=1e-6)


def test_models_that_need_gas_are_compared_where_there_is_gas(data, tmp_path):
    gas = FakePosterior(tracers="gas", tracer_share={"gas": 1.0, "stars": 1.0})
    found = evaluate({"Star": FakePosterior(), "Gas": gas}, data, tmp_path, strata={}, **FAST)
    with_gas = int(data.split("test").catalogue["has_gas"].sum())
    assert (found.n_samples, found.n_left_out) == (with_gas, 240 - with_gas)
    tolerant = FakePosterior(tracers="gas", tracer_share={"gas": 0.8, "stars": 1.0})
    assert evaluate({"Gas": tolerant}, data, tmp_path / "2", strata={}, **FAST).n_left_out == 0


def test_a_stratum_of_one_sample_has_scores(data, tmp_path):
    lone = np.arange(240) == 7
    found = evaluate({"Star": FakePosterior()}, data, tmp_path, strata={"lone": lone, "empty": lone & ~lone}, **FAST)
    scores = found.scores("Star", "lone")
    assert scores.accuracy.n_samples == 1
    assert scores.accuracy.half_width.value.tolist() == [0.0] * 10
    assert scores.calibration.verdict == ("too few galaxies for a verdict (1 of 20)",)
    with pytest.raises(InputError, match="no stratum 'empty': use one of all, lone"):
        found.scores("Star", "empty")
    with pytest.raises(InputError, match="no model 'Gas'"):
        found.scores("Gas")


def test_bad_requests_are_refused(result, data, tmp_path):
    posterior = {"Star": FakePosterior()}
    with pytest.raises(InputError, match="already holds an evaluation"):
        evaluate(posterior, data, result.folder, **FAST)
    with pytest.raises(InputError, match="at least one model"):
        evaluate({}, data, tmp_path)
    with pytest.raises(InputError, match="validation split of these galaxies has no samples"):
        evaluate(posterior, data, tmp_path, split="validation")
    with pytest.raises(InputError, match="stratum 'odd' needs one value for each of the 240 samples"):
        evaluate(posterior, data, tmp_path, strata={"odd": [True]})
