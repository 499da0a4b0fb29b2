"""Each kind differs from its galaxies in one ingredient, and the rows count what the checks find of it."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from stargas.errors import InputError
from stargas.experiments.checks import unseen as module
from stargas.experiments.checks.p_values import BOTH, HI, STARS, CheckedView
from stargas.experiments.checks.unseen import KINDS, Kind, gas_with, held_out_suite, rows_of_kind, write_unseen
from stargas.experiments.measurement import Origin
from stargas.model.files import load_model
from stargas.report.checks_page import unseen_page

CHANGED = [kind for kind in KINDS if kind.change is not None]
DIFFERENT = {"gas": 2, "structure": 4, "unrest": 4}
"""Ingredient → most of its numbers that a kind sets."""


def flattened(value, name=""):
    if isinstance(value, dict):
        return {key: one for k, inner in value.items() for key, one in flattened(inner, f"{name}.{k}").items()}
    if isinstance(value, tuple):
        return {key: one for k, inner in enumerate(value) for key, one in flattened(inner, f"{name}.{k}").items()}
    return {name: value}


@pytest.mark.parametrize("kind", CHANGED, ids=lambda kind: kind.name)
def test_one_ingredient_is_changed_and_nothing_else(kind):
    suite, rng = held_out_suite(), np.random.default_rng(0)
    pairs = [(drawn, kind.change(drawn, rng)) for drawn in map(suite.properties, range(150))]
    pairs = [(drawn, changed) for drawn, changed in pairs if changed is not None]
    assert len(pairs) >= 8
    for drawn, changed in pairs:
        before, after = flattened(asdict(drawn)), flattened(asdict(changed))
        assert before.keys() == after.keys()
        different = {name for name in before if repr(before[name]) != repr(after[name])}
        (ingredient,) = {name.split(".")[1] for name in different}
        assert len(different) <= DIFFERENT[ingredient]


def test_galaxies_keep_their_numbers_and_what_is_not_changed():
    kind = Kind("tilted", "", (HI,), gas_with(gas_tilt_deg=90.0))
    number, galaxy = next(kind.galaxies())
    plain = held_out_suite()[number]
    assert galaxy.id == plain.id
    assert (galaxy.stars.velocity_kms == plain.stars.velocity_kms).all()
    spins = (np.cross(gas.position_kpc, gas.velocity_kms).mean(axis=0) for gas in (galaxy.gas, plain.gas))
    tilted, level = (spin[2] / np.linalg.norm(spin) for spin in spins)
    assert abs(tilted) < 0.3 < level


def view(galaxy, tracers, p_value=0.5, *, missed=False, error=0.1, trusted=True):
    return CheckedView(str(galaxy), tracers, p_value, missed, error_dex=error, trusted=trusted)


def test_rows_count_what_each_check_finds():
    views = [
        *(view(k, STARS, 0.001, missed=True, error=0.3) for k in range(4)),
        *(view(k, STARS, missed=True, error=0.3, trusted=False) for k in range(4, 6)),
        *(view(k, STARS) for k in range(6, 10)),
        *(view(k, BOTH) for k in range(10)),
    ]
    (row,) = rows_of_kind(Kind("", "", (STARS,)), views, [view(k, STARS, error=0.2) for k in range(10)])
    assert (row["n_missed"], row["n_found"], row["n_distrusted"]) == (6, 4, 2)
    assert row["rms"] == pytest.approx(np.sqrt(0.6 * 0.09 + 0.4 * 0.01))
    assert row["rms_before"] == pytest.approx(0.2)
    assert [row[name][0] for name in ("missed", "missed_before", "not_trusted", "small")] == [0.6, 0.0, 0.2, 0.4]
    (alone,) = rows_of_kind(Kind("", "", (BOTH,)), views, [])
    assert (alone["rms_before"], alone["missed_before"]) == (None, None)


def test_a_model_without_a_reference_is_refused(tmp_path):
    model = replace(load_model(), folder=None)
    with pytest.raises(InputError, match="need a model with a predictive reference"):
        write_unseen(model, tmp_path, 1, model.data_config, Origin(""), lambda _: None)


def test_the_page_is_written_from_the_file(tmp_path, monkeypatch):
    model = load_model()
    kinds = (KINDS[0], Kind("HI that is tilted", "little", (HI, BOTH), gas_with(gas_tilt_deg=90.0)))
    monkeypatch.setattr(module, "KINDS", kinds)
    write_unseen(model, tmp_path, 2, model.data_config, Origin("stargas experiment checks unseen"), lambda _: None)
    text, table = unseen_page(tmp_path).parts
    assert "the first 2 that can be of each kind" in text.markdown
    names = [row[0] for row in table.rows]
    assert names[0] == "unchanged"
    assert names.count("") == len(names) - 2
    assert table.rows[0][5] == "–"
    tilted = table.rows[names.index("HI that is tilted")]
    assert tilted[2:4] == [HI, "2"]
    assert tilted[5] != "–"
