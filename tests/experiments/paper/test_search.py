"""The search for the settings: fair, recorded trial by trial, and resumed without doing anything twice."""

import json

import numpy as np
import pytest
from models_for_tests import small_config

from stargas.config import DataConfig, HIMapConfig, LocalConfig, SplitConfig, StarMapConfig, TrainingConfig, ViewConfig
from stargas.experiments.paper import search
from stargas.experiments.plan import DatasetSpec, ModelSpec, Plan, with_stars
from stargas.experiments.run import Run
from stargas.report.search import SEARCH, read_search

CONFIG = DataConfig(
    views=ViewConfig(n_views=3),
    stars=StarMapConfig(n_pixels=16, max_stars=300),
    gas=HIMapConfig(n_pixels=16),
    split=SplitConfig(validation=0.4, test=0.1),
)
TRAINING = TrainingConfig(batch_size=16, epochs=1, flow_epochs=1, cold_gas_only=False)


def new_run(folder, lines):
    models = {
        f"{tracers}_bursty": ModelSpec(f"{tracers}_bursty", ("bursty",), small_config(tracers=tracers), TRAINING)
        for tracers in ("star", "gas", "stargas")
    }
    data = {
        name: DatasetSpec(name, "bursty", 24, config)
        for name, config in (("bursty", CONFIG), ("bursty_kde_half", with_stars(CONFIG, bandwidth_factor=0.5)))
    }
    plan = Plan("paper", 1.0, data, models, {}, {})
    return Run(plan, folder / "runs", folder / "results", LocalConfig(workers=1, progress=False), log=lines.append)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(search, "N_GALAXIES", 20)
    monkeypatch.setattr(search, "EVERY", 2)
    monkeypatch.setattr(
        search,
        "NETWORK_SPACE",
        {"training.learning_rate": (1e-3, 1e-2), "model.compress_maps": (False,), search.BANDWIDTH: (0.5,)},
    )
    monkeypatch.setattr(search, "TREES_SPACE", {"max_iter": (2, 3, 4)})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("search")


def test_every_trial_is_recorded_and_none_is_made_twice(folder):
    lines = []
    path = search.write_search(new_run(folder, lines), 2)
    found = read_search(path.parent)
    assert len(found["trials"]) == 2 * 2 * 3
    assert all(np.isfinite(trial["loss"]) for trial in found["trials"])
    changed = [trial for trial in found["trials"] if trial["kind"] == "network" and trial["number"] == 1]
    assert [trial["model"] for trial in changed] == ["Gas", "Star", "StarGas"]
    assert len({json.dumps(trial["settings"]) for trial in changed}) == 1
    assert {trial["data"] for trial in changed} == {"bursty_kde_half"}
    assert set(changed[0]["history"]) == {"network", "flow"}
    assert sum(line.startswith("search ") for line in lines) == 12
    before = path.read_bytes()
    again = []
    search.write_search(new_run(folder, again), 2)
    assert path.read_bytes() == before
    assert not any(line.startswith("search ") for line in again)
    assert not [one for one in (folder / "runs" / SEARCH).iterdir() if one.is_dir()]


def test_a_trial_of_other_settings_stays_beside_the_new_one(folder, monkeypatch):
    before = len(read_search(search.write_search(new_run(folder, []), 2).parent)["trials"])
    monkeypatch.setattr(search, "TREES_SPACE", {"max_iter": (5,)})
    found = read_search(search.write_search(new_run(folder, []), 2).parent)["trials"]
    assert len(found) == before + 3


def test_a_training_that_diverges_is_a_trial_too(tmp_path, monkeypatch):
    monkeypatch.setattr(search, "trials", lambda n: [search.Trial(n, "Star", "network", {"training.batch_size": 16})])

    def fail(*_):
        raise search.StargasError("the loss is not finite")

    monkeypatch.setattr(search.Search, "_of_network", fail)
    (trial,) = read_search(search.write_search(new_run(tmp_path, []), 1).parent)["trials"]
    assert trial["loss"] is None
    assert trial["failure"] == "the loss is not finite"


def test_more_trials_leave_the_first_ones_as_they_are(monkeypatch):
    monkeypatch.undo()
    few, many = ([one for one in search.trials(n) if one.number < 3] for n in (3, 5))
    assert few == many
    assert {tuple(one.changes) for one in search.trials(1)} == {()}
    assert len({str(one.changes) for one in search.trials(20)}) > 10


def test_samples_of_all_data_sets_are_the_same_views(folder):
    found = search.Search(new_run(folder, []))
    one, other = (found.samples(name).catalogue for name in ("bursty", "bursty_kde_half"))
    for column in ("galaxy_id", "view", "split"):
        assert list(one[column]) == list(other[column])
    assert len(set(one["view"])) > 1  # no side is preferred
    assert len(set(one["galaxy_id"])) <= 20


def test_names_of_settings_lead_to_settings(folder, monkeypatch):
    monkeypatch.undo()
    run = new_run(folder, [])
    preset = search.Search(run).collect()["preset"]["network"]
    assert list(preset) == list(search.NETWORK_SPACE)
    for number in range(1, 30):
        changes = search.draw_changes(search.NETWORK_SPACE, number, "network")
        search.Search(run)._settings(search.Trial(number, "Gas", "network", changes))
    with pytest.raises(TypeError):
        search.Search(run)._settings(search.Trial(1, "Gas", "network", {"training.no_such": 1}))
