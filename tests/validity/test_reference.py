from types import SimpleNamespace

import numpy as np
import pytest
from disc_galaxies import disc_dataset
from models_for_tests import untrained

from stargas.cli import train
from stargas.config import LocalConfig, TrainingConfig
from stargas.errors import DamagedFileError, InputError
from stargas.model.files import save_model
from stargas.validity.assessment import assess_validity
from stargas.validity.reference import FILE, fit_validity, load_validity

MAX_BYTES = 200_000


@pytest.fixture
def folder(models, tmp_path):
    posterior, reference = models["stargas"]
    save_model(posterior, tmp_path)
    reference.save(tmp_path)
    return tmp_path


def p_values(samples, posterior, reference):
    return np.array([result.p_value for result in assess_validity(samples, posterior, reference)])


def test_a_reference_survives_its_file(models, others, folder):
    posterior, reference = models["stargas"]
    assert (folder / FILE).stat().st_size < MAX_BYTES
    before, after = p_values(others, posterior, reference), p_values(others, posterior, load_validity(folder))
    # A galaxy closer than the median has a p-value of 1; rounding puts one at the median on either side of it.
    np.testing.assert_allclose(np.minimum(after, 0.5), np.minimum(before, 0.5), rtol=1e-2, atol=3e-3)


def test_a_model_without_the_file_has_no_reference(folder):
    (folder / FILE).unlink()
    assert load_validity(folder) is None


def test_damaged_and_foreign_files_are_refused(models, folder, tmp_path):
    path = folder / FILE
    content = path.read_bytes()
    path.write_bytes(content[:-100])
    with pytest.raises(DamagedFileError, match="is damaged"):
        load_validity(folder)
    for version, remedy in ((2, "make it anew with"), (9, "update stargas")):
        other = content.replace(b'\\"format_version\\": 3', b'\\"format_version\\": %d' % version)
        assert other != content
        path.write_bytes(other)
        with pytest.raises(InputError, match=remedy):
            load_validity(folder)
    save_model(models["star"][0], tmp_path / "star")
    (tmp_path / "star" / FILE).write_bytes(content)
    with pytest.raises(DamagedFileError, match="does not belong to the model beside it"):
        load_validity(tmp_path / "star")


def test_too_few_galaxies_make_no_reference(models):
    with pytest.raises(InputError, match="needs 40 validation galaxies with the same tracers, got 30"):
        fit_validity(models["star"][0], disc_dataset(30))


def test_a_distribution_is_fitted_for_each_missing_tracer(models):
    reference = fit_validity(models["stargas"][0], disc_dataset(80, seed=2), without=("gas", "stars"))
    assert set(reference.distributions) == {"stars+gas", "stars", "gas"}


@pytest.mark.parametrize("n_galaxies", [80, 40])
def test_training_ends_with_a_reference(monkeypatch, tmp_path, capsys, n_galaxies):
    data = disc_dataset(n_galaxies)
    monkeypatch.setattr("stargas.dataset.store.open_dataset", lambda _path: data)
    posterior = untrained(data, tracers="star")

    def trained(_datasets, out, **_settings):
        save_model(posterior, out)
        return posterior

    monkeypatch.setattr("stargas.training.train.train_model", trained)
    settings = SimpleNamespace(model=posterior.config, training=TrainingConfig(), local=LocalConfig())
    train.run(train.parser().parse_args([str(tmp_path / "model"), "--data", "d"]), settings)
    printed = " ".join(capsys.readouterr().out.split())
    if n_galaxies == 80:
        assert load_validity(tmp_path / "model") is not None
    else:
        assert load_validity(tmp_path / "model") is None
        assert "The model has no validity reference: a validity reference needs 40" in printed
