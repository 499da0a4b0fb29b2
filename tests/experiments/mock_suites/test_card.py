"""One tiny card of a mock suite, and the cards of the documentation."""

import json
import shutil
from pathlib import Path

import pytest

from stargas.cli import main
from stargas.errors import InputError
from stargas.experiments.mock_suites import card, realism
from stargas.experiments.mock_suites.card import write_suite_cards
from stargas.report.suite_page import write_suite_index, write_suite_page

DOCS = Path(__file__).parents[3] / "docs" / "suites"


@pytest.fixture(scope="module")
def cards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("suites")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(card, "N_MADE", {})
        patched.setattr(realism, "N_MASSIVE", 60)
        written = write_suite_cards(["smooth"], folder, n_galaxies=2, ingredients=["gas_disturbances"])
    return folder, written


def test_card_has_its_tables_and_figures(cards):
    folder, written = cards
    assert written == [folder / "smooth.md"]
    text = written[0].read_text(encoding="utf-8")
    for name in ("sheet", "relations", "distributions", "realism", "examples", "quantities", "pairs"):
        assert f"smooth_{name}.png" in text
        assert 2000 < (folder / f"smooth_{name}.png").stat().st_size < 160_000
    for words in ("Wolf+10", "v²R/G", "gas_disturbances", "After 2 Gyr", "stirring"):
        assert words in text
    assert "nan" not in text
    assert "{toctree}" in (folder / "index.md").read_text(encoding="utf-8")


def test_numbers_are_json_and_small(cards):
    path = cards[0] / "smooth.json"
    numbers = json.loads(path.read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert path.stat().st_size < 60_000
    assert numbers["provenance"]["suite"] == "smooth"
    assert set(numbers["switch_off"]) == {"nothing", "gas_disturbances"}
    assert [row["stirring"] for row in numbers["stirring"]] == [0, 0.5, 1, 1.5, 2]
    assert numbers["equilibrium"]["R_hl"]["median"] < 0.05


def test_bad_requests_end_with_one_sentence(tmp_path):
    with pytest.raises(InputError, match="unknown mock suite"):
        write_suite_cards(["calm"], tmp_path)
    with pytest.raises(InputError, match="workers must be 1"):
        write_suite_cards(["bursty"], tmp_path, workers=0)


def test_the_command_names_an_unknown_suite(tmp_path, capsys):
    words = ["experiment", "suites", "calm", "--results", str(tmp_path)]
    assert main(words) == 2
    assert "has no part 'calm'" in capsys.readouterr().err
    assert main([*words, "--n-galaxies", "many"]) == 2


def test_the_committed_pages_are_those_of_their_numbers(tmp_path):
    for path in (*DOCS.glob("*.json"), *DOCS.glob("*.md")):
        shutil.copy(path, tmp_path)
    for path in DOCS.glob("*.json"):
        write_suite_page(tmp_path, path.stem)
    write_suite_index(tmp_path)
    for path in DOCS.glob("*.md"):
        assert (tmp_path / path.name).read_text(encoding="utf-8") == path.read_text(encoding="utf-8")
