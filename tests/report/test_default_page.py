"""The page of the pretrained model: numbers are those of the files, and the README gets the same ones."""

import json
import shutil
from pathlib import Path

import pytest
from results_for_tests import compared_pair, row, sections, tables, write_parts, write_scoreboard_file
from results_for_tests import parts as paper_parts

from stargas.cli.settings import read_settings
from stargas.errors import DamagedFileError, InputError
from stargas.experiments.default import TRACER_SETS, default_plan
from stargas.experiments.flow_trial import FLOWS, KINDS
from stargas.experiments.left_out import FULL_SIZE, GALAXIES, LEFT_OUT, PRETRAINED, WEIGHTS
from stargas.experiments.star_sets import RECEIVED
from stargas.model.files import load_model
from stargas.report.default_page import (
    BEGIN,
    COMMAND,
    END,
    PARTS,
    SUITES,
    VERDICT_BEGIN,
    VERDICT_END,
    others_table,
    others_verdict,
    summary_table,
    write_default_page,
    write_model_card,
    write_readme_numbers,
)
from stargas.report.others_page import write_verdict_page
from stargas.report.page import table_markdown, text_from
from stargas.report.results import FORMAT, REMARKS, read_parts
from stargas.report.tried_page import write_tried_page

WIDTH = {"StarGas": 0.15, "Star": 0.19, "Gas": 0.55, "Gas, R_hl known": 0.36}
COMPARED = {
    "networks": ["features", "maps"],
    "left_out": list(LEFT_OUT),
    "training_sets": list(GALAXIES),
    "full_size": [PRETRAINED, *FULL_SIZE],
    "alignment": list(WEIGHTS),
    "adaptation": ["not adapted", "adapted", "alone"],
    "star_sets": list(RECEIVED),
    "flows": list(KINDS),
}
"""Part → its candidates; the first is the one that the others stand beside."""

ROOT = Path(__file__).parents[2]
README, RESULTS, PRETRAINED = ROOT / "README.md", ROOT / "results", ROOT / "src" / "stargas" / "pretrained"


def parts():
    """Content of all files, as the runner would write them, with made-up numbers."""

    def own(name, suite, trained_on="all", factor=1.0, **entries):
        return row(name, factor * WIDTH[name], tested_on=suite, trained_on=trained_on, **entries)

    rows = {"accuracy": [own(name, suite) for suite in SUITES for name in TRACER_SETS]}
    rows["accuracy"] += [own("StarGas", suite, f"all, prior {suite}", 0.9) for suite in ("bursty", "smooth")]
    rows["accuracy"] += [row("Trees (Star)", 0.21, trained_on="broad")]
    rows["calibration"] = [
        own(name, suite, subset=subset)
        for suite in SUITES
        for name in TRACER_SETS
        for subset in ("all", "M* < 10^9.5", "edge-on", "100-300 stars")
    ]
    rows["observed"] = [own("StarGas", "broad, observed"), own("Star", "broad, with and without gas")]
    for name, of in COMPARED.items():
        rows[name] = [
            row(one, 0.16 + 0.001 * number, choice="seed 0", chosen=number == 0) for number, one in enumerate(of)
        ]
        for line in rows[name]:
            line |= {"quantile_score_dex": 0.05, "seconds_per_1000_draws": 0.012}
    content = {
        name: {
            **FORMAT.stated,
            "part": name,
            "title": name,
            "stargas": "0.1.0",
            "scale": 1.0,
            "rows": found,
            "comparisons": [compared_pair(one, COMPARED[name][0]) for one in COMPARED.get(name, ())[1:]],
            "provenance": {},
        }
        for name, found in rows.items()
    }
    return content | {"tng": paper_parts()["tng"] | {"title": "tng"}}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    write_scoreboard_file(folder / "others")
    return write_parts(folder / "default", parts())


@pytest.fixture(scope="module")
def text(results):
    return write_default_page(results).read_text(encoding="utf-8")


class TestPage:
    def test_every_part_has_a_section_with_a_table(self, text):
        found = sections(text)
        for name in PARTS:
            section = found[name]
            assert text_from("default", name).markdown in section
            assert tables(section), name
        assert {"Galaxies that others made", "Galaxies of the mock suites", "Trainings"} <= set(found)

    def test_parts_are_those_of_the_plan(self):
        preset = read_settings([], preset="default")
        plan = default_plan(preset.data, preset.model, preset.training, tng=[Path("galaxy.hdf5")])
        assert [*plan.parts, FLOWS] == list(PARTS)

    def test_galaxies_of_others_come_first(self, text):
        found = sections(text)
        assert next(iter(found)) == "Galaxies that others made"
        assert tables(found["Galaxies that others made"])

    def test_pairs_on_the_same_galaxies_are_compared(self, text):
        for name, of in COMPARED.items():
            pairs, _ = tables(sections(text)[name])
            assert [line[0] for line in pairs[2:]] == [f"{one} / {of[0]}" for one in of[1:]]
            assert pairs[2][1:] == ["seed 0", "0.987 ± 0.004", "0.950 ± 0.030", "0.31 ± 0.05"]

    def test_flows_have_their_score_and_speed(self, text):
        _, lines = tables(sections(text)["flows"])
        assert lines[2][0] == f"**seed 0 ({next(iter(KINDS))})**"
        assert (lines[2][2], lines[2][-1]) == ("0.0500", "0.012")

    def test_tables_are_whole(self, text):
        for lines in tables(text):
            assert len({len(line) for line in lines}) == 1, lines[0]
            assert len(lines) > 2

    def test_no_star_of_a_mass_is_taken_for_emphasis(self, text):
        assert "M\\* < 10^9.5" in text
        assert "M* " not in text

    def test_the_same_results_give_the_same_bytes(self, results, text):
        page = results / "README.md"
        before = page.read_bytes()
        assert write_default_page(results) == page
        assert page.read_bytes() == before == text.encode()

    def test_other_results_give_other_bytes(self, tmp_path, text):
        content = parts()
        content["left_out"]["rows"][1]["rms_dex"] *= 2
        assert write_default_page(write_parts(tmp_path, content)).read_text() != text

    def test_parts_that_are_missing_are_left_out(self, tmp_path):
        content = {name: part for name, part in parts().items() if name in {"left_out", "observed"}}
        found = sections(write_default_page(write_parts(tmp_path, content)).read_text())
        assert list(found) == ["Galaxies of the mock suites", "observed", "left_out", "Trainings"]

    def test_a_part_without_comparisons_has_its_rows_alone(self, tmp_path):
        content = parts()
        content["networks"]["comparisons"] = []
        assert len(tables(sections(write_default_page(write_parts(tmp_path, content)).read_text())["networks"])) == 1

    def test_densities_that_cannot_be_compared_have_no_gain(self, tmp_path):
        content = parts()
        content["left_out"]["comparisons"][0] |= {"log_prob_gain": None, "log_prob_gain_se": None}
        pairs, _ = tables(sections(write_default_page(write_parts(tmp_path, content)).read_text())["left_out"])
        assert [line[-1] for line in pairs[2:4]] == ["–", "0.31 ± 0.05"]

    def test_remarks_stand_at_the_end(self, tmp_path):
        folder = write_parts(tmp_path, parts())
        (folder / REMARKS).write_text("## By hand\n\nWhat was seen.\n")
        assert write_default_page(folder).read_text().endswith("## By hand\n\nWhat was seen.\n")

    def test_without_results_it_says_what_to_do(self, tmp_path):
        with pytest.raises(InputError, match=r"has no results .*: run 'stargas experiment default' first"):
            write_default_page(tmp_path)
        assert not (tmp_path / "README.md").exists()

    def test_a_damaged_part_is_named(self, tmp_path):
        folder = write_parts(tmp_path, parts())
        (folder / "observed.json").write_text("{")
        with pytest.raises(DamagedFileError, match=r"observed\.json"):
            write_default_page(folder)


class TestSummary:
    def test_each_suite_and_case_has_a_line_of_its_numbers(self, results):
        rows = summary_table(read_parts(results, PARTS, COMMAND)).rows
        named = {(row[0], row[1]): row[2:] for row in rows}
        assert len(named) == len(rows) == len(SUITES) * len(TRACER_SETS) + 2 + 1
        for suite in SUITES:
            for name in TRACER_SETS:
                at_1 = named[f"`{suite}`", f"**{name}**"][1]
                assert at_1 == f"{WIDTH[name]:.3f} ± {0.02 * WIDTH[name]:.3f}"
        with_prior = named["`smooth`", "**StarGas**, prior `smooth`"]
        assert with_prior[1].startswith(f"{0.9 * WIDTH['StarGas']:.3f}")
        assert named["`bursty`", "*Trees (Star)*"][1].startswith("0.210")
        assert with_prior[-2:] == ["68.1 ± 0.8 %", "94.9 ± 0.4 %"]

    def test_subsets_take_no_part(self, tmp_path):
        content = parts()
        content["accuracy"]["rows"].append(row("StarGas", 9.0, subset="edge-on", trained_on="all"))
        rows = summary_table(read_parts(write_parts(tmp_path, content), PARTS, COMMAND)).rows
        assert not any("9.000" in cell for row in rows for cell in row)


class TestReadme:
    def test_verdict_and_table_are_put_between_their_marks_and_all_else_stays(self, results, tmp_path):
        readme = tmp_path / "README.md"
        old = [f"# Name\n\n{VERDICT_BEGIN}\nold\n{VERDICT_END}\n", f"Before.\n\n{BEGIN}\nold\n{END}\n\nAfter | é.\n"]
        readme.write_text("\n".join(old), encoding="utf-8")
        write_readme_numbers(results, readme)
        once = readme.read_text(encoding="utf-8")
        others = results.parent / "others"
        said, numbers = others_verdict(others).markdown, table_markdown(others_table(others))
        assert once == (
            f"# Name\n\n{VERDICT_BEGIN}\n\n{said}\n\n{VERDICT_END}\n\n"
            f"Before.\n\n{BEGIN}\n\n{numbers}\n\n{END}\n\nAfter | é.\n"
        )
        write_readme_numbers(results, readme)
        assert readme.read_text(encoding="utf-8") == once

    @pytest.mark.parametrize(
        ("content", "what"),
        [
            ("# Name\n", "verdict"),
            (f"{BEGIN}\n{END}\n", "verdict"),
            (f"{VERDICT_BEGIN}\n{VERDICT_END}\n", "table of results"),
            (f"{VERDICT_BEGIN}\n{VERDICT_END}\n{END}\n", "table of results"),
        ],
    )
    def test_a_readme_without_marks_is_refused_and_stays(self, results, tmp_path, content, what):
        readme = tmp_path / "README.md"
        readme.write_text(content)
        with pytest.raises(InputError, match=f"has no place for the {what}: put"):
            write_readme_numbers(results, readme)
        assert readme.read_text() == content

    def test_the_readme_of_the_project_has_its_marks_once_and_in_order(self):
        text = README.read_text(encoding="utf-8")
        marks = (VERDICT_BEGIN, VERDICT_END, BEGIN, END)
        assert [text.count(mark) for mark in marks] == [1] * 4
        places = [text.index(mark) for mark in marks]
        assert places == sorted(places)
        assert places[0] < text.index("```")  # before anything is to be run

    def test_the_card_begins_with_the_verdict(self):
        card = (PRETRAINED / "card.md").read_text(encoding="utf-8")
        assert next(iter(sections(card))) == "Galaxies that others made"
        assert others_verdict(RESULTS / "others").markdown in card


def test_the_committed_pages_and_readme_are_those_of_the_results(tmp_path):
    folder = tmp_path / "results" / "default"
    shutil.copytree(RESULTS / "default", folder)
    shutil.copytree(RESULTS / "others", folder.parent / "others")
    pages = (
        write_default_page(folder),
        write_tried_page(folder, COMMAND),
        write_verdict_page(folder.parent / "others"),
    )
    for page in pages:
        committed = RESULTS / page.relative_to(folder.parent)
        assert page.read_text(encoding="utf-8") == committed.read_text(encoding="utf-8"), committed
    readme = tmp_path / "README.md"
    shutil.copy(README, readme)
    write_readme_numbers(folder, readme)
    assert readme.read_text(encoding="utf-8") == README.read_text(encoding="utf-8")


def test_the_card_of_the_pretrained_model_is_that_of_the_model(tmp_path):
    described = json.loads((PRETRAINED / "model.json").read_text(encoding="utf-8"))
    n_parameters = sum(parameter.numel() for parameter in load_model().network.parameters())
    card = write_model_card(described, n_parameters, RESULTS / "default", tmp_path / "card.md")
    assert card.read_text(encoding="utf-8") == (PRETRAINED / "card.md").read_text(encoding="utf-8")


def test_titles_of_the_files_are_not_needed_but_their_parts_are(tmp_path):
    content = parts()
    content["observed"]["part"] = "left_out"
    folder = write_parts(tmp_path, content)
    assert json.loads((folder / "observed.json").read_text())["part"] == "left_out"
    with pytest.raises(DamagedFileError, match="it is of part 'left_out'"):
        read_parts(folder, PARTS, COMMAND)
