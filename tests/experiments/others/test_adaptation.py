"""Every galaxy of others is inferred once by a model that was adapted without it."""

from dataclasses import replace

import numpy as np
import pytest

from stargas.cli import main
from stargas.config import LocalConfig
from stargas.dataset.build import build_dataset
from stargas.dataset.store import open_dataset
from stargas.experiments.adaptation import adaptation_settings
from stargas.experiments.measurement import Origin
from stargas.experiments.others import adaptation as module
from stargas.experiments.others.adaptation import GalaxiesOfOthers, adapted_predictions, folds, write_adaptation
from stargas.experiments.others.galaxies import GalaxyOfOthers, traced
from stargas.experiments.others.predictions import N_VIEWS
from stargas.experiments.others.scoreboard import write_scoreboard
from stargas.experiments.others.spheres import analytic_sphere
from stargas.map_settings import pretrained_settings
from stargas.model.files import load_model
from stargas.report.adaptation_section import ADAPTED, AS_IT_WAS, read_adaptation
from stargas.report.others_page import write_others_page
from stargas.simulations.mock_suites.suites import mock_suite

N_GALAXIES, LOCAL = 9, LocalConfig(workers=1, progress=False)


def sphere(number, kind="cusp"):
    made = analytic_sphere(kind, "Plummer", "isotropic", 150, np.random.default_rng(number))
    return GalaxyOfOthers(traced(f"sphere {number}", *made, "theirs"), "theirs", kind)


@pytest.fixture(scope="module")
def galaxies():
    return [sphere(number, "core" if number % 3 else "cusp") for number in range(N_GALAXIES)]


@pytest.fixture(scope="module")
def made(galaxies, tmp_path_factory):
    folder = tmp_path_factory.mktemp("adaptation")
    settings = replace(pretrained_settings(), views=replace(pretrained_settings().views, n_views=1))
    build_dataset(mock_suite("broad", 14, 3), folder / "known", settings, local=LOCAL)
    training = replace(adaptation_settings(), joint_epochs=1, batch_size=64)
    few = GalaxyOfOthers(traced("few", *star_table(galaxies[0], 5), "theirs"), "theirs", "cusp")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "N_VIEWS", 3)
        patch.setattr(module, "FOLDS", 2)
        patch.setattr(module, "folds", lambda every: folds(every, 2))
        found = adapted_predictions(
            load_model(), [*galaxies, few], open_dataset(folder / "known"), folder, training, LOCAL, n_draws=50
        )
    return folder, found


def star_table(one, n):
    stars = one.galaxy.stars
    return stars.position_kpc[:n], stars.velocity_kms[:n], one.galaxy.dark


def test_folds_divide_the_galaxies_and_every_kind(galaxies):
    found = folds(galaxies, 3)
    assert sorted(index for fold in found for index in fold) == list(range(N_GALAXIES))
    assert all({galaxies[index].kind for index in fold} == {"core", "cusp"} for fold in found)
    assert len(folds(galaxies[:2])) == 2


def test_each_galaxy_is_inferred_once_by_both_and_one_of_few_stars_by_none(made, galaxies):
    _, found = made
    for predictions in found.values():
        names, counts = np.unique(predictions.galaxy, return_counts=True)
        assert set(names) == {one.galaxy.id for one in galaxies}
        assert set(counts) == {N_VIEWS}
    order = [np.argsort(found[name].galaxy, kind="stable") for name in (AS_IT_WAS, ADAPTED)]
    before, after = (found[name].where(rows) for name, rows in zip((AS_IT_WAS, ADAPTED), order, strict=True))
    assert np.array_equal(before.log10_true, after.log10_true)  # the same sides
    assert not np.allclose(before.quantiles, after.quantiles)


def test_a_model_has_not_learned_from_the_galaxies_that_it_is_tested_on(made, galaxies):
    folder, _ = made
    data = open_dataset(folder / "data")
    assert len(data) == 3 * N_GALAXIES
    for number, chosen in enumerate(folds(galaxies, 2)):
        learned = load_model(folder / f"fold_{number}").about["data"][0]["data_sets"][0]
        others = data.where(~np.isin(data.catalogue["galaxy_id"], [galaxies[i].galaxy.id for i in chosen]))
        assert len(others) == 3 * (N_GALAXIES - len(chosen))
        assert learned["source"]["of"] == [list(entry) for entry in GalaxiesOfOthers(galaxies).provenance()["of"]]
        assert load_model(folder / f"fold_{number}").about["galaxies"] < 14 + N_GALAXIES - len(chosen)


def test_the_page_has_both_beside_each_other(made, tmp_path):
    _, found = made
    write_scoreboard(found[AS_IT_WAS], {}, tmp_path, Origin("stargas experiment others"))
    before = write_others_page(tmp_path).read_text()
    write_adaptation(found, tmp_path, Origin("stargas experiment others adaptation"))
    page = write_others_page(tmp_path).read_text()
    assert "Adapted to the others" in page
    assert "Adapted to the others" not in before
    rows = read_adaptation(tmp_path)["rows"]
    assert [row["method"] for row in rows if row["kind"] == "all"] == [AS_IT_WAS, ADAPTED]


def test_it_wants_galaxies_to_mix_in(capsys):
    assert main(["experiment", "others", "adaptation"]) == 2
    assert "needs --mix" in capsys.readouterr().err
