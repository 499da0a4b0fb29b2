import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import trainings
from toy import toy_dataset
from trainings import MODEL, QUIET, TRAINING, Interrupted, Interruption

from stargas.errors import DamagedFileError, InputError, StargasError
from stargas.model.files import load_model
from stargas.sample import without_tracer
from stargas.storage import locked
from stargas.training.train import train_model


@pytest.fixture(scope="module")
def data():
    return toy_dataset()


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    """Folder of a training that nothing disturbed."""
    folder = tmp_path_factory.mktemp("trained") / "model"
    train_model(data, folder, MODEL, TRAINING, QUIET, seed=3)
    return folder


@pytest.fixture(scope="module")
def interrupted(data, tmp_path_factory):
    """Folder of a training that was interrupted after the second of four epochs of the network."""
    folder = tmp_path_factory.mktemp("interrupted") / "model"
    interrupt(data, folder, Interruption("network", "last", 1, is_written=True))
    return folder


def interrupt(data, folder, interruption, training=TRAINING):
    with pytest.MonkeyPatch.context() as patched:
        interruption.install(patched)
        with pytest.raises(Interrupted):
            train_model(data, folder, MODEL, training, QUIET, seed=3)


def history_of(folder):
    return json.loads((folder / "history.json").read_text())


def weights_of(folder):
    return (folder / "model.safetensors").read_bytes()


def test_training_lowers_the_losses_and_the_error(tmp_path):
    data = toy_dataset(200)
    longer = replace(TRAINING, epochs=12, flow_epochs=20)
    posterior = train_model(data, tmp_path / "model", MODEL, longer, QUIET)
    history = history_of(tmp_path / "model")
    for stage, least in (("network", 0.1), ("flow", 0.003)):
        losses = [epoch["validation"] for epoch in history[stage]]
        assert min(losses) < losses[0] - least * abs(losses[0])
    test = data.split("test")
    truth = test.batch().log10_mass
    median = posterior.quantiles(test, 0.5, n=200)[:, 0]
    rms = np.sqrt(np.mean((median - truth) ** 2))
    assert rms < 0.12 < 0.3 * truth.std(), rms
    assert np.sqrt(np.mean((median[::-1] - truth) ** 2)) > 0.12


def test_a_model_states_what_it_was_trained_on(trained, data):
    about = load_model(trained).about
    training_set = data.where(np.asarray(data.catalogue["cold_gas_set"])).split("train")
    assert about["samples"] == len(training_set)
    assert about["seed"] == 3
    assert about["training"]["epochs"] == 4
    assert about["data"][0]["data_sets"][0]["source"]["name"] == "toy"
    assert about["validation"]["samples"] > 0


def test_the_folder_holds_what_it_should_and_nothing_else(trained):
    names = {path.name for path in trained.iterdir()}
    assert names - {".lock"} == {"model.json", "model.safetensors", "history.json", "training.json"}


def test_the_history_has_both_losses_of_each_epoch(trained):
    for epochs in history_of(trained).values():
        assert [epoch["epoch"] for epoch in epochs] == [0, 1, 2, 3]
        assert all(np.isfinite([epoch["training"], epoch["validation"]]).all() for epoch in epochs)


def test_the_same_seed_gives_the_same_model_and_another_another(trained, data, tmp_path):
    train_model(data, tmp_path / "same", MODEL, TRAINING, QUIET, seed=3)
    train_model(data, tmp_path / "other", MODEL, TRAINING, QUIET, seed=4)
    assert weights_of(tmp_path / "same") == weights_of(trained)
    assert weights_of(tmp_path / "other") != weights_of(trained)


def test_training_leaves_the_global_random_state_alone(data, tmp_path):
    torch.manual_seed(5)
    train_model(data, tmp_path / "model", MODEL, replace(TRAINING, epochs=1, flow_epochs=1), QUIET)
    after = torch.rand(3)
    torch.manual_seed(5)
    assert torch.equal(after, torch.rand(3))


@pytest.mark.parametrize(
    "interruption",
    [
        Interruption("network", "best", 0, is_written=False),
        Interruption("network", "last", 0, is_written=False),
        Interruption("network", "last", 1, is_written=True),
        Interruption("network", "last", 3, is_written=True),
        Interruption("flow", "last", 2, is_written=False),
        Interruption("flow", "last", 3, is_written=True),
    ],
    ids=lambda i: f"{i.stage}, {i.file}, epoch {i.epoch}, {'after' if i.is_written else 'before'}",
)
def test_an_interrupted_training_ends_as_an_undisturbed_one(trained, data, tmp_path, interruption):
    folder = tmp_path / "model"
    interrupt(data, folder, interruption)
    assert not (folder / "model.json").exists()
    train_model(data, folder, MODEL, TRAINING, QUIET, seed=3)
    assert weights_of(folder) == weights_of(trained)
    assert history_of(folder) == history_of(trained)


@pytest.mark.parametrize(
    "interruption",
    [Interruption("flow", "last", 3, is_written=True), Interruption("joint", "last", 1, is_written=True)],
)
def test_training_together_goes_on_too(data, tmp_path, interruption):
    together = replace(TRAINING, joint_epochs=3)
    train_model(data, tmp_path / "undisturbed", MODEL, together, QUIET, seed=3)
    assert [len(epochs) for epochs in history_of(tmp_path / "undisturbed").values()] == [4, 4, 3]
    interrupt(data, tmp_path / "model", interruption, together)
    train_model(data, tmp_path / "model", MODEL, together, QUIET, seed=3)
    assert weights_of(tmp_path / "model") == weights_of(tmp_path / "undisturbed")
    assert history_of(tmp_path / "model") == history_of(tmp_path / "undisturbed")


def test_training_together_raises_the_density_and_keeps_the_regression(trained, data, tmp_path):
    together = replace(TRAINING, joint_epochs=8, joint_learning_rate=2e-3)
    joint = train_model(data, tmp_path / "model", MODEL, together, QUIET, seed=3).about["validation"]
    alone = load_model(trained).about["validation"]
    assert joint["log_prob"] > alone["log_prob"] + 0.1
    assert joint["network_rms_dex"] < 1.1 * alone["network_rms_dex"]


def test_a_training_that_had_stopped_early_is_not_trained_on(data, tmp_path):
    hasty = replace(TRAINING, patience=1, epochs=20, learning_rate=0.1)
    train_model(data, tmp_path / "undisturbed", MODEL, hasty, QUIET, seed=3)
    epochs = history_of(tmp_path / "undisturbed")["network"]
    assert 1 < len(epochs) < 20
    assert epochs[-1]["validation"] > epochs[-2]["validation"]
    interrupt(data, tmp_path / "model", Interruption("network", "last", len(epochs) - 1, is_written=True), hasty)
    train_model(data, tmp_path / "model", MODEL, hasty, QUIET, seed=3)
    assert history_of(tmp_path / "model")["network"] == epochs
    assert weights_of(tmp_path / "model") == weights_of(tmp_path / "undisturbed")


def test_an_interrupted_training_goes_on_in_a_folder_that_was_moved(interrupted, trained, data, tmp_path):
    shutil.copytree(interrupted, tmp_path / "elsewhere")
    train_model(data, tmp_path / "elsewhere", MODEL, TRAINING, QUIET, seed=3)
    assert weights_of(tmp_path / "elsewhere") == weights_of(trained)


def test_a_damaged_checkpoint_is_one_sentence_that_says_what_to_delete(interrupted, trained, data, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(interrupted, folder)
    checkpoint = folder / "checkpoints" / "network" / "last.ckpt"
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    with pytest.raises(DamagedFileError) as caught:
        train_model(data, folder, MODEL, TRAINING, QUIET, seed=3)
    assert str(caught.value) == (
        f"the checkpoint {checkpoint} is missing or damaged: delete the folder {checkpoint.parent} and train again."
    )
    shutil.rmtree(checkpoint.parent)
    train_model(data, folder, MODEL, TRAINING, QUIET, seed=3)
    assert weights_of(folder) == weights_of(trained)


def test_a_second_training_in_the_same_folder_is_refused(data, tmp_path):
    (tmp_path / "model").mkdir()
    with (
        locked(tmp_path / "model", "training"),
        pytest.raises(InputError, match=r"another training is writing to .*model: wait for it"),
    ):
        train_model(data, tmp_path / "model", MODEL, TRAINING, QUIET)


@pytest.mark.parametrize(
    ("stage", "name"), [("network", "learning_rate"), ("flow", "flow_learning_rate"), ("joint", "joint_learning_rate")]
)
def test_a_training_that_diverges_gives_no_model(data, tmp_path, stage, name):
    training = replace(TRAINING, joint_epochs=2)
    object.__setattr__(training, name, 1e30)  # beyond the bounds of the setting, so that it diverges for certain
    with pytest.raises(StargasError, match=rf"the training of the {stage} diverged.* lower training\.{name}"):
        train_model(data, tmp_path / "model", MODEL, training, QUIET)
    assert not (tmp_path / "model" / "model.json").exists()


def test_ctrl_c_ends_a_training_as_it_ends_anything(trained, data, tmp_path, monkeypatch):
    def press():
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patched:
        Interruption("network", "last", 1, is_written=True).install(patched, press)
        with pytest.raises(KeyboardInterrupt):
            train_model(data, tmp_path / "model", MODEL, TRAINING, QUIET, seed=3)
    assert signal.getsignal(signal.SIGINT) is before
    train_model(data, tmp_path / "model", MODEL, TRAINING, QUIET, seed=3)
    assert weights_of(tmp_path / "model") == weights_of(trained)


def test_a_finished_training_is_not_redone(trained, data, monkeypatch):
    monkeypatch.setattr("stargas.training.train.fit_stage", None)
    again = train_model(data, trained, MODEL, TRAINING, replace(QUIET, memory_gb=1.0), seed=3)
    assert again.about == load_model(trained).about


@pytest.mark.parametrize(
    ("changed", "difference"),
    [
        ({"training": replace(TRAINING, epochs=5)}, r"training\.epochs is 4 there and 5 here"),
        ({"model": replace(MODEL, tracers="star")}, r'model\.tracers is "stargas" there and "star" here'),
        ({"seed": 4}, "seed is 3 there and 4 here"),
        ({"datasets": toy_dataset(seed=9)}, "data"),
    ],
)
def test_other_settings_in_the_same_folder_are_refused(trained, data, changed, difference):
    call = {"datasets": data, "model": MODEL, "training": TRAINING, "seed": 3, **changed}
    with pytest.raises(InputError, match=difference):
        train_model(out=trained, local=QUIET, **call)


def test_another_selection_of_samples_is_other_data(trained, data):
    massive = data.where(data.batch().log10_mass[:, 0] > np.median(data.batch().log10_mass[:, 0]))
    with pytest.raises(InputError, match="other settings"):
        train_model(massive, trained, MODEL, TRAINING, QUIET, seed=3)


def test_the_test_split_is_not_touched(data, tmp_path):
    """Masses of the test split that would ruin any training change nothing."""
    shard = data.shards[0]
    ruined = shard.arrays["log10_mass"].copy()
    ruined[np.asarray(data.catalogue["split"]) == "test"] = np.nan
    changed = replace(data, shards=(type(shard)(shard.config, **{**shard.arrays, "log10_mass": ruined}),))
    short = replace(TRAINING, epochs=1, flow_epochs=1)
    train_model(data, tmp_path / "a", MODEL, short, QUIET)
    train_model(changed, tmp_path / "b", MODEL, short, QUIET)
    assert weights_of(tmp_path / "a") == weights_of(tmp_path / "b")


@pytest.mark.slow
@pytest.mark.parametrize("memory_gb", [1.0, 0.0])
def test_a_flow_is_trained_on_the_network_of_another_model(trained, data, tmp_path, memory_gb):
    network_of = load_model(trained)
    model = replace(MODEL, maf=replace(MODEL.maf, transforms=1))
    together = replace(TRAINING, joint_epochs=2)  # but for the network, which is to stay
    posterior = train_model(
        data, tmp_path / "model", model, together, replace(QUIET, memory_gb=memory_gb), network_of=network_of
    )
    test = data.split("test")
    assert np.array_equal(posterior.features(test), network_of.features(test))
    assert list(history_of(tmp_path / "model")) == ["flow"]
    other = replace(MODEL, convolutional=replace(MODEL.convolutional, dense=(8,)))
    with pytest.raises(InputError, match=r"the given network was made with other settings \(convolutional\.dense"):
        train_model(data, tmp_path / "other", other, TRAINING, QUIET, network_of=network_of)


def _script(body):
    """Return a script that runs a training of these tests in processes of its own."""
    head = f"""
        import os, signal, sys
        from dataclasses import replace
        sys.path.insert(0, {str(Path(trainings.__file__).parent)!r})
        from toy import toy_dataset
        from trainings import MODEL, QUIET, TRAINING, Interruption
        from stargas.training.train import train_model
        if __name__ == "__main__":
    """
    return textwrap.dedent(head) + textwrap.indent(textwrap.dedent(body).strip(), "    ")


@pytest.mark.slow
@pytest.mark.parametrize("network", ["convolutional", "residual"])
def test_one_model_answers_for_any_tracers(tmp_path, network):
    """The answer for a galaxy without gas does not change when gas is added to its arrays but not observed."""
    data = toy_dataset(200, no_gas=0.2)
    model = replace(
        MODEL,
        tracers="any",
        network=network,
        features=True,
        baseline="scalars",
        priors=("bursty", "smooth"),
        calibrate=True,
    )
    longer = replace(TRAINING, epochs=10, flow_epochs=10, augment=True, cold_gas_only=False)
    posterior = train_model(data, tmp_path / "model", model, longer, QUIET)
    test = data.split("test")
    whole = [sample for sample in test if sample.tracers.all()]
    truth = np.stack([sample.log10_mass for sample in whole])
    for hidden, tracer_set in (("gas", "stars"), ("stars", "gas and R_hl")):
        alone = [without_tracer(sample, hidden) for sample in whole]
        unobserved = [replace(sample, tracers=one.tracers) for sample, one in zip(whole, alone, strict=True)]
        draws = posterior.sample(alone, 100)
        assert np.array_equal(posterior.sample(unobserved, 100), draws)
        assert np.array_equal(posterior.conditioned_on(tracer_set).sample(whole, 100), draws)
        assert not np.array_equal(posterior.sample(whole, 100), draws)
        rms = np.sqrt(np.mean((np.median(draws, axis=1) - truth) ** 2))
        assert rms < 0.4 * truth.std(), (tracer_set, rms)
    loaded = load_model(tmp_path / "model")
    assert loaded.config.priors == ("bursty", "smooth")
    assert np.array_equal(loaded.flow.scale, posterior.flow.scale)
    assert not np.array_equal(loaded.flow.scale, np.ones(10))
    for prior in (None, "bursty"):
        draws = (one.with_prior(prior).sample(whole[:5], 50) for one in (loaded, posterior))
        assert np.array_equal(*draws)


@pytest.mark.slow
def test_a_killed_process_goes_on_where_it_was(trained, data, tmp_path):
    body = f"""
        import pytest, torch
        torch.set_num_threads({torch.get_num_threads()})  # on which the order of sums depends
        kill = lambda: os.kill(os.getpid(), signal.SIGKILL)
        Interruption("network", "last", 1, is_written=True).install(pytest.MonkeyPatch(), kill)
        train_model(toy_dataset(), {str(tmp_path / "model")!r}, MODEL, TRAINING, QUIET, seed=3)
    """
    (tmp_path / "run.py").write_text(_script(body))
    ended = subprocess.run([sys.executable, "run.py"], cwd=tmp_path, check=False, capture_output=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    train_model(data, tmp_path / "model", MODEL, TRAINING, QUIET, seed=3)
    assert weights_of(tmp_path / "model") == weights_of(trained)


@pytest.fixture(scope="module")
def script_of_processes(tmp_path_factory):
    """Script that trains on the stated devices and nodes; dropout off, so that only the order of sums differs."""
    body = """
        devices, nodes = map(int, sys.argv[2:])
        local = replace(QUIET, devices=devices, nodes=nodes)
        model = replace(MODEL, convolutional=replace(MODEL.convolutional, dropout=0.0))
        train_model(toy_dataset(), sys.argv[1], model, TRAINING, local, seed=3)
    """
    path = tmp_path_factory.mktemp("processes") / "run.py"
    path.write_text(_script(body))
    return path


@pytest.fixture(scope="module")
def trained_by_one(script_of_processes):
    folder = script_of_processes.parent / "one"
    _run_processes(script_of_processes, folder, devices=1, environments=[{}])
    return folder


def _run_processes(script, folder, devices, environments):
    """Start the script once for each environment, as a user would on each node, and wait for all."""
    command = [sys.executable, str(script), str(folder), str(devices), str(len(environments))]
    processes = [
        subprocess.Popen(command, stderr=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1", **environment})
        for environment in environments
    ]
    for process in processes:
        _, errors = process.communicate(timeout=600)
        assert process.returncode == 0, errors.decode()


@pytest.mark.slow
@pytest.mark.parametrize(("devices", "nodes"), [(2, 1), (1, 2)])
def test_two_processes_train_the_model_that_one_trains(trained_by_one, script_of_processes, tmp_path, devices, nodes):
    """Data-parallel training on two CPU processes: of one machine, or as if of two."""
    environments = [{}]
    if nodes == 2:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(probe.getsockname()[1])}
        environments = [{**address, "NODE_RANK": rank} for rank in "01"]
    folder = tmp_path / "two"
    _run_processes(script_of_processes, folder, devices, environments)
    one, two = history_of(trained_by_one), history_of(folder)
    assert np.allclose([e["validation"] for e in one["network"]], [e["validation"] for e in two["network"]], rtol=1e-3)
    first, last = one["network"][0]["validation"], one["network"][-1]["validation"]
    assert abs(last / first - 1) > 1e-2  # it moved at all
    ours, theirs = one["flow"][-1]["validation"], two["flow"][-1]["validation"]
    assert ours == pytest.approx(theirs, abs=0.3)
    load_model(folder)
    assert {path.name for path in folder.iterdir()} == {path.name for path in trained_by_one.iterdir()}
