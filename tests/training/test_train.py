import json
import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from toy import toy_dataset

from stargas.config import LocalConfig, ModelConfig, TrainingConfig
from stargas.errors import InputError
from stargas.model.inputs import measure_scaling
from stargas.model.posterior import load_model
from stargas.sample import without_tracer
from stargas.training import stages
from stargas.training.batches import Batches, InMemory, Streamed, in_order, shuffled, training_rows
from stargas.training.train import train_model

MODEL = ModelConfig(filters=(2, 4), dense=(24,), flow_transforms=2, flow_hidden=(24, 24))
TRAINING = TrainingConfig(batch_size=32, epochs=4, flow_epochs=4, learning_rate=1e-2, flow_learning_rate=1e-2)
QUIET = LocalConfig(progress=False, accelerator="cpu")


@pytest.fixture(scope="module")
def data():
    return toy_dataset()


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    """Folder of a training that nothing disturbed."""
    folder = tmp_path_factory.mktemp("trained") / "model"
    train_model(data, folder, MODEL, TRAINING, QUIET, seed=3)
    return folder


def _history(folder):
    return json.loads((folder / "history.json").read_text())


def test_training_learns(tmp_path):
    data = toy_dataset(200)
    longer = replace(TRAINING, epochs=12, flow_epochs=20)
    posterior = train_model(data, tmp_path / "model", MODEL, longer, QUIET)
    history = _history(tmp_path / "model")
    for stage, least in (("network", 0.1), ("flow", 0.003)):
        losses = [epoch["validation"] for epoch in history[stage]]
        assert min(losses) < losses[0] - least * abs(losses[0])
    test = data.split("test")
    truth = test.batch().log10_mass
    median = posterior.quantiles(test, 0.5, n=200)[:, 0]
    rms = np.sqrt(np.mean((median - truth) ** 2))
    assert rms < 0.12 < 0.3 * truth.std(), rms
    assert np.sqrt(np.mean((median[::-1] - truth) ** 2)) > 0.12


def test_a_model_tells_what_it_learned_from(trained, data):
    about = load_model(trained).about
    learned = data.where(np.asarray(data.catalogue["cold_gas_set"])).split("train")
    assert about["samples"] == len(learned)
    assert about["galaxies"] == len(set(learned.catalogue["galaxy_id"]))
    assert about["tracer_share"] == {"stars": 1.0, "gas": 1.0}
    sigma = learned.batch().scalars[:, 1]
    assert about["ranges"]["sigma_kms"] == [sigma.min(), sigma.max()]
    assert np.allclose(about["radii_R_hl"], np.linspace(0.6, 2.4, 10))
    assert about["seed"] == 3
    assert about["training"]["epochs"] == 4
    assert about["data"][0]["data_sets"][0]["source"]["name"] == "toy"
    assert about["validation"]["samples"] > 0


def test_the_folder_holds_what_it_should_and_nothing_else(trained):
    names = {path.name for path in trained.iterdir()}
    assert names == {"model.json", "model.safetensors", "history.json", "training.json"}


def test_the_same_seed_gives_the_same_model_and_another_another(trained, data, tmp_path):
    train_model(data, tmp_path / "same", MODEL, TRAINING, QUIET, seed=3)
    train_model(data, tmp_path / "other", MODEL, TRAINING, QUIET, seed=4)
    weights = (trained / "model.safetensors").read_bytes()
    assert (tmp_path / "same" / "model.safetensors").read_bytes() == weights
    assert (tmp_path / "other" / "model.safetensors").read_bytes() != weights


def test_training_leaves_the_global_random_state_alone(data, tmp_path):
    torch.manual_seed(5)
    train_model(data, tmp_path / "model", MODEL, replace(TRAINING, epochs=1, flow_epochs=1), QUIET)
    after = torch.rand(3)
    torch.manual_seed(5)
    assert torch.equal(after, torch.rand(3))


class Interrupted(Exception):  # noqa: N818 (a stand-in for a kill)
    pass


@pytest.mark.parametrize(
    ("stage", "epoch", "written"),
    [("network", 0, False), ("network", 1, True), ("network", 3, True), ("flow", 2, False), ("flow", 3, True)],
)
def test_an_interrupted_training_ends_as_an_undisturbed_one(
    trained, data, tmp_path, monkeypatch, stage, epoch, written
):
    write = stages._AfterEachEpoch.on_train_epoch_end

    def interrupted(self, trainer, module):
        now = module.settings.name == stage and module.epochs_done == epoch + 1
        if written or not now:
            write(self, trainer, module)
        if now:
            raise Interrupted

    folder = tmp_path / "model"
    with monkeypatch.context() as patched:
        patched.setattr(stages._AfterEachEpoch, "on_train_epoch_end", interrupted)
        with pytest.raises(Interrupted):
            train_model(data, folder, MODEL, TRAINING, QUIET, seed=3)
    assert not (folder / "model.json").exists()
    train_model(data, folder, MODEL, TRAINING, QUIET, seed=3)
    assert (folder / "model.safetensors").read_bytes() == (trained / "model.safetensors").read_bytes()
    assert _history(folder) == _history(trained)


def test_a_finished_training_is_not_redone(trained, data, monkeypatch):
    monkeypatch.setattr("stargas.training.train.run_stage", None)
    again = train_model(data, trained, MODEL, TRAINING, replace(QUIET, memory_gb=1.0), seed=3)
    assert again.about == load_model(trained).about


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"training": replace(TRAINING, epochs=5)}, "training.epochs was 4 and is 5"),
        ({"model": replace(MODEL, tracers="star")}, "model.tracers was stargas and is star"),
        ({"seed": 4}, "seed was 3 and is 4"),
        ({"datasets": toy_dataset(seed=9)}, "data"),
    ],
)
def test_other_settings_in_the_same_folder_are_refused(trained, data, changed, named):
    call = {"datasets": data, "model": MODEL, "training": TRAINING, "seed": 3, **changed}
    with pytest.raises(InputError, match=named):
        train_model(out=trained, local=QUIET, **call)


def test_another_choice_of_samples_is_other_data(trained, data):
    massive = data.where(data.batch().log10_mass[:, 0] > np.median(data.batch().log10_mass[:, 0]))
    with pytest.raises(InputError, match="other settings"):
        train_model(massive, trained, MODEL, TRAINING, QUIET, seed=3)


def test_an_empty_split_is_named(data, tmp_path):
    nothing = data.where(np.asarray(data.catalogue["split"]) == "train")
    with pytest.raises(InputError, match=r"validation split with training\.cold_gas_only is empty"):
        train_model(nothing, tmp_path, MODEL, TRAINING, QUIET)


def test_the_cold_gas_set_is_a_choice(data, tmp_path):
    short = replace(TRAINING, epochs=1, flow_epochs=1, cold_gas_only=False)
    posterior = train_model([data, toy_dataset(seed=8)], tmp_path / "all", MODEL, short, QUIET)
    assert posterior.about["samples"] == 2 * len(data.split("train"))


def test_the_test_split_is_not_touched(data, tmp_path):
    """Masses of the test split that would ruin any training change nothing."""
    shard = data.shards[0]
    ruined = shard.arrays["log10_mass"].copy()
    ruined[np.asarray(data.catalogue["split"]) == "test"] = np.nan
    changed = replace(data, shards=(type(shard)(shard.config, **{**shard.arrays, "log10_mass": ruined}),))
    short = replace(TRAINING, epochs=1, flow_epochs=1)
    train_model(data, tmp_path / "a", MODEL, short, QUIET)
    train_model(changed, tmp_path / "b", MODEL, short, QUIET)
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in "ab"]
    assert weights[0] == weights[1]


def test_streamed_and_remembered_samples_are_the_same_bits(data):
    scaling = measure_scaling(data, MODEL)
    remembered = training_rows(data, scaling, MODEL, memory_gb=1.0)
    streamed = training_rows(data, scaling, MODEL, memory_gb=1e-6)
    assert isinstance(remembered, InMemory)
    assert isinstance(streamed, Streamed)
    assert streamed.memory_gb < 1e-6 < remembered.memory_gb < 1.0
    chosen = np.array([5, 0, 17])
    for one, other in zip(remembered.take(chosen), streamed.take(chosen), strict=True):
        assert one.dtype == other.dtype
        assert np.array_equal(one.numpy(), other.numpy(), equal_nan=True)


def test_an_epoch_is_a_permutation_that_seed_and_epoch_decide():
    order = shuffled(100, 32, seed=1, epoch=0)
    assert len(order) == 96
    assert len(set(order)) == 96
    assert np.array_equal(order, shuffled(100, 32, seed=1, epoch=0))
    assert not np.array_equal(order, shuffled(100, 32, seed=1, epoch=1))
    assert not np.array_equal(order, shuffled(100, 32, seed=2, epoch=0))
    assert len(shuffled(10, 32, seed=1, epoch=0)) == 10


def test_processes_share_every_batch():
    rows = InMemory((torch.arange(10.0),))
    parts = [[batch[0].tolist() for batch in Batches(rows, 4, in_order, rank=rank, world_size=2)] for rank in range(2)]
    assert parts == [[[0, 2], [4, 6], [7, 9]], [[1, 3], [5], [8]]]
    assert len(Batches(rows, 4, in_order)) == 3


def test_an_error_in_the_background_reaches_the_trainer():
    class Broken(InMemory):
        def take(self, indices):
            if indices[0] >= 4:
                raise InputError("damaged")
            return super().take(indices)

    taken = []
    with pytest.raises(InputError, match="damaged"):
        taken.extend(Batches(Broken((torch.arange(10.0),)), 4, in_order))
    assert len(taken) == 1


def _script(body):
    head = f"""
        import sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from test_training import *
        if __name__ == "__main__":
    """
    return textwrap.dedent(head) + textwrap.indent(textwrap.dedent(body).strip(), "    ")


@pytest.mark.slow
@pytest.mark.parametrize("design", ["paper", "fusion"])
def test_one_model_answers_for_any_tracers(tmp_path, design):
    """What a galaxy without gas is told does not change when gas is added to its arrays but not observed."""
    data = toy_dataset(200, no_gas=0.2)
    model = replace(
        MODEL,
        tracers="any",
        design=design,
        numbers=True,
        baseline="scalars",
        priors=("bursty", "smooth"),
        calibrate=True,
    )
    longer = replace(TRAINING, epochs=10, flow_epochs=10, augment=True, cold_gas_only=False)
    posterior = train_model(data, tmp_path / "model", model, longer, QUIET)
    test = data.split("test")
    whole = [sample for sample in test if sample.tracers.all()]
    truth = np.stack([sample.log10_mass for sample in whole])
    for hidden, case in (("gas", "stars"), ("stars", "gas and R_hl")):
        alone = [without_tracer(sample, hidden) for sample in whole]
        named = [replace(sample, tracers=one.tracers) for sample, one in zip(whole, alone, strict=True)]
        draws = posterior.sample(alone, 100)
        assert np.array_equal(posterior.sample(named, 100), draws)
        assert np.array_equal(posterior.conditioned_on(case).sample(whole, 100), draws)
        assert not np.array_equal(posterior.sample(whole, 100), draws)
        rms = np.sqrt(np.mean((np.median(draws, axis=1) - truth) ** 2))
        assert rms < 0.4 * truth.std(), (case, rms)
    loaded = load_model(tmp_path / "model")
    assert loaded.config.priors == ("bursty", "smooth")
    assert np.array_equal(loaded.flow.stretch, posterior.flow.stretch)
    assert not np.array_equal(loaded.flow.stretch, np.ones(10))
    for prior in (None, "bursty"):
        draws = (one.with_prior(prior).sample(whole[:5], 50) for one in (loaded, posterior))
        assert np.array_equal(*draws)


@pytest.mark.slow
def test_a_killed_process_goes_on_where_it_was(trained, data, tmp_path):
    body = f"""
        write = stages._AfterEachEpoch.on_train_epoch_end
        def kill(self, trainer, module):
            write(self, trainer, module)
            if module.settings.name == "network" and module.epochs_done == 2:
                os.kill(os.getpid(), signal.{signal.SIGKILL.name})
        stages._AfterEachEpoch.on_train_epoch_end = kill
        train_model(toy_dataset(), {str(tmp_path / "model")!r}, MODEL, TRAINING, QUIET, seed=3)
    """
    (tmp_path / "run.py").write_text(_script(body))
    ended = subprocess.run([sys.executable, "run.py"], cwd=tmp_path, check=False, capture_output=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    train_model(data, tmp_path / "model", MODEL, TRAINING, QUIET, seed=3)
    assert (tmp_path / "model" / "model.safetensors").read_bytes() == (trained / "model.safetensors").read_bytes()


@pytest.mark.slow
def test_two_processes_learn_what_one_learns(tmp_path):
    """Data-parallel training on two CPU processes; dropout off, so that only the order of sums differs."""
    body = """
        model = replace(MODEL, dropout=0.0)
        train_model(toy_dataset(), sys.argv[1], model, TRAINING, replace(QUIET, devices=int(sys.argv[2])), seed=3)
    """
    (tmp_path / "run.py").write_text(_script(body))
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    for name in ("1", "2"):
        command = [sys.executable, "run.py", str(tmp_path / name), name]
        ended = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, env=env)
        assert ended.returncode == 0, ended.stderr.decode()
    one, two = _history(tmp_path / "1"), _history(tmp_path / "2")
    assert np.allclose([e["validation"] for e in one["network"]], [e["validation"] for e in two["network"]], rtol=1e-3)
    first, last = one["network"][0]["validation"], one["network"][-1]["validation"]
    assert abs(last / first - 1) > 1e-2  # it moved at all
    ours, theirs = one["flow"][-1]["validation"], two["flow"][-1]["validation"]
    assert ours == pytest.approx(theirs, abs=0.3)
    load_model(tmp_path / "2")
