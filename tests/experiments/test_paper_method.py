"""Two models are compared on what both were evaluated on, and the better one is found."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from stargas.cli import main
from stargas.cli.settings import read_settings
from stargas.errors import InputError
from stargas.evaluation.result_file import HEADER
from stargas.experiments.default import default_plan
from stargas.experiments.paper.plan import paper_plan
from stargas.experiments.paper_method import MADE_BY, SUITE, TESTS, compare, write_paper_method
from stargas.experiments.part_file import MODEL

N_GALAXIES, N_VIEWS = 300, 4
RADII = (0.4, 0.6, 1.0, 2.4)


def evaluation(
    galaxies=range(N_GALAXIES), radii=RADII, stretch=1.0, width=0.1, shift=0.0, rng_seed=0, order=None, shared=False
):
    """Gaussian posteriors of one width, whose errors are those of an exact posterior of 0.1 dex, stretched.

    Errors that are ``shared`` are the same on all sides and at all radii of a galaxy.
    """
    rng = np.random.default_rng(0)
    true = rng.uniform(8, 10, (N_GALAXIES, N_VIEWS, 1)) + np.log10(RADII)
    error = stretch * np.random.default_rng(rng_seed).normal(0, 0.1, true.shape)
    error = np.broadcast_to(error[:, :1, :1], true.shape) if shared else error
    columns = [RADII.index(radius) for radius in radii]
    chosen = np.array(galaxies)
    true, error = (values[chosen][..., columns].reshape(-1, len(radii)) for values in (true + shift, error))
    inclination = np.tile(np.linspace(20, 90, N_VIEWS, dtype=np.float32), len(chosen))
    rows = np.arange(len(true)) if order is None else order
    return SimpleNamespace(
        folder=Path("somewhere"),
        galaxies=tuple(f"bursty/bursty-1-{number:06}" for number in chosen),
        r_over_R_hl=np.array(radii),
        samples=SimpleNamespace(
            galaxy=np.repeat(np.arange(len(chosen)), N_VIEWS)[rows],
            log10_mass=true[rows],
            columns={"inclination_deg": inclination[rows]},
        ),
        summaries={
            "one": SimpleNamespace(
                median=(true + error)[rows].astype(np.float32),
                half_width=np.full(true.shape, width * ndtri(0.84)),
                ranks=ndtr(-error / width)[rows],
            )
        },
    )


def test_a_model_beside_itself_is_as_good():
    found = compare(evaluation(), evaluation())
    assert found["pretrained"] == found["paper"]
    assert (found["ratio"]["rms"], found["ratio"]["rms_se"]) == (1, 0)
    assert (found["ratio"]["median_abs_error"], found["ratio"]["median_abs_error_se"]) == (1, 0)
    assert (found["n_galaxies"], found["n_samples"]) == (N_GALAXIES, N_GALAXIES * N_VIEWS)


@pytest.mark.parametrize("stretch", [0.8, 1.25])
def test_errors_that_are_larger_throughout_are_found_to_be(stretch):
    found = compare(evaluation(), evaluation(stretch=stretch))["ratio"]
    for name in ("rms", "median_abs_error"):
        assert found[name] == pytest.approx(1 / stretch, rel=1e-3)
        assert found[f"{name}_se"] < 1e-3  # what both share cancels


def test_ratios_of_independent_errors_have_an_error_that_covers_one():
    found = compare(evaluation(), evaluation(rng_seed=1))["ratio"]
    for name in ("rms", "median_abs_error"):
        assert 0 < abs(found[name] - 1) < 4 * found[f"{name}_se"] < 0.2


def test_sides_and_radii_that_share_an_error_do_not_make_it_better_known():
    one_side = np.arange(0, N_GALAXIES * N_VIEWS, N_VIEWS)
    alone = compare(evaluation(radii=RADII[:1], order=one_side), evaluation())["pretrained"]
    shared = compare(evaluation(shared=True), evaluation())["pretrained"]
    own = compare(evaluation(), evaluation())["pretrained"]
    for name in ("median_abs_error_dex_se", "rms_dex_se", "coverage_68_mean_se"):
        assert shared[name] == pytest.approx(alone[name], rel=1e-3)
        assert own[name] < 0.5 * alone[name]


def test_galaxies_may_have_other_numbers_in_the_other_evaluation():
    theirs = evaluation(range(N_GALAXIES)[::-1])
    assert compare(evaluation(), theirs) == compare(evaluation(), evaluation())


@pytest.mark.parametrize(("width", "inside"), [(0.1, 0.68), (0.05, 0.38), (0.2, 0.95)])
def test_coverage_width_and_errors_are_those_of_the_posteriors(width, inside):
    found = compare(evaluation(width=width), evaluation())["pretrained"]
    assert found["coverage_68_mean"] == pytest.approx(inside, abs=0.03)
    assert found["half_width_dex"] == pytest.approx(width * ndtri(0.84), rel=1e-3)
    assert found["rms_dex"] == pytest.approx(0.1, rel=0.05)
    assert found["median_abs_error_dex"] == pytest.approx(0.1 * ndtri(0.75), rel=0.05)


def test_galaxies_radii_and_order_that_differ_do_not_enter():
    order = np.random.default_rng(2).permutation(100 * N_VIEWS)
    theirs = evaluation(range(50, 150), RADII[1:], order=order)
    found = compare(evaluation(range(100)), theirs)
    assert (found["n_galaxies"], found["r_over_R_hl"]) == (50, list(RADII[1:]))
    assert found["pretrained"] == found["paper"]
    assert found["pretrained"] != compare(evaluation(), theirs)["pretrained"]  # of 100 galaxies


def test_galaxies_of_the_same_names_and_other_masses_are_refused():
    with pytest.raises(InputError, match="but other masses: evaluate both on the same suite"):
        compare(evaluation(), evaluation(shift=0.01))


@pytest.mark.parametrize("theirs", [{"galaxies": range(100, 200)}, {"radii": (0.4,)}])
def test_without_anything_in_common_it_is_refused(theirs):
    with pytest.raises(InputError, match="no galaxy and radius in common"):
        compare(evaluation(range(100), (0.6, 1.0)), evaluation(**theirs))


def test_a_folder_without_such_evaluations_is_refused_before_anything_is_made(tmp_path):
    with pytest.raises(InputError, match="holds no evaluation of stargas_bursty on bursty: give the folder of a run"):
        write_paper_method(SimpleNamespace(), tmp_path)


def test_a_network_whose_weights_are_gone_is_refused(tmp_path):
    folder = tmp_path / "evaluations" / SUITE / "stargas_bursty"
    folder.mkdir(parents=True)
    (folder / HEADER).touch()
    with pytest.raises(InputError, match="holds no weights of stargas_bursty, by which the results name the network"):
        write_paper_method(SimpleNamespace(), tmp_path)


def test_without_a_folder_the_part_says_what_it_needs(tmp_path, capsys):
    folders = ["--out", str(tmp_path / "runs"), "--results", str(tmp_path / "results")]
    assert main(["experiment", "default", "paper_method", *folders]) == 2
    error = capsys.readouterr().err
    assert "the part paper_method needs the folder of a run" in error
    assert "--paper FOLDER" in error
    assert not list(tmp_path.iterdir())


def test_both_plans_have_what_is_compared_and_neither_learns_from_it():
    settings = read_settings([], preset="default")
    ours = default_plan(settings.data, settings.model, settings.training)
    evaluated = {(rows.test, rows.model) for rows in ours.parts[MADE_BY].rows}
    assert {(test, MODEL) for test in TESTS} <= evaluated
    assert all(ours.data[name].held_out for test in TESTS for name in ours.tests[test].data)
    settings = read_settings([], preset="paper")
    theirs = paper_plan(settings.data, settings.model, settings.training)
    assert {f"{tracers}_{SUITE}_seed_{seed}" for tracers in ("star", "stargas") for seed in (1, 2)} <= set(
        theirs.models
    )
    seeds = {theirs.data[name].seed for name in theirs.tests[SUITE].data if theirs.data[name].held_out}
    assert seeds == {ours.data[name].seed for name in ours.tests["bursty"].data}
    assert theirs.tests[SUITE].split == "test"
