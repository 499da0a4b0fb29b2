"""Mock galaxies through an observer's files, with a posterior that is a closed formula, so the answers are known."""

import dataclasses
import itertools
import json
from types import SimpleNamespace

import numpy as np
import pytest
from astropy.table import Table

from stargas.config import DataConfig, DegradationConfig, HIMapConfig, SelectionConfig, StarMapConfig, ViewConfig
from stargas.constants import G
from stargas.dataset.build import build_dataset
from stargas.errors import DamagedFileError, InputError
from stargas.experiments.measurement import Origin
from stargas.experiments.observed import files, invariances, parts, round_trip
from stargas.experiments.observed.degradation import EFFECTS
from stargas.experiments.observed.files import TRUTH, observation_of, write_mock
from stargas.experiments.observed.invariances import check_invariances
from stargas.experiments.observed.parts import write_degradation, write_round_trip
from stargas.experiments.observed.round_trip import RoundTrip, run_round_trip, summary
from stargas.inference.infer import infer
from stargas.observed.observation import observe_galaxy
from stargas.randomness import rng_for
from stargas.report.observed_page import write_observed_page
from stargas.sample import make_sample
from stargas.simulations.mock_suites.suites import mock_suite
from stargas.simulations.selection import in_cold_gas_set
from stargas.sky.projection import project
from stargas.sky.view import View

SMALL = DataConfig(stars=StarMapConfig(n_pixels=16), gas=HIMapConfig(n_pixels=16))
PLAN = RoundTrip(n_galaxies=2, seed=5, n_draws=200)
SEED = 5


class FormulaPosterior:
    """Flat rotation curve of v² = 3 σ², or of v_cold where there are no stars, with a scatter of 0.1 dex."""

    def __init__(self):
        self.config = SimpleNamespace(tracers="any")
        self.about = {"data": [{"data_sets": [{"source": {"suite": "bursty", "seed": 1}}]}]}
        self.data_config = SMALL
        self.n_calls = 0

    def conditioned_on(self, case):  # noqa: ARG002 (a posterior's own)
        return self

    def sample(self, samples, n=1000, seed=0):
        self.n_calls += 1
        noise = 0.1 * np.random.default_rng(seed).standard_normal((len(samples), n, 1))
        squares = [3 * s.scalars[1] ** 2 if s.tracers[0] else s.scalars[3] ** 2 for s in samples]
        mass = np.array([v2 * s.r_kpc / G for v2, s in zip(squares, samples, strict=True)])
        return np.log10(mass)[:, None] + noise


@pytest.fixture(scope="module")
def dwarfs():
    """Two galaxies with cold gas and a few hundred stars."""
    suite = mock_suite("bursty", 60, seed=SEED)
    with_gas = (galaxy for galaxy in map(suite.__getitem__, range(60)) if in_cold_gas_set(galaxy, SelectionConfig()))
    chosen = list(itertools.islice(with_gas, 2))
    return type("Dwarfs", (), {"name": "dwarfs", "__len__": lambda _: 2, "__getitem__": lambda _, i: chosen[i]})()


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """Cubes of the fast engine, and beams that need few pixels."""
    drawn = files.draw_observation

    def draw(sky, rng):
        return dataclasses.replace(drawn(sky, rng), engine="fast", beam_pixels=1.5)

    monkeypatch.setattr(files, "draw_observation", draw)


def test_files_say_what_is_true(tmp_path, dwarfs):
    truth = write_mock(dwarfs[1], tmp_path, SEED, HIMapConfig())
    given = truth["observation"]
    assert 1e3 <= given["distance_kpc"] <= 1e4
    table = Table.read(tmp_path / "stars.csv")
    assert np.count_nonzero(table["p_member"] > 0.9) == pytest.approx(given["n_stars"], rel=0.1)
    seen = observe_galaxy(observation_of(tmp_path, truth, stars=True, hi=True))
    v = project_of(dwarfs[1], truth).stars.v_los_kms
    assert seen.stars.sigma_kms == pytest.approx(v.std(), abs=4 * seen.stars.sigma_error_kms)
    assert seen.stars.systemic_kms == pytest.approx(given["systemic_kms"], abs=4)
    stretch = seen.distance_kpc / given["distance_kpc"]
    assert seen.R_hl_kpc == pytest.approx(truth["R_hl_kpc"] * stretch, rel=0.2)
    assert seen.hi.measure()[0] == pytest.approx(truth["R_HI_kpc"] * stretch, rel=0.15)
    assert seen.hi.beam_fwhm_kpc == pytest.approx(1.5 * 4 * truth["R_HI_kpc"] / 64 * stretch, rel=0.01)


def project_of(galaxy, truth):
    return project(galaxy, View(**truth["observation"]["view"]))


def sample_of(folder, truth, **changes):
    config = dataclasses.replace(observation_of(folder, truth, stars=True, hi=True), **changes)
    return make_sample(observe_galaxy(config).sky_galaxy(), rng_for(0, "law"), SMALL)


def test_what_the_network_sees_does_not_depend_on_the_distance(tmp_path, dwarfs):
    truth = write_mock(dwarfs[1], tmp_path, SEED, HIMapConfig())
    far = {name: 1.1 * truth["known"][name] for name in ("distance_kpc", "R_hl_kpc")}
    near, wrong = sample_of(tmp_path, truth), sample_of(tmp_path, truth, **far)
    np.testing.assert_allclose(wrong.maps, near.maps, atol=1e-4, rtol=1e-3)
    np.testing.assert_allclose(wrong.star_features, near.star_features, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(wrong.scalars, near.scalars * [1.1, 1, 1.1, 1, 1], rtol=1e-3)
    np.testing.assert_allclose(wrong.quality, near.quality * [1, 1, 1.1, 1], rtol=1e-3)
    # the control: R_hl is what it was, so the stars look more extended than they are
    assert np.abs(sample_of(tmp_path, truth, distance_kpc=far["distance_kpc"]).maps[0] - near.maps[0]).max() > 0.01


def test_masses_of_stars_go_with_the_distance(tmp_path, dwarfs):
    truth = write_mock(dwarfs[0], tmp_path, SEED, HIMapConfig())
    config = observation_of(tmp_path, truth, stars=True, hi=False)
    far = dataclasses.replace(config, distance_kpc=1.1 * config.distance_kpc, R_hl_kpc=1.1 * config.R_hl_kpc)
    answers = [infer(observe_galaxy(one), FormulaPosterior(), n_draws=800) for one in (config, far)]
    at = answers[0].r_kpc[2:-2]
    masses = [answer.draws.mass(at * stretch) for answer, stretch in zip(answers, (1, 1.1), strict=True)]
    shift = np.median(np.log10(masses[1]), axis=0) - np.median(np.log10(masses[0]), axis=0)
    np.testing.assert_allclose(shift, np.log10(1.1), atol=0.01)


def test_a_turned_sky_and_shuffled_rows_change_nothing_beyond_pixels(tmp_path, dwarfs):
    rng = np.random.default_rng(1)
    sky = project_of(dwarfs[1], {"observation": {"view": {"inclination_deg": 60.0}}})
    known = dataclasses.replace(files.draw_observation(sky, rng), noise_msun_pc2=1e-3)
    samples = []
    for angle in (0.0, 70.0, 200.0):
        folder = tmp_path / str(angle)
        turned = dataclasses.replace(known, view=View(60.0, 20.0, angle))
        truth = write_mock(dwarfs[1], folder, SEED, HIMapConfig(), turned)
        samples.append(sample_of(folder, truth))
    table = Table.read(folder / "stars.csv")
    table[rng.permutation(len(table))].write(folder / "stars.csv", overwrite=True)
    shuffled = sample_of(folder, truth)
    np.testing.assert_allclose(shuffled.maps, samples[-1].maps, atol=1e-5)
    np.testing.assert_allclose(shuffled.star_features, samples[-1].star_features, rtol=1e-4, atol=1e-5)
    for turned in samples[1:]:
        np.testing.assert_allclose(turned.scalars, samples[0].scalars, rtol=0.04)
        # means over the maps: single pixels at the edge of the HI come and go
        off = np.abs(turned.maps - samples[0].maps).mean(axis=(1, 2))
        assert (off < 0.15 * np.abs(samples[0].maps).mean(axis=(1, 2)) + 1e-6).all()
    # the control: another side of the galaxy
    truth = write_mock(dwarfs[1], tmp_path / "side", SEED, HIMapConfig(), dataclasses.replace(known, view=View(20.0)))
    assert abs(np.log(sample_of(tmp_path / "side", truth).scalars[3] / samples[0].scalars[3])) > 0.1


def test_a_stopped_round_trip_goes_on(tmp_path, dwarfs, monkeypatch):
    posterior = FormulaPosterior()
    one = run_round_trip(posterior, tmp_path, dataclasses.replace(PLAN, n_galaxies=1), dwarfs)
    assert [record["tracer_set"] for record in one] == list(round_trip.FILES)
    asked, said = posterior.n_calls, []
    records = run_round_trip(posterior, tmp_path, PLAN, dwarfs, said.append)
    assert records[:3] == one
    assert len(said) == 1
    assert posterior.n_calls == 2 * asked
    run_round_trip(posterior, tmp_path, PLAN, dwarfs)
    assert posterior.n_calls == 2 * asked
    for record in records:
        assert np.shape(record["quantiles"]) == (5, len(record["r_kpc"]))
        known = np.isfinite(np.array(record["direct"], dtype=float))
        assert known.mean() > 0.5
    # the formula is the same for files and perfect data: they differ by σ, v_cold and the distance alone
    for row in summary(records):
        assert row["vs_direct"]["rms"][0] < 0.2
        assert row["n_galaxies"] == 2
    # a folder whose files are not whole is made again
    (tmp_path / "files" / "0000" / TRUTH).unlink()
    monkeypatch.setattr(files, "star_table", lambda *_: (_ for _ in ()).throw(RuntimeError("made again")))
    with pytest.raises(RuntimeError, match="made again"):
        run_round_trip(FormulaPosterior(), tmp_path, dataclasses.replace(PLAN, n_draws=201), dwarfs)


def test_changed_files_give_the_masses_that_are_expected(tmp_path, dwarfs):
    truth = write_mock(dwarfs[1], tmp_path, SEED, HIMapConfig())
    rows = {
        (row["change"], row["tracer_set"]): row
        for row in check_invariances(FormulaPosterior(), {tmp_path: truth}, n_draws=100)
    }
    assert len(rows) == 8
    for (law, _), row in rows.items():
        # v² r / G: the velocities are as they were; turning the sky moves pixels of the HI a little, and the errors of
        # velocities are drawn for other stars where rows are shuffled
        assert row["expected"] == pytest.approx(np.log10(1.1) if law == "distance + 10 %" else 0, abs=1e-4)
        assert row["largest"] <= {"sky turned": 0.05, "rows shuffled": 0.02}.get(law, 2e-4), row
    config = observation_of(tmp_path, truth, stars=True, hi=True)
    turned = dict(invariances._changed(config, tmp_path))["sky turned"]
    angles = [observe_galaxy(one).position_angle_deg for one in (config, turned)]
    assert (angles[1] - angles[0]) % 360 == pytest.approx(invariances.TURN_DEG, abs=1.0)  # in maps of few pixels


def test_galaxies_that_the_model_knows_are_refused(tmp_path, dwarfs):
    with pytest.raises(InputError, match="trained on galaxies of seed 1"):
        run_round_trip(FormulaPosterior(), tmp_path, RoundTrip(2, seed=1))
    with pytest.raises(InputError, match="2 galaxies with cold gas, 3 were requested"):
        list(round_trip._with_gas(dwarfs, SMALL, 3))


def test_refused_files_are_counted(tmp_path, dwarfs, monkeypatch):
    def refuse(_):
        raise InputError("no.")

    monkeypatch.setattr(round_trip, "observe_galaxy", refuse)
    records = run_round_trip(FormulaPosterior(), tmp_path, dataclasses.replace(PLAN, n_galaxies=1), dwarfs)
    assert [(row["n_galaxies"], row["n_refused"]) for row in summary(records)] == [(0, 1)] * 3


def test_the_page_holds_both_parts(tmp_path, monkeypatch):
    config = dataclasses.replace(SMALL, views=ViewConfig(n_views=4), degradation=DegradationConfig(share=0.8))
    build_dataset(mock_suite("bursty", 14, seed=7), tmp_path / "data", config, seed=7)
    monkeypatch.setattr("stargas.experiments.observed.degradation.MIN_GALAXIES", 2)
    monkeypatch.setattr(
        parts, "run_round_trip", lambda *_, **__: [fake(tracers, k) for tracers in round_trip.FILES for k in "abc"]
    )
    results = tmp_path / "results"
    with pytest.raises(InputError, match="holds no results"):
        write_observed_page(results)
    write_round_trip(FormulaPosterior(), tmp_path, results, PLAN, Origin("stargas experiment observed round_trip"))
    file = write_degradation(
        OfArrays(), tmp_path / "data", results, 50, Origin("stargas experiment observed degradation")
    )
    rows = json.loads(file.read_text())["rows"]
    assert {row["effect"] for row in rows} == {effect.name for effect in EFFECTS}
    assert {row["tracer_set"] for row in rows} == {"stars and gas", "stars", "gas and R_hl"}
    # nothing but the draws' own scatter: 0.1 dex around the truth
    assert all(row["rms"][0] < 0.05 for row in rows)
    page = write_observed_page(results).read_text()
    assert "stars and HI | 3 | 0 | 0.100" in page
    assert (results / "figures" / "degradation.png").stat().st_size > 10_000
    assert (results / "figures" / "round_trip.png").stat().st_size > 10_000
    part = json.loads(file.read_text())
    file.write_text("{}")
    with pytest.raises(InputError, match="does not describe a stargas experiment observed"):
        write_observed_page(results)
    del part["rows"]
    file.write_text(json.dumps(part))
    with pytest.raises(DamagedFileError, match="not a result of this experiment"):
        write_observed_page(results)


def fake(tracers, name):
    truth = [8.0, 8.5]
    quantiles = [[x + off for x in (8.1, 8.6)] for off in (-0.2, -0.15, 0.0, 0.1, 0.2)]
    return {
        "galaxy_id": name,
        "tracer_set": tracers,
        "truth": truth,
        "quantiles": quantiles,
        "direct": [8.0, float("nan")],
        "shares": {"posterior": 1.0},
        "seconds": 1.0,
    }


class OfArrays:
    """Draws around the truth that the data set holds."""

    def conditioned_on(self, case):  # noqa: ARG002 (a posterior's own)
        return self

    def sample(self, dataset, n=1000, seed=0):
        truth = dataset.batch().log10_mass.astype(float)
        return truth[:, None] + 0.1 * np.random.default_rng(seed).standard_normal((len(truth), n, truth.shape[1]))
