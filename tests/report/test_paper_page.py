"""The page of the paper's experiments: numbers are those of the files, and words turn when the numbers turn."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from report.paper_for_tests import parts, row, write_parts
from stargas.errors import InputError
from stargas.report.paper_claims import Effect, Relation, paper_relations
from stargas.report.paper_findings import compare, own_marks, words
from stargas.report.paper_page import REMARKS, read_remarks, write_paper_page
from stargas.report.paper_results import PARTS, Value
from stargas.report.paper_text import GAIN_PLACEMENT, PART_TEXTS

DOCS = Path(__file__).parents[2] / "docs"


def page_of(tmp_path, content):
    results = write_parts(tmp_path / "results", content)
    page = tmp_path / "docs" / "paper.md"
    write_paper_page(results, page, tmp_path / "docs" / "figures" / "paper")
    return page.read_text(encoding="utf-8")


def tables(text):
    """Tables of a Markdown text as lists of lines of cells."""
    return [
        [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
        for block in re.findall(r"(?:^\|.*\|\n)+", text, flags=re.MULTILINE)
    ]


def verdicts(content):
    return {relation.name: relation.verdict for relation in paper_relations(content)}


def scale_widths(line, factor):
    """Make a row wider or narrower."""
    for key in ("half_width", "half_width_se"):
        line[key] = [factor * value for value in line[key]]


def rows_of(content, part, **wanted):
    return [line for line in content[part]["rows"] if all(line.get(key) == value for key, value in wanted.items())]


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    return page_of(tmp_path_factory.mktemp("page"), parts())


class TestPage:
    def test_it_says_first_that_the_galaxies_are_mocks(self, text):
        first = text.split("\n\n")[1]
        assert "mocks" in first
        assert "no number here is one on NIHAO or AURIGA" in first.replace("\n", " ")

    def test_every_part_has_a_section_a_figure_and_a_table(self, text):
        sections = dict(zip(*[iter(re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:])] * 2, strict=True))
        for name in PARTS:
            section = sections[PART_TEXTS[name].heading]
            assert f"(figures/paper/{name}" in section
            assert tables(section), name

    def test_tables_are_whole(self, text):
        for lines in tables(text):
            assert len({len(line) for line in lines}) == 1, lines[0]
            assert len(lines[0]) <= 7
            assert len(lines) > 2

    def test_ours_and_the_paper_s_stand_row_by_row(self, text):
        section = text.split(f"## {PART_TEXTS['fig5'].heading}")[1]
        ratio, width, *_ = tables(section)
        star = parts()["fig5"]["rows"][0]
        plus, minus = star["p84"][0] - star["median"][0], star["median"][0] - star["p16"][0]
        assert ratio[2][:2] == ["Star", f"1.00 +{plus:.2f} −{minus:.2f}"]
        assert ratio[3][:2] == ["*paper, Table 1*", "*0.99 +0.32 −0.21*"]
        assert width[2][1] == f"{star['half_width'][0]:.3f} ± {star['half_width_se'][0]:.3f}"
        assert width[3][1] == "*0.265*"
        assert ratio[2][4:] == ["68.1 ± 0.8 %", "94.9 ± 0.4 %", "500"]

    def test_formulas_stand_beside_star_gas_at_their_radius(self, text):
        formulas = next(lines for lines in tables(text) if lines[0][0] == "formula")
        wolf = next(line for line in formulas if line[0] == "Wolf+10")
        ours, theirs = float(wolf[3].split()[0]), float(wolf[4].split()[0])
        assert wolf[1] == "1.33"
        assert float(wolf[5].split()[0]) == pytest.approx(ours / theirs, abs=0.01)

    def test_trainings_are_stated_once_each(self, text):
        lines = tables(text)[-1]
        assert lines[0] == ["model", "trained on", "galaxies", "samples", "epochs", "minutes"]
        assert ["Star", "bursty", "3,512", "42,144", "12 + 15", "11.4"] in lines
        assert len({tuple(line) for line in lines}) == len(lines)

    def test_the_same_results_give_the_same_page(self, text, tmp_path):
        assert page_of(tmp_path, parts()) == text

    def test_no_asterisk_of_a_mass_is_left_to_become_emphasis(self, text):
        assert "M\\* < 10^9.5" in text
        assert not re.search(r"M\* ", text)

    def test_a_smaller_run_is_called_one(self, text, tmp_path):
        assert "All parts are at the paper's number of galaxies" in text
        content = parts()
        content["fig6"]["scale"] = 0.05
        small = page_of(tmp_path, content)
        assert "0.05 times the paper's number of galaxies: fig6" in small
        assert ":::{warning}" in small

    def test_absent_parts_are_left_out_and_their_relations_not_measured(self, tmp_path):
        content = {name: part for name, part in parts().items() if name in ("fig5", "tng")}
        text = page_of(tmp_path, content)
        assert "(Fig. 9" not in text
        relations = tables(text)[0]
        assert sum(line[-1] == "not measured" for line in relations) == 8

    def test_what_was_left_out_or_is_empty_is_told(self, tmp_path):
        content = parts()
        content["fig7"]["left_out"] = ["Trees (StarGas), bursty, on bursty"]
        content["search"]["rows"] = []
        text = page_of(tmp_path, content)
        assert "Not measured: Trees (StarGas), bursty, on bursty." in text
        assert "There are no results yet." in text.split("## How the settings were chosen")[1]

    def test_remarks_are_set_under_their_part(self, tmp_path):
        results = write_parts(tmp_path / "results", parts())
        (results / REMARKS).write_text("# Remarks\n\n## fig6\n\nThe suite has *few* of them.\n\n## tng\nOne galaxy.\n")
        write_paper_page(results, tmp_path / "paper.md", tmp_path / "figures")
        text = (tmp_path / "paper.md").read_text()
        assert text.index("(Fig. 6)") < text.index("The suite has *few* of them.") < text.index("(Fig. 7)")

    def test_a_remark_on_no_part_is_named(self, tmp_path):
        (tmp_path / REMARKS).write_text("## figure 6\n\nText.\n")
        with pytest.raises(InputError, match="'figure 6'"):
            read_remarks(tmp_path / REMARKS)


class TestRelations:
    def test_numbers_like_the_paper_s_make_all_relations_appear(self):
        assert set(verdicts(parts()).values()) == {"appears"}

    @pytest.mark.parametrize(
        ("word", "part", "wanted", "factor"),
        [
            ("≈ 1.5", "fig5", {"name": "Star"}, 0.7),
            ("widest", "fig5", {"name": "Gas"}, 0.4),
            ("Gas-poor", "fig4", {"name": "Gas", "set": "full set"}, 0.58),
            ("Star is worse", "fig8", {"name": "Star", "subset": "kappa_co > 0.5"}, 0.7),
            ("Gas is better", "fig8", {"name": "Gas", "subset": "kappa_co < 0.5"}, 0.7),
            ("asymmetric", "fig9", {"name": "StarGas", "trained_on": "smooth", "tested_on": "bursty"}, 0.5),
        ],
    )
    def test_a_width_that_turns_turns_its_relation_and_no_other(self, word, part, wanted, factor):
        content = parts()
        before = verdicts(content)
        for line in rows_of(content, part, **wanted):
            scale_widths(line, factor)
        after = verdicts(content)
        turned = {name for name in after if after[name] != before[name]}
        assert {name for name in turned if word in name} or pytest.fail(f"{word}: {after}")
        assert all(after[name] == "does not appear" for name in turned if word in name)
        assert len(turned) <= 2  # Star and Gas stand in two relations

    def test_a_small_effect_appears_partly(self):
        content = parts()
        scale_widths(rows_of(content, "fig4", name="Gas", set="full set")[0], 1.15 / 1.7)
        assert verdicts(content)["Gas-poor galaxies widen Gas, by 1.7"] == "partly"

    def test_biases_turn_their_relations(self):
        content = parts()
        for line in rows_of(content, "fig6", subset="M* > 10^9.5"):
            line["median"] = [1.0] * 10
        for line in rows_of(content, "fig8", name="Star"):
            line["median"] = [1.0] * 10
        after = verdicts(content)
        assert after["Rare massive galaxies come out low, by up to 7 %"] == "does not appear"
        assert after["Star is biased by inclination"] == "does not appear"

    def test_a_bias_of_the_model_for_both_is_found(self):
        content = parts()
        for line in rows_of(content, "fig9", trained_on="both"):
            line["median"] = [1.2] * 10
        assert verdicts(content)["Trained on both suites, the model fits both"] == "partly"

    def test_rules(self):
        above = Effect(Value(1.3, 0.1), 1.5)
        assert above.found
        assert above.large
        assert not Effect(Value(1.3, 0.2), 1.5).found  # within two standard errors
        assert not Effect(Value(1.2, 0.01), 1.5).large  # less than half of the paper's
        assert not Effect(Value(0.7, 0.1), 1.5).found  # the other side
        assert Effect(Value(0.93, 0.01), 0.93, sign=-1).large
        assert Effect(Value(1.02, 0.001), 1.0, sign=0, tolerance=0.03).found
        assert not Effect(Value(1.04, 0.001), 1.0, sign=0, tolerance=0.03).found
        assert Relation("", "", ()).verdict == "not measured"
        assert Relation("", "", (Effect(Value(1.2, 0.2), 1.5),)).verdict == "too uncertain to say"
        assert Relation("", "", (Effect(Value(1.05, 0.1), 1.5),)).verdict == "does not appear"


class TestWords:
    def test_a_quotient_within_its_errors_is_no_difference(self):
        assert "no difference" in compare("x", Value(1.05, 0.03))
        assert "wider, 2.5 σ; paper 1.50" in compare("x", Value(1.05, 0.02), 1.5)
        assert "narrower" in compare("x", Value(0.9, 0.02))

    def test_quotients_are_those_of_the_rows(self):
        content = parts()
        said = words("fig5", content)[0]
        star, both = (rows_of(content, "fig5", name=name)[0]["half_width"][0] for name in ("Star", "StarGas"))
        assert f"0.6 R_hl: {star / both:.2f} ±" in said
        assert "paper 1.51" in said

    def test_a_falling_gain_is_said_to_fall_and_a_growing_one_to_grow(self):
        content = parts()
        assert "falls: 1.47" in words("gain", content)[0]
        for line in content["gain"]["rows"]:
            line["stirring"] = 2 - line["stirring"]
        assert "grows: 1.16" in words("gain", content)[0]
        for line in content["gain"]["rows"]:
            line["half_width"] = [0.2] * 10
        assert "does not change measurably" in words("gain", content)[0]

    def test_coverage_outside_the_marks_is_named(self):
        content = parts()
        assert "66 of 66 rows" in words("calibration", content)[0]
        content["calibration"]["rows"][4]["coverage_68_mean"] = 0.5
        said = words("calibration", content)[0]
        assert "65 of 66 rows" in said
        assert "Gas on bursty, M* < 10^9.5 (50.0 %)" in said

    def test_the_search_names_what_was_chosen(self):
        assert "Chosen of 3: rate 2e-3, dropout 0.1" in words("search", parts())[0]

    def test_the_shares_of_views_are_counted(self):
        content = parts()
        numbers = content["tng"]["views"]["models"]["Star"]
        share = 100 * np.mean(numbers["inside_68"])
        assert f"68 % interval in {share:.0f} %" in words("tng", content)[0]

    def test_the_intrinsic_velocity_is_told_from_what_makes_no_difference(self):
        said = words("ablations", parts())
        assert "intrinsic -20.0 ± " in said[1]
        assert "no difference" not in said[1]
        assert "no difference beyond 2 σ" in said[2]


class TestMarks:
    def reached(self, content):
        return {asked.split(" ")[0] + asked.split(" ")[1]: enough for asked, _, enough in own_marks(content)}

    def test_all_are_reached(self):
        assert all(enough for *_, enough in own_marks(parts()))
        assert len(own_marks(parts())) == 6

    @pytest.mark.parametrize(
        ("change", "asked"),
        [
            (lambda line: line.update(median=[1.04] * 10), "Medianof"),
            (lambda line: line.update(coverage_68_mean=0.6), "68%"),
            (lambda line: line.update(coverage_95_mean=0.9), "95%"),
            (lambda line: scale_widths(line, 2), "StarGastighter"),
        ],
    )
    def test_each_can_be_missed(self, change, asked):
        content = parts()
        change(rows_of(content, "fig5", name="StarGas")[0])
        assert [name for name, enough in self.reached(content).items() if not enough] == [asked]

    def test_too_few_galaxies_are_told(self):
        content = parts()
        rows_of(content, "fig6", subset="M* > 10^9.5")[0]["n_galaxies"] = 59
        assert any("59" in found and not enough for _, found, enough in own_marks(content))

    def test_a_formula_that_is_tighter_is_named(self):
        content = parts()
        content["fig5"]["rows"].append(row("Magic+26", 0.1, kind="estimator", radii=1.0))
        found = next(found for asked, found, _ in own_marks(content) if "tighter" in asked)
        assert found.endswith("not than Magic+26")


def test_the_numbers_quoted_from_the_card_of_the_suite_are_those_of_the_card():
    card = json.loads((DOCS / "suites" / "bursty.json").read_text(encoding="utf-8"))["stirring"]
    text = " ".join(GAIN_PLACEMENT.split())
    dials = {entry["stirring"]: entry for entry in card} if isinstance(card, list) else card
    assert dials
    for group in ("others", "dwarfs"):
        widths = [f"{_half_width(dials, dial, group):.2f}" for dial in (0, 0.5, 1, 2)]
        assert f"{', '.join(widths[:3])} and {widths[3]}" in text


def _half_width(dials, dial, group):
    entry = next(value for key, value in dials.items() if float(key) == dial)
    return entry[group]["half_width"]
