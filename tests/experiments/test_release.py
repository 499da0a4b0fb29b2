"""A trained model is put where users find it, with a validity reference and card."""

import hashlib
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from disc_galaxies import disc_dataset
from models_for_tests import small_config
from results_for_tests import row, write_parts

from stargas.config import LocalConfig, TrainingConfig
from stargas.errors import DamagedFileError, InputError
from stargas.experiments import release
from stargas.experiments.default import REFERENCE
from stargas.experiments.plan import ModelSpec, Plan
from stargas.experiments.release import MAX_BYTES, MODEL, release_model
from stargas.inference.predictive_check import NEEDED
from stargas.inference.predictive_reference import FILE as PREDICTIVE
from stargas.inference.predictive_reference import load_predictive
from stargas.model.files import load_model
from stargas.report.results import FORMAT
from stargas.sample import without_tracer
from stargas.training.train import train_model
from stargas.validity.assessment import assess_validity
from stargas.validity.reference import FILE, load_validity

SMALL = small_config(
    {"residual.filters": ()},
    tracers="any",
    network="residual",
    features=True,
    baseline="scalars",
    further_targets=NEEDED,
)
TRAINING = TrainingConfig(epochs=1, flow_epochs=1, batch_size=64, cold_gas_only=False)
FILES = ("model.json", "model.safetensors", FILE, PREDICTIVE)


class SmallRun:
    """A run whose one model is trained already."""

    def __init__(self, out, data):
        self.out, self.data = out, data
        self.plan = Plan("small", 1.0, {}, {MODEL: ModelSpec(MODEL, ("discs",), SMALL, TRAINING)}, {}, {})

    def dataset(self, name):
        assert name == REFERENCE
        return self.data


@pytest.fixture(scope="module")
def data():
    data = disc_dataset(120, n_views=2)
    rng, table = np.random.default_rng(0), data.catalogue.copy()
    table["inclination_deg"] = rng.uniform(0, 90, len(table))
    for name in NEEDED[1:]:
        table[name] = rng.uniform(0, 0.5, len(table))
    return replace(data, catalogues=(table,))


@pytest.fixture(scope="module")
def trained(tmp_path_factory, data):
    out = tmp_path_factory.mktemp("runs")
    train_model(data, out / "models" / MODEL, SMALL, TRAINING, LocalConfig(progress=False))
    return SmallRun(out, data)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    rows = [row("StarGas", 0.1234, tested_on="shifted", trained_on="all")]
    part = {**FORMAT.stated, "part": "accuracy", "title": "", "stargas": "0.1.0", "scale": 1.0, "rows": rows}
    return write_parts(tmp_path_factory.mktemp("results"), {"accuracy": part})


@pytest.fixture(scope="module")
def released(tmp_path_factory, trained, results):
    folder = tmp_path_factory.mktemp("released") / "here"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stargas.inference.predictive_check.MIN_SAMPLES", 100)
        release_model(trained, results, folder)
    return folder


def digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}


def test_weights_description_validity_reference_and_card_are_there_and_nothing_else(released, trained):
    assert {path.name for path in released.iterdir()} == {*FILES, "card.md"}
    source = digests(trained.out / "models" / MODEL)
    assert {name: digests(released)[name] for name in FILES} == {name: source[name] for name in FILES}
    assert sum((released / name).stat().st_size for name in FILES) < MAX_BYTES


def test_it_is_read_and_answers_as_the_trained_one(released, trained, data):
    model, source = load_model(released), load_model(trained.out / "models" / MODEL)
    samples = [data[0], without_tracer(data[1], "gas"), without_tracer(data[2], "stars")]
    assert np.array_equal(model.sample(samples, 20), source.sample(samples, 20))


def test_the_validity_reference_knows_every_mix_of_tracers(released, data):
    reference, model = load_validity(released), load_model(released)
    assert set(reference.distributions) == {"stars", "gas", "stars+gas"}
    for sample in (data[2], without_tracer(data[2], "gas"), without_tracer(data[2], "stars")):
        (result,) = assess_validity(sample, model, reference)
        assert result.p_value is not None


def test_the_predictive_reference_knows_every_mix_of_tracers(released):
    assert set(load_predictive(released).distributions) == {"stars", "gas", "stars+gas"}


def test_the_card_is_of_this_model_and_quotes_the_results(released):
    card = (released / "card.md").read_text(encoding="utf-8")
    described = json.loads((released / "model.json").read_text())
    n = sum(int(np.prod(p.shape)) for p in load_model(released).network.parameters())
    about = described["about"]
    assert f"network of {n:,} parameters" in card
    assert f"stargas {described['stargas_version']}, license" in card
    assert f"{about['galaxies']:,} mock galaxies ({about['samples']:,} views) of the suites `discs`" in card
    assert "0.123 ± 0.002" in card
    assert "{" not in card
    for name, (low, high) in about["ranges"].items():
        assert f"{name} {low:.3g} to {high:.3g}" in card


def test_an_earlier_model_is_replaced(released, trained, results, tmp_path):
    folder = tmp_path / "here"
    folder.mkdir()
    for name in (*FILES, "card.md"):
        (folder / name).write_text("an earlier one")
    release_model(trained, results, folder)
    assert digests(folder) == digests(released)


def test_a_model_that_is_too_large_is_refused_and_nothing_copied(trained, results, tmp_path, monkeypatch):
    monkeypatch.setattr(release, "MAX_BYTES", 1000)
    with pytest.raises(
        InputError, match=r"the model has [\d,]+ bytes, more than the 1,000 of a release: make it smaller"
    ):
        release_model(trained, results, tmp_path / "here")
    assert not (tmp_path / "here").exists()


def test_without_results_there_is_no_card(trained, tmp_path):
    with pytest.raises(InputError, match="has no results"):
        release_model(trained, tmp_path, tmp_path / "here")
    assert not (tmp_path / "here" / "card.md").exists()


def test_a_model_that_is_not_trained_is_named(results, tmp_path):
    with pytest.raises(InputError, match="holds no model"):
        release_model(SmallRun(tmp_path, None), results, tmp_path / "here")


def test_a_reference_of_another_model_does_not_go_unnoticed(released, tmp_path):
    folder = tmp_path / "here"
    shutil.copytree(released, folder)
    described = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(described | {"weights_sha256": "0" * 64}))
    for load in (load_model, load_validity):
        with pytest.raises(DamagedFileError):
            load(folder)
