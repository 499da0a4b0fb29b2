"""The examples of the page on additions run as they stand, each in a fresh interpreter."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

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
}


@pytest.mark.parametrize("section", CHECKS)
def test_an_example_runs_and_its_addition_arrives(section):
    done = subprocess.run([sys.executable, "-c", EXAMPLES[section] + CHECKS[section]], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
