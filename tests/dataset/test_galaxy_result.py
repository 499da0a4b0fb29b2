import json
import warnings

import numpy as np
import pytest
from analytic import plummer_galaxy
from sources_for_tests import TINY, AnalyticSource, BadSource

from stargas.dataset.galaxy_result import encode_result, process_galaxy, read_arrays, read_outcome
from stargas.kinematics import warn_if_not_virial
from stargas.sample import FIELDS


def test_a_part_round_trips():
    result = process_galaxy(AnalyticSource(1), 0, TINY, seed=0)
    outcome, arrays = read_outcome(result), read_arrays(result)
    assert (outcome.index, outcome.galaxy_id, outcome.status, outcome.reason) == (0, "galaxy-0", "done", "")
    assert len(outcome.rows) == 3
    assert set(arrays) == {declared.name for declared in FIELDS} - {"star_set"}
    assert {len(array) for array in arrays.values()} == {3}
    assert arrays["tracers"].dtype == bool
    assert encode_result(outcome, arrays) == result


@pytest.mark.parametrize(("index", "status", "reason"), [(6, "rejected", "fewer than 100"), (2, "failed", "truncated")])
def test_a_galaxy_without_samples_is_a_part_too(index, status, reason):
    result = process_galaxy(BadSource(8, damaged=(2,)), index, TINY, seed=0)
    outcome = read_outcome(result)
    assert outcome.status == status
    assert reason in outcome.reason
    assert read_arrays(result) == {}


def test_rows_are_strict_json():
    rows = read_outcome(process_galaxy(AnalyticSource(5), 4, TINY, seed=0)).rows  # without gas
    assert rows[0]["log10_hi_mass"] is None
    json.dumps(rows, allow_nan=False)


class _Thinned(AnalyticSource):
    def __getitem__(self, index):
        galaxy = plummer_galaxy(300, galaxy_id="thin")
        object.__setattr__(galaxy.stars, "velocity_kms", 5 * galaxy.stars.velocity_kms)
        warn_if_not_virial(galaxy)
        warnings.warn("another matter", UserWarning, stacklevel=1)
        return galaxy


def test_virial_warnings_are_kept_and_others_go_through():
    with pytest.warns(UserWarning, match="another matter") as caught:
        outcome = read_outcome(process_galaxy(_Thinned(1), 0, TINY, seed=0))
    assert len(caught) == 1
    assert outcome.status == "done"
    assert len(outcome.warnings) == 1
    assert "virial ratio" in outcome.warnings[0]


def test_few_stars_for_a_sample_are_a_rejection():
    class Few(AnalyticSource):
        def __getitem__(self, index):
            return plummer_galaxy(120, galaxy_id="few")

    import dataclasses

    config = dataclasses.replace(TINY, stars=dataclasses.replace(TINY.stars, min_stars=150))
    outcome = read_outcome(process_galaxy(Few(1), 0, config, seed=0))
    assert outcome.status == "rejected"
    assert "needs at least 150 stars, got 120" in outcome.reason


def test_parts_hold_float32_maps():
    assert read_arrays(process_galaxy(AnalyticSource(1), 0, TINY, seed=0))["maps"].dtype == np.float32
