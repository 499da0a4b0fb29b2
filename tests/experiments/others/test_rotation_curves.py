"""Cubes of galaxies go to 3DBarolo and to a model alike; a program that knows the answer stands for 3DBarolo."""

import json
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from predictions_for_tests import predictions

from stargas.baselines.barolo import RotationCurve
from stargas.cli import main
from stargas.constants import G
from stargas.errors import DamagedFileError, InputError
from stargas.experiments.measurement import Origin
from stargas.experiments.others import rotation_curves as module
from stargas.experiments.others.mocks import held_out_galaxies
from stargas.experiments.others.rotation_curves import (
    BEAMS,
    INCLINATIONS_DEG,
    THIN,
    THIN_KMS,
    THIN_KPC,
    RotationPlan,
    compare_rotation,
    observe_hi,
    thin_disks,
    write_rotation,
)
from stargas.experiments.others.scoreboard import write_scoreboard
from stargas.model.files import load_model
from stargas.report.others_page import write_others_page
from stargas.report.rotation_section import DRIFT, MODEL, RINGS, ROTATION_FORMAT, read_rotation


def exact(_program, _cube, geometry, _folder):
    """Return the rotation of the thin disks, and no drift where the inclination is fitted."""
    r = geometry.ring_arcsec * geometry.kpc_per_arcsec * (np.arange(geometry.n_rings) + 0.5)
    return RotationCurve(
        r_kpc=r,
        rotation_kms=THIN_KMS * np.tanh(r / THIN_KPC),
        error_kms=np.full(len(r), 2.0),
        drift_squared=np.full(len(r), np.nan if geometry.inclination_deg is None else 0.0),
        inclination_deg=np.full(len(r), 60.0),
        seconds=5.0,
    )


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    return RotationPlan(tmp_path_factory.mktemp("program") / "BBarolo", tmp_path_factory.mktemp("rotation"), 200)


@pytest.fixture(scope="module")
def model():
    return load_model()


@pytest.fixture(scope="module")
def compared(model, plan):
    lines = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "fit_rings", exact)
        return compare_rotation(model, thin_disks(2), plan, lines.append), lines


def test_the_mass_of_a_thin_disk_is_that_of_its_rotation():
    galaxy = next(thin_disks(1)).galaxy
    r = np.array([1.0, 2.0, 4.0, 8.0])
    assert galaxy.enclosed_mass(r) == pytest.approx(r * (THIN_KMS * np.tanh(r / THIN_KPC)) ** 2 / G, rel=0.01)
    x, y, _ = galaxy.gas.position_kpc.T
    assert np.average(x * galaxy.gas.velocity_kms[:, 1] - y * galaxy.gas.velocity_kms[:, 0]) > 0


def test_cubes_are_as_the_page_says(plan):
    for one in thin_disks(3):
        cube = observe_hi(one, plan)
        assert INCLINATIONS_DEG[0] <= cube.inclination_deg <= INCLINATIONS_DEG[1]
        assert BEAMS[0] <= 2 * cube.R_HI_kpc / cube.beam_kpc <= BEAMS[1]
        assert cube.geometry(None).n_rings * cube.beam_kpc >= cube.R_HI_kpc
        before = cube.file.read_bytes()
        observe_hi(one, plan)
        assert cube.file.read_bytes() == before


def test_galaxies_without_hi_are_left_out(plan):
    one = next(thin_disks(1))
    assert observe_hi(replace(one, galaxy=replace(one.galaxy, gas=None)), plan) is None


def test_a_curve_that_is_right_gives_the_mass(compared):
    found, lines = compared
    rings = found.predictions[RINGS]
    assert np.abs(rings.error).max() < 0.03
    assert len(lines) == 4
    assert np.array_equal(found.predictions[MODEL].log10_true, rings.log10_true)
    assert np.abs(found.predictions[MODEL].error).max() < 1


def test_a_correction_that_is_missing_counts_as_a_failure(compared):
    found, _ = compared
    assert DRIFT not in found.predictions
    assert len(found.failures[DRIFT]) == 2
    assert len(found.predictions[f"{DRIFT}, inclination given"].galaxy) == 2


def test_a_fit_that_is_there_is_not_made_again(compared, model, plan, monkeypatch):
    monkeypatch.setattr(module, "fit_rings", lambda *_: pytest.fail("fitted again"))
    again = compare_rotation(model, thin_disks(2), plan)
    assert again.predictions[RINGS].quantiles == pytest.approx(compared[0].predictions[RINGS].quantiles, abs=1e-4)
    assert again.seconds[RINGS] == [5.0, 5.0]


def test_failed_fits_are_kept_and_counted(model, plan, tmp_path, monkeypatch):
    def refuse(*_):
        raise InputError("3DBarolo ended with code 1")

    monkeypatch.setattr(module, "fit_rings", refuse)
    for _ in range(2):
        found = compare_rotation(model, thin_disks(1), replace(plan, folder=tmp_path))
        assert list(found.predictions) == [MODEL]
        assert [maker for maker, _ in found.failures[RINGS]] == [THIN]


def test_mocks_have_cold_gas_and_are_held_out(model):
    broad = list(islice(module.cold_mocks(model, 2), 4))
    assert [one.maker for one in broad] == ["broad", "broad", "smooth", "smooth"]
    ids = {one.galaxy.id for suite in ("broad", "smooth") for one in islice(held_out_galaxies(suite), 40)}
    assert {one.galaxy.id for one in broad} <= ids
    assert all(one.has_gas for one in broad)


def test_the_comparison_is_a_section_of_the_page(compared, tmp_path):
    write_scoreboard(predictions(), {}, tmp_path, Origin("stargas experiment others"))
    assert "Rotation curves" not in write_others_page(tmp_path).read_text()
    write_rotation(compared[0], tmp_path, Origin("stargas experiment others rotation"))
    assert read_rotation(tmp_path)["beams"] == list(BEAMS)
    page = write_others_page(tmp_path).read_text()
    assert f"| {THIN} | {RINGS} | 2 | 0 |" in page
    assert "8 to 15 beams" in page
    (tmp_path / "rotation_curves.json").write_text(json.dumps({**ROTATION_FORMAT.stated, "rows": []}))
    with pytest.raises(DamagedFileError, match=r"rotation_curves\.json is no comparison"):
        read_rotation(tmp_path)


def test_the_part_needs_the_program(capsys):
    assert main(["experiment", "others", "rotation"]) == 2
    assert "needs --barolo" in capsys.readouterr().err
    assert main(["experiment", "others", "rotation", "--barolo", "BBarolo"]) == 2
    assert "no file BBarolo" in capsys.readouterr().err
