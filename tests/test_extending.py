"""The examples of the page on additions run as they stand, each in a fresh interpreter."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from stargas.config import DataConfig, HIMapConfig, LocalConfig, StarMapConfig, ViewConfig
from stargas.dataset.build import build_dataset
from stargas.simulations.mock_suites.suites import mock_suite

PAGE = Path(__file__).parents[1] / "docs" / "extending.md"
EXAMPLES = dict(re.findall(r"^## (.*?)$.*?^```python\n(.*?)^```$", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL))

CHECKS = {
    "A map channel": """
from stargas.batch import Batch
from stargas.sample import MAPS, make_samples, without_tracer
assert MAPS[-1] == "rms_velocity"
assert np.array_equal(sample.maps[-1], np.hypot(sample.maps[3], sample.maps[4]))
assert not without_tracer(sample, "gas").maps[-1].any()
batch = Batch.stack([sample])
assert np.array_equal(batch.column("rms_velocity")[0], sample.maps[-1])
""",
    "A feature": """
from stargas.features.table import known_groups
from stargas.tracers import STARS, STARS_AND_GAS
batch = Batch.stack(sg.make_samples(galaxy))
expected = np.log10(batch.column("v_cold_kms") / batch.column("sigma_kms"))
assert np.allclose(features[:, -1], expected)
assert known_groups(table.FEATURES, STARS_AND_GAS)[-1].names == ("log_v_over_sigma",)
assert known_groups(table.FEATURES, STARS)[-1].names != ("log_v_over_sigma",)
""",
    "A mass estimator": """
from stargas.constants import G
from stargas.evaluation.estimator_scores import score_estimators
from stargas.report.style import estimator_symbol
mass, size = 3e8, 0.7
sigma = np.sqrt(np.pi * G * mass / 32 / size)
r = size * np.array([[0.6, 1.0, 2.4]])
truth = np.log10(mass * r**3 / (r**2 + size**2) ** 1.5)
catalogue = {"sigma_kms": [sigma], "R_hl_kpc": [size]}
scores = score_estimators(catalogue, r, truth, {"all": np.ones(1, bool)}, ["one"], 10, 0)
assert np.allclose(scores["plummer"].strata["all"].median.value, 1)
assert not np.allclose(scores["walker2009"].strata["all"].median.value, 1, atol=0.1)
others = [estimator_symbol(name)["marker"] for name in estimators.ESTIMATORS if name != "plummer"]
assert estimator_symbol("Plummer")["marker"] not in others
""",
}

DESIGNS = {
    "A network": """
import pytest
assert isinstance(model.network, Shallow)
assert (again.sample(data[0], 5) == model.sample(data[0], 5)).all()
from stargas.errors import InputError
with pytest.raises(InputError, match="not a part of stargas .Shallow."):
    sg.load_model("runs/shallow")
""",
    "A flow": """
from stargas.model.flow_sampler import FlowSampler, _Autoregressive
assert model.config.flow == "custom"
assert (again.sample(data[0], 5) == model.sample(data[0], 5)).all()
assert all(isinstance(inverse, _Autoregressive) for inverse in FlowSampler(model.flow)._inverses)
""",
    "A target": """
assert draws.shape == (1, 100, 11)
assert model.target.names[-1] == "log10_stellar_mass"
assert (model.sample(data[0], 100) == draws[..., :10]).all()
""",
}


def run(code, folder):
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize("section", CHECKS)
def test_an_example_runs_and_its_addition_arrives(section, tmp_path):
    run(EXAMPLES[section] + CHECKS[section], tmp_path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the examples find a data set."""
    folder = tmp_path_factory.mktemp("examples")
    config = DataConfig(views=ViewConfig(n_views=2), stars=StarMapConfig(n_pixels=16), gas=HIMapConfig(n_pixels=16))
    build_dataset(mock_suite("bursty", 40, 1), folder / "data" / "bursty", config, local=LocalConfig(workers=1))
    return folder


@pytest.mark.parametrize("section", DESIGNS)
def test_a_design_from_python_is_trained_and_loaded_again(section, folder):
    run(EXAMPLES[section] + DESIGNS[section], folder)
