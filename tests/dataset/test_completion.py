import json
from collections import Counter
from dataclasses import replace

import pytest
from astropy.table import Table
from dataset_for_tests import N_GALAXIES, build
from sources_for_tests import TINY, AnalyticSource

from stargas.config import SelectionConfig
from stargas.errors import StargasError


def test_rejected_galaxies_are_listed_with_their_reason(built):
    table = Table.read(built / "rejected.ecsv")
    assert table["galaxy_id"].tolist() == ["galaxy-6"]
    assert table["status"].tolist() == ["rejected"]
    assert table["reason"].tolist() == ["50 star particles, fewer than 100"]


def test_counts_are_those_of_the_catalogue(built):
    counts = json.loads((built / "manifest.json").read_text())["counts"]
    table = Table.read(built / "catalogue.fits")
    assert counts["samples"] == len(table)
    assert counts["galaxies"] == N_GALAXIES == counts["done"] + counts["rejected"] + counts["failed"]
    assert counts["samples_by_split"] == {"train": 0, "validation": 0, "test": 0} | Counter(table["split"].tolist())
    galaxies = Counter(split for _, split in {(row["galaxy_id"], row["split"]) for row in table})
    assert counts["galaxies_by_split"] == {"train": 0, "validation": 0, "test": 0} | galaxies


def test_no_accepted_galaxy_is_an_error_with_the_first_reason(tmp_path):
    nothing = replace(TINY, selection=SelectionConfig(exclude=("galaxy-0", "galaxy-1")))
    with pytest.raises(
        StargasError, match="none of the 2 galaxies of analytic is accepted; the first one: on the excl"
    ):
        build(tmp_path / "data", AnalyticSource(2), config=nothing)
    assert (tmp_path / "data" / "rejected.ecsv").exists()
    assert not (tmp_path / "data" / "catalogue.fits").exists()
