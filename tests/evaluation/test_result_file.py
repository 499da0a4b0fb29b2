"""Evaluations are read back as they were written; damage is noticed."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from safetensors.numpy import load, save

from evaluation.fakes import CONFIG, FakeDataset, FakePosterior
from stargas.errors import DamagedFileError, InputError
from stargas.evaluation.evaluate import evaluate
from stargas.evaluation.result_file import read_result
from stargas.storage import sha256_of


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    models = {"Star": FakePosterior(0.12), "Gas": FakePosterior(0.25)}
    data = FakeDataset.make(n_galaxies=20, gas_share=0.8)
    return evaluate(models, data, tmp_path_factory.mktemp("evaluation"), n_draws=50, n_resamples=20)


@pytest.fixture
def copy(result, tmp_path):
    return shutil.copytree(result.folder, tmp_path / "copy")


def assert_same(one, other):
    """Compare dataclasses, mappings, sequences and arrays to the last bit."""
    assert type(one) is type(other)
    if dataclasses.is_dataclass(one):
        for declared in dataclasses.fields(one):
            if declared.name not in {"row", "folder"}:
                assert_same(getattr(one, declared.name), getattr(other, declared.name))
    elif isinstance(one, dict):
        assert set(one) == set(other)
        for name in one:
            assert_same(one[name], other[name])
    elif isinstance(one, tuple):
        for left, right in zip(one, other, strict=True):
            assert_same(left, right)
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    else:
        assert one == other


def test_what_was_written_is_read(result, copy):
    assert_same(read_result(copy), result)
    row = read_result(copy).example.samples[0].row
    assert row["galaxy_id"] == result.example.samples[0].row["galaxy_id"]
    assert row["kappa_co"] == pytest.approx(result.example.samples[0].row["kappa_co"])


def test_the_header_has_the_provenance(copy):
    provenance = read_result(copy).provenance
    assert provenance.dataset["suite"] == "fake"
    assert len(provenance.dataset_digest) == 64
    assert provenance.models["Gas"].model["tracers"] == "stargas"
    assert provenance.dataset["config"]["stars"]["n_pixels"] == CONFIG.stars.n_pixels
    assert not provenance.models["Gas"].is_variant


def rewrite(folder, change):
    header = json.loads((folder / "evaluation.json").read_text())
    arrays = load((folder / "evaluation.safetensors").read_bytes())
    change(header, arrays)
    content = save(arrays)
    (folder / "evaluation.safetensors").write_bytes(content)
    (folder / "evaluation.json").write_text(json.dumps(header | {"arrays_sha256": sha256_of(content)}))


def keep(_header, _arrays):
    pass


def shorten(_header, arrays):
    arrays["models/Gas/tarp"] = arrays["models/Gas/tarp"][:-1].copy()


def cast(_header, arrays):
    arrays["samples/log10_mass"] = arrays["samples/log10_mass"].astype(np.float32)


def forget_array(_header, arrays):
    del arrays["models/Star/ranks"]


def forget_metric(header, _arrays):
    del header["models"]["Star"]["strata"]["all"]["accuracy"]["median"]


def spoil_metric(header, _arrays):
    header["n_draws"] = "many"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (shorten, r"models/Gas/tarp is float64 of shape \(59,\)"),
        (cast, r"samples/log10_mass is float32 .* not float64 of shape \(samples, radii\)"),
        (forget_array, "models/Star/ranks is missing"),
        (forget_metric, "median"),
        (spoil_metric, "'many' is no int"),
    ],
)
def test_what_differs_from_the_declaration_is_refused(copy, change, message):
    rewrite(copy, change)
    with pytest.raises(DamagedFileError, match=f"{message}.*evaluate the models again"):
        read_result(copy)


def test_what_is_as_declared_is_read(copy):
    rewrite(copy, keep)
    assert read_result(copy).n_draws == 50


def test_files_that_do_not_belong_together_are_refused(copy):
    body = copy / "evaluation.safetensors"
    body.write_bytes(body.read_bytes()[:-7])
    with pytest.raises(DamagedFileError, match=r"does not belong to its evaluation\.json"):
        read_result(copy)


def test_other_files_are_refused(copy, tmp_path):
    with pytest.raises(InputError, match="holds no evaluation"):
        read_result(tmp_path)
    header = copy / "evaluation.json"
    described = json.loads(header.read_text())
    header.write_text(json.dumps(described | {"format_version": 99}))
    with pytest.raises(InputError, match="update stargas"):
        read_result(copy)
    header.write_text(json.dumps({"format": 1, "models": {}}))  # what earlier versions wrote
    with pytest.raises(InputError, match="evaluate the models again"):
        read_result(copy)
    header.write_text("{")
    with pytest.raises(DamagedFileError, match="evaluate the models again"):
        read_result(copy)
