import io
import json
from dataclasses import replace
from types import SimpleNamespace

import absurd
import numpy as np
import pytest
import torch
from disc_galaxies import N_PIXELS, disc_dataset
from rich.console import Console
from toy import standardized

from stargas.cli import train
from stargas.config import LocalConfig, ModelConfig, TrainingConfig
from stargas.errors import DamagedFileError, InputError
from stargas.model.flow import MassFlow
from stargas.model.inputs import measure_scaling, prepare
from stargas.model.network import MassNetwork
from stargas.model.posterior import Posterior
from stargas.report.inference import print_inference, write_inference
from stargas.sample import SCALARS
from stargas.validity import validity as module
from stargas.validity.validity import FALSE_ALARMS, ValidityResult, fit_limits, load_limits

SMALL = {"filters": (2, 4), "dense": (16,), "n_features": 4, "flow_transforms": 2, "flow_hidden": (16, 16)}


def untrained(data, tracers):
    """A model of random weights, with all its parts in place."""
    config = ModelConfig(tracers=tracers, **SMALL)
    scaling = measure_scaling(data, config)
    torch.manual_seed(0)
    network, flow = MassNetwork(config, n_pixels=N_PIXELS), MassFlow(config)
    batch = data.batch()
    with torch.no_grad():
        inputs = prepare(batch, scaling, config)
        flow.set_features(network.features(inputs.maps, inputs.numbers))
        flow.set_whitening(standardized(scaling, inputs, batch.log10_mass))
    low, high = batch.scalars.min(axis=0), batch.scalars.max(axis=0)
    ranges = {name: [low[i], high[i]] for i, name in enumerate(SCALARS)}
    about = {"n_pixels": N_PIXELS, "ranges": ranges, "data": [{"data_sets": [{"config": {}}]}]}
    return Posterior(config, network, flow, scaling, about)


@pytest.fixture(scope="module")
def data():
    return disc_dataset(300, n_views=3)


@pytest.fixture(scope="module")
def others():
    """Galaxies that no limits were learned from."""
    return list(disc_dataset(120, n_views=2, seed=1))


@pytest.fixture(scope="module")
def models(data):
    posteriors = {tracers: untrained(data, tracers) for tracers in ("star", "gas", "stargas")}
    return {tracers: (p, fit_limits(p, data)) for tracers, p in posteriors.items()}


def flagged(samples, model):
    posterior, limits = model
    return np.mean([judged.flagged for judged in limits.check(samples, posterior)])


@pytest.mark.parametrize("tracers", ["star", "gas", "stargas"])
def test_few_galaxies_like_those_learned_from_are_flagged(models, others, tracers):
    assert flagged(others, models[tracers]) <= 4 * FALSE_ALARMS


def test_chances_of_usual_galaxies_are_those_of_chance(models, others):
    posterior, limits = models["stargas"]
    chances = np.array([judged.chance for judged in limits.check(others, posterior)])
    for level in (0.1, 0.3, 0.5):
        assert np.mean(chances < level) == pytest.approx(level, abs=0.1)


ABSURD = {
    "pixels in random order": absurd.noise_maps,
    "white noise": absurd.normal_noise_maps,
    "zero maps": absurd.zero_maps,
    "scalars of others": absurd.scalars_of_others,
    "sigma x 10": lambda s: absurd.scaled(s, "sigma_kms", 10),
    "R_hl x 30": lambda s: absurd.scaled(s, "R_hl_kpc", 30),
    "R_HI x 10": lambda s: absurd.scaled(s, "R_HI_kpc", 10),
    "v_cold x 10": lambda s: absurd.scaled(s, "v_cold_kms", 10),
    "R-v map turned": lambda s: absurd.turned(s, absurd.RV),
    "moment 0 turned": lambda s: absurd.turned(s, absurd.MOMENT_0),
    "moment 1 turned": lambda s: absurd.turned(s, absurd.MOMENT_1),
}


@pytest.mark.parametrize("kind", ABSURD)
def test_absurd_inputs_are_flagged(models, others, kind):
    assert flagged(ABSURD[kind](others[::3]), models["stargas"]) >= 0.9


def test_a_model_judges_only_what_it_sees(models, others):
    assert flagged(absurd.scaled(others, "v_cold_kms", 10), models["star"]) <= 4 * FALSE_ALARMS
    assert flagged(absurd.scaled(others, "sigma_kms", 10), models["gas"]) <= 4 * FALSE_ALARMS
    assert flagged(absurd.turned(others, absurd.RV), models["gas"]) <= 4 * FALSE_ALARMS


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("zero maps", "Mask and maps contradict each other"),
        ("pixels in random order", "As a whole, this is unlike all galaxies"),
        ("sigma x 10", "sigma_kms does not fit the R-v map"),
        ("R_hl x 30", "R_hl_kpc = .* lies outside the training set"),
        ("R_HI x 10", "R_HI_kpc is 10 times the radius where moment 0 falls below"),
        ("v_cold x 10", "v_cold_kms is .* times the rotation that moment 1 shows"),
        ("R-v map turned", "The R-v map is less symmetric in velocity than in radius"),
        ("moment 1 turned", "Moments 0, 1 and 2 do not show gas in the same pixels"),
    ],
)
def test_each_warning_says_what_is_wrong(models, others, kind, words):
    posterior, limits = models["stargas"]
    inclined = [sample for sample in others if sample.scalars[SCALARS.index("v_cold_kms")] > 20][:5]
    for judged in limits.check(ABSURD[kind](inclined), posterior):
        assert judged.flagged
        with pytest.raises(AssertionError, match=words):
            raise AssertionError(judged.warnings)


def test_usual_galaxies_are_not_warned_of(models, others):
    posterior, limits = models["stargas"]
    judged = limits.check(others[0], posterior)
    assert len(judged) == 1
    assert judged[0].warnings == judged[0].unchecked == ()
    assert "are at least as odd." in judged[0].summary


def test_maps_of_an_absent_tracer_contradict_the_mask(models, others):
    posterior, limits = models["gas"]
    sample = replace(others[0], tracers=np.array([False, True]))
    assert not limits.check(sample, posterior)[0].flagged  # the stars, which this model does not see
    posterior, limits = models["stargas"]
    without = fit_limits(posterior, disc_dataset(80, seed=2), without=("gas", "stars"))
    assert set(without.usual) == {"stars+gas", "stars", "gas"}
    sample = replace(others[0], tracers=np.array([True, False]))
    assert "Mask and maps" in without.check(sample, posterior)[0].warnings[0]
    blank = replace(
        sample, maps=sample.maps * (np.arange(5) < 2)[:, None, None], scalars=sample.scalars * (np.arange(5) < 2)
    )
    assert not without.check(blank, posterior)[0].flagged
    judged = limits.check(blank, posterior)[0]
    assert judged.flagged
    assert judged.chance is None
    assert "too few galaxies with stars alone" in judged.warnings[0]


def test_what_cannot_be_checked_is_said(models, others):
    posterior, limits = models["stargas"]
    judged = limits.check(absurd.without_units(others), posterior)
    assert {j.unchecked for j in judged} == {("sigma_scale", "R_HI", "sigma")}
    assert "Not checked, for want of the unit of a map: sigma_scale, R_HI, sigma." in judged[0].summary
    assert np.mean([j.flagged for j in judged]) <= 4 * FALSE_ALARMS


@pytest.fixture
def folder(models, tmp_path):
    posterior, limits = models["stargas"]
    posterior.save(tmp_path)
    limits.save(tmp_path)
    return tmp_path


def test_what_is_read_judges_as_what_was_written(models, others, folder):
    posterior, limits = models["stargas"]
    assert (folder / module.FILE).stat().st_size < 200_000
    before, after = (each.check(others, posterior) for each in (limits, load_limits(folder)))
    # What is more usual than the median has a chance of 1; rounding puts one at the median on either side of it.
    now, then = (np.minimum([j.chance for j in judged], 0.5) for judged in (after, before))
    np.testing.assert_allclose(now, then, rtol=1e-2)


def test_a_model_without_limits_has_none(folder):
    (folder / module.FILE).unlink()
    assert load_limits(folder) is None


def test_damaged_or_foreign_limits_are_refused(models, folder, tmp_path):
    path = folder / module.FILE
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    with pytest.raises(DamagedFileError, match="is damaged"):
        load_limits(folder)
    later = whole.replace(b'\\"format_version\\": 1', b'\\"format_version\\": 9')
    assert later != whole
    path.write_bytes(later)
    with pytest.raises(InputError, match="later stargas"):
        load_limits(folder)
    models["star"][0].save(tmp_path / "star")
    (tmp_path / "star" / module.FILE).write_bytes(whole)
    with pytest.raises(DamagedFileError, match="is not of the model beside it"):
        load_limits(tmp_path / "star")


def test_too_few_galaxies_are_no_measure(models):
    with pytest.raises(InputError, match="limits need 40 validation galaxies with the same tracers, got 30"):
        fit_limits(models["star"][0], disc_dataset(30))


class TestInference:
    def test_warnings_are_on_page_terminal_and_file(self, models, others, tmp_path):
        posterior, limits = models["stargas"]
        views = [others[0], *absurd.scaled(others[:1], "R_HI_kpc", 10)]
        found = write_inference(views, posterior, tmp_path, ["as is", "wrong"], n_draws=50, limits=limits)
        assert found.warnings[0] == ()
        console = Console(width=300, record=True, file=io.StringIO())
        print_inference(found, console)
        printed, page = console.export_text(), (tmp_path / "report.html").read_text()
        described = json.loads((tmp_path / "inference.json").read_text())["views"]
        for text in (printed, page, "".join(described[1]["warnings"])):
            assert "R_HI_kpc is 10 times the radius where moment 0 falls below" in text
        assert len(set(found.warnings[1])) == len(found.warnings[1])
        for text in (printed, page):
            assert text.count("do not believe this answer") == 1
            assert text.count("are at least as odd") == 2
        assert described[1]["limits"]["chance"] < FALSE_ALARMS < described[0]["limits"]["chance"]

    def test_a_model_without_limits_says_so(self, models, others, tmp_path):
        found = write_inference(others[0], models["star"][0], tmp_path, n_draws=50)
        console = Console(width=300, record=True, file=io.StringIO())
        print_inference(found, console)
        for text in (console.export_text(), found.report.read_text()):
            assert text.count("The model carries no limits") == 1
        assert json.loads((tmp_path / "inference.json").read_text())["views"][0]["limits"] is None


@pytest.mark.parametrize("n_galaxies", [80, 40])
def test_training_ends_with_limits(monkeypatch, tmp_path, capsys, n_galaxies):
    data = disc_dataset(n_galaxies)
    monkeypatch.setattr("stargas.dataset.store.open_dataset", lambda _path: data)
    posterior = untrained(data, "star")

    def trained(_datasets, out, **_settings):
        posterior.save(out)
        return posterior

    monkeypatch.setattr("stargas.training.train.train_model", trained)
    settings = SimpleNamespace(model=posterior.config, training=TrainingConfig(), local=LocalConfig())
    train.run(train.parser().parse_args([str(tmp_path / "model"), "--data", "d"]), settings)
    printed = " ".join(capsys.readouterr().out.split())
    if n_galaxies == 80:
        assert load_limits(tmp_path / "model") is not None
    else:
        assert load_limits(tmp_path / "model") is None
        assert "The model carries no limits: limits need 40 validation galaxies" in printed


def test_very_small_chances_are_not_spelled_out():
    judged = ValidityResult(1e-30, ("x",))
    assert judged.flagged
    assert "fewer than 0.01 %" in judged.summary
