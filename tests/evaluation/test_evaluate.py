"""From posteriors and a data set to files, and back."""

import json

import numpy as np
import pytest

from evaluation.fakes import FakeDataset, FakePosterior
from stargas.errors import DamagedFileError, InputError
from stargas.evaluation.calibration import NO_FAULT
from stargas.evaluation.evaluate import evaluate, read_evaluation

FAST = {"n_draws": 200, "n_resamples": 60}


@pytest.fixture(scope="module")
def data():
    return FakeDataset.make(n_galaxies=80, gas_share=0.8)


@pytest.fixture(scope="module")
def evaluation(data, tmp_path_factory):
    posteriors = {"Star": FakePosterior(0.12), "Gas": FakePosterior(0.25, bias=0.8), "StarGas": FakePosterior(0.08)}
    return evaluate(posteriors, data, tmp_path_factory.mktemp("evaluation"), **FAST)


def test_numbers_are_those_of_the_posteriors(evaluation):
    models = evaluation.results["models"]
    for name, sigma in (("Star", 0.12), ("StarGas", 0.08)):
        assert models[name]["all"]["accuracy"]["rms_dex"] == pytest.approx(sigma, rel=0.15)
        assert models[name]["all"]["calibration"]["verdict"] == [NO_FAULT]
        assert models[name]["all"]["calibration"]["coverage"]["0.68"]["mean"] == pytest.approx(0.68, abs=0.08)
    assert "biased high" in models["Gas"]["all"]["calibration"]["verdict"]
    assert evaluation.models == ("Star", "Gas", "StarGas")
    assert evaluation.results["n_samples"] == 240
    assert evaluation.results["n_galaxies"] == 40
    ratio = evaluation.ratio("StarGas")
    np.testing.assert_allclose(np.median(ratio, axis=0), models["StarGas"]["all"]["accuracy"]["median"], rtol=1e-6)


def test_estimators_stand_at_their_own_radii(evaluation):
    wolf = evaluation.results["estimators"]["wolf2010"]
    assert wolf["r_over_R_hl"] == [pytest.approx(4 / 3)]
    assert wolf["all"]["median"] == [pytest.approx(1.0, abs=0.01)]
    assert evaluation.results["estimators"]["walker2009"]["all"]["median"] == [pytest.approx(2.5 / 3, abs=0.01)]
    assert evaluation.results["estimators"]["hi_inclination"]["all"]["half_width"] == [pytest.approx(0, abs=1e-6)]
    assert len(evaluation.results["estimators"]["wolf_hi"]["all"]["median"]) == 10


def test_subsets_are_looked_at_one_by_one(evaluation, data):
    test = data.split("test").catalogue
    star = evaluation.results["models"]["Star"]
    assert star["edge-on"]["accuracy"]["n_samples"] == np.count_nonzero(test["inclination_deg"] == 90)
    assert star["M* > 10^9.5"]["accuracy"]["n_samples"] == np.count_nonzero(test["log10_stellar_mass"] >= 9.5)
    assert set(star) == set(evaluation.results["strata"])


def test_files_are_read_back_and_repeat(evaluation, data, tmp_path):
    again = read_evaluation(evaluation.folder)
    assert again.results == evaluation.results
    for name, values in evaluation.arrays.items():
        np.testing.assert_array_equal(again.arrays[name], values)
    repeated = evaluate({"Star": FakePosterior(0.12)}, data, tmp_path / "again", strata={}, **FAST)
    assert repeated.results["models"]["Star"]["all"] == evaluation.results["models"]["Star"]["all"]
    assert set(repeated.results["models"]["Star"]) == {"all"}
    other = evaluate({"Star": FakePosterior(0.12)}, data, tmp_path / "other", strata={}, seed=1, **FAST)
    assert other.results["models"] != repeated.results["models"]


def test_the_head_tells_the_ancestry(evaluation):
    provenance = evaluation.results["provenance"]
    assert provenance["dataset"] == {"suite": "fake", "seed": 0}
    assert len(provenance["dataset_digest"]) == 64
    assert provenance["models"]["Gas"]["model"] == {"tracers": "stargas"}


def test_models_that_need_gas_are_compared_where_there_is_gas(data, tmp_path):
    gas = FakePosterior(tracers="gas", tracer_share={"gas": 1.0, "stars": 1.0})
    found = evaluate({"Star": FakePosterior(), "Gas": gas}, data, tmp_path, strata={}, **FAST)
    with_gas = int(data.split("test").catalogue["has_gas"].sum())
    assert found.results["n_samples"] == with_gas
    assert found.results["n_left_out"] == 240 - with_gas
    tolerant = FakePosterior(tracers="gas", tracer_share={"gas": 0.8, "stars": 1.0})
    assert evaluate({"Gas": tolerant}, data, tmp_path / "2", strata={}, **FAST).results["n_left_out"] == 0


def test_a_subset_of_one_sample_has_numbers(data, tmp_path):
    lone = np.arange(240) == 7
    found = evaluate({"Star": FakePosterior()}, data, tmp_path, strata={"lone": lone, "empty": lone & ~lone}, **FAST)
    numbers = read_evaluation(tmp_path).results["models"]["Star"]["lone"]
    assert numbers["accuracy"]["n_samples"] == 1
    assert numbers["accuracy"]["half_width"] == [0.0] * 10
    assert numbers["calibration"]["verdict"] == ["too few galaxies for a verdict (1 of 20)"]
    assert "empty" not in found.results["strata"]


def test_bad_requests_are_told(evaluation, data, tmp_path):
    posterior = {"Star": FakePosterior()}
    with pytest.raises(InputError, match="already holds an evaluation"):
        evaluate(posterior, data, evaluation.folder, **FAST)
    with pytest.raises(InputError, match="at least one model"):
        evaluate({}, data, tmp_path)
    with pytest.raises(InputError, match="validation split of these galaxies has no samples"):
        evaluate(posterior, data, tmp_path, split="validation")
    with pytest.raises(InputError, match="stratum 'odd' needs one value for each of the 240 samples"):
        evaluate(posterior, data, tmp_path, strata={"odd": [True]})
    with pytest.raises(InputError, match="holds no evaluation"):
        read_evaluation(tmp_path)


def test_damage_is_noticed(evaluation, tmp_path):
    for name in ("evaluation.json", "evaluation.safetensors"):
        (tmp_path / name).write_bytes((evaluation.folder / name).read_bytes())
    body = tmp_path / "evaluation.safetensors"
    body.write_bytes(body.read_bytes()[:-7])
    with pytest.raises(DamagedFileError, match="evaluate again"):
        read_evaluation(tmp_path)
    head = json.loads((tmp_path / "evaluation.json").read_text())
    (tmp_path / "evaluation.json").write_text(json.dumps(head | {"format": 99}))
    with pytest.raises(InputError, match="update stargas"):
        read_evaluation(tmp_path)
    (tmp_path / "evaluation.json").write_text("{")
    with pytest.raises(DamagedFileError, match="make it again"):
        read_evaluation(tmp_path)
