"""Models of data sets that a user brings, tested on each of them."""

import json

import pytest

from stargas import build_dataset, mock_suite
from stargas.cli import main
from stargas.config import (
    DataConfig,
    HIMapConfig,
    LocalConfig,
    ModelConfig,
    SelectionConfig,
    SplitConfig,
    StarMapConfig,
    TrainingConfig,
    ViewConfig,
)
from stargas.errors import InputError
from stargas.experiments.cross import cross_plan

CONFIG = DataConfig(
    views=ViewConfig(n_views=3),
    stars=StarMapConfig(n_pixels=16, max_stars=300),
    gas=HIMapConfig(n_pixels=16),
    selection=SelectionConfig(min_gas=100),
    split=SplitConfig(validation=0.3, test=0.3),
)
QUICK = ("--draws", "40", "--workers", "1", "--local.progress", "false", "--training.epochs", "1")
SMALL = ("--training.flow_epochs", "1", "--training.cold_gas_only", "false", "--model.maf.transforms", "1")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cross")
    for name in ("bursty", "smooth"):
        build_dataset(mock_suite(name, 24), folder / name, CONFIG, local=LocalConfig(workers=1, progress=False))
    return folder


def test_every_suite_and_all_together_are_tested_on_every_suite(data):
    suites = [f"theirs={data / 'bursty'}", f"ours={data / 'smooth'}"]
    folders = ["--out", str(data / "runs"), "--results", str(data / "results")]
    assert main(["experiment", "cross", "--suite", *suites, *folders, *QUICK, *SMALL]) == 0
    part = json.loads((data / "results/cross.json").read_text())
    models = [(row["trained_on"], row["tested_on"]) for row in part["rows"] if row["kind"] == "model"]
    assert models == [(one, other) for one in ("theirs", "ours", "all") for other in ("theirs", "ours")]
    by_name = {(row["trained_on"], row["tested_on"]): row for row in part["rows"] if row["kind"] == "model"}
    learned = {name: by_name[name, "ours"]["training"]["galaxies"] for name in ("theirs", "ours", "all")}
    assert learned["all"] == learned["theirs"] + learned["ours"]
    assert part["provenance"]["data"]["ours"]["folder"] == "smooth"
    page = (data / "results/README.md").read_text()
    assert "| StarGas, theirs → ours |" in page
    assert str(data) not in page
    assert (data / "results/figures/cross.png").exists()
    assert not (data / "runs/data").exists()  # nothing is built again


@pytest.mark.parametrize(
    ("names", "said"),
    [(("one",), "takes two data sets, got 1"), (("all", "one"), "name 'all'"), (("a/b", "one"), "name 'a/b'")],
)
def test_names_that_cannot_be_are_refused(data, names, said):
    with pytest.raises(InputError, match=said):
        cross_plan(dict.fromkeys(names, data / "bursty"), ModelConfig(), TrainingConfig())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--suite", "data"], "'data' is not NAME=PATH"),
        (["--suite", "a=b", "a=c"], "two suites have the same name"),
    ],
)
def test_words_that_name_no_suite_are_refused(words, said, capsys):
    assert main(["experiment", "cross", *words]) == 2
    assert said in capsys.readouterr().err
