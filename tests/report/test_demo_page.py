"""The page of the demo: where the truth lies, and what each verdict means."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from disc_sample import Gaussian, disc_sample

from stargas.evaluation.calibration import MIN_GALAXIES, NO_FAULT, find_faults
from stargas.inference.infer import infer
from stargas.report.demo_page import FAULTS, _against_truth
from stargas.serve.examples import TRUE_LOG10_MASS

PAGE = Path(__file__).parents[2] / "docs" / "serve.md"


def test_every_verdict_has_its_meaning():
    curve = SimpleNamespace(largest_distance=1.0, critical_distance=0.1)
    error = np.full(2, 0.01)
    pulled = SimpleNamespace(
        bias=SimpleNamespace(value=np.array([1.0, -1.0]), error=error),
        width_ratio=SimpleNamespace(value=np.array([3.0, 0.3]), error=error),
    )
    assert {*find_faults(curve, pulled, MIN_GALAXIES), NO_FAULT} == set(FAULTS)


def test_the_interval_that_holds_the_truth_is_named():
    result = infer(disc_sample(30.0), Gaussian(), n_draws=500, seed=3)
    inner, outer = float(result.r_kpc[0]), float(result.r_kpc[-1])
    quantiles = result.quantiles((0.5, 0.95))
    for place, truth in (("68 %", quantiles[0, 0]), ("95 %", quantiles[1, 0]), ("neither", quantiles[0, 0] + 5)):
        rows = _against_truth(result, {inner: truth, outer: quantiles[0, -1]}).rows
        assert [row[-1] for row in rows] == [place, "68 %"]
        assert rows[0][0] == f"{inner:.2f}"


def test_the_true_masses_are_those_of_the_documentation():
    rows = re.findall(r"^\| .* \| (\d\.\d+) \| (\d\.\d+) \|$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert {float(r): float(mass) for r, mass in rows} == TRUE_LOG10_MASS
