"""The page of the paper's experiments: numbers are those of the files, and sentences turn when the numbers turn."""

import json
import re
import shutil
from pathlib import Path

import pytest
from results_for_tests import SIZE, parts, rows_of, write_parts

from stargas.errors import DamagedFileError, InputError
from stargas.experiments.paper.findings import findings, write_claims
from stargas.experiments.plan import Plan
from stargas.report.page import text_from
from stargas.report.paper_figures import draw_paper_figures
from stargas.report.paper_page import CLAIMS, COMMAND, PARTS, write_paper_page
from stargas.report.results import REMARKS, read_parts

ROOT = Path(__file__).parents[2]
DOCS, RESULTS = ROOT / "docs", ROOT / "results" / "paper"


def page_of(tmp_path, content):
    results = write_parts(tmp_path / "results", content)
    page = tmp_path / "docs" / "paper.md"
    write_claims(results, COMMAND)
    write_paper_page(results, page, tmp_path / "docs" / "figures" / "paper")
    return page.read_text(encoding="utf-8")


def page_text(found, part):
    return text_from("paper", f"{part}_findings", **found).markdown


def tables(text):
    """Tables of a Markdown text as lists of lines of cells."""
    return [
        [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
        for block in re.findall(r"(?:^\|.*\|\n)+", text, flags=re.MULTILINE)
    ]


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    return page_of(tmp_path_factory.mktemp("page"), parts())


class TestPage:
    def test_it_says_first_that_the_galaxies_are_mocks(self, text):
        first = text.split("\n\n")[1]
        assert "mocks" in first
        assert "no number here describes NIHAO or AURIGA" in first.replace("\n", " ")

    def test_every_part_has_a_section_a_figure_and_a_table(self, text):
        sections = dict(zip(*[iter(re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:])] * 2, strict=True))
        for name in PARTS:
            section = sections[f"Title of {name}"]
            assert f"(figures/paper/{name}" in section
            assert tables(section), name

    def test_tables_are_whole(self, text):
        for lines in tables(text):
            assert len({len(line) for line in lines}) == 1, lines[0]
            assert len(lines[0]) <= 7
            assert len(lines) > 2

    def test_ours_and_the_paper_s_stand_row_by_row(self, text):
        section = text.split("## Title of fig5")[1]
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
        assert "All parts have the paper's number of galaxies" in text
        content = parts()
        content["fig6"]["scale"] = 0.05
        small = page_of(tmp_path, content)
        assert "0.05 times the paper's number of galaxies: fig6" in small
        assert ":::{warning}" in small

    def test_absent_parts_are_left_out_and_their_relations_not_measured(self, tmp_path):
        content = {name: part for name, part in parts().items() if name in ("fig5", "tng")}
        text = page_of(tmp_path, content)
        assert "Title of fig9" not in text
        relations = tables(text)[0]
        assert sum(line[-1] == "not measured" for line in relations) == 8

    def test_what_was_left_out_or_is_empty_is_named(self, tmp_path):
        content = parts()
        content["fig7"]["left_out"] = ["Trees (StarGas), bursty, on bursty"]
        content["gain"]["rows"] = []
        text = page_of(tmp_path, content)
        assert "Not measured: Trees (StarGas), bursty, on bursty." in text
        assert "There are no results yet." in text.split("## Title of gain")[1]

    def test_medians_and_means_stand_side_by_side(self, tmp_path):
        line = next(one for one in page_of(tmp_path, parts()).splitlines() if one.startswith("| Star | 1.000 ± "))
        median, mean = (float(line.split("|")[place].split("±")[0]) for place in (3, 6))  # at 1 R_hl
        assert (median, mean) == (1.0, pytest.approx(1 + SIZE["Star"] ** 2 / 2, abs=1e-3))

    def test_seeds_are_averaged_and_their_spread_stands_behind(self, tmp_path):
        text = page_of(tmp_path, parts()).split("## Title of seeds")[1]
        cells = [
            cell.strip() for cell in next(line for line in text.splitlines() if line.startswith("| Star |")).split("|")
        ]
        assert cells[2] == "3"
        assert cells[4] == "0.224 ± 0.004 (0.004)"  # 1, 1.02 and 1.04 times 0.22 at 1 R_hl

    def test_parts_of_earlier_settings_are_named(self, tmp_path):
        content = parts()
        results = write_parts(tmp_path / "results", content)
        write_claims(results, COMMAND, Plan("paper", 1.0, {}, {}, {}, {}))
        page = write_paper_page(results, tmp_path / "paper.md", tmp_path / "figures")
        assert f"run again:** {', '.join(content)}" not in page_of(tmp_path / "other", content)
        assert "to be run again:** fig4, fig5," in page.read_text(encoding="utf-8")

    def test_remarks_are_set_under_their_part(self, tmp_path):
        results = write_parts(tmp_path / "results", parts())
        (results / REMARKS).write_text("# Remarks\n\n## fig6\n\nThe suite has *few* of them.\n\n## tng\nOne galaxy.\n")
        write_claims(results, COMMAND)
        write_paper_page(results, tmp_path / "paper.md", tmp_path / "figures")
        text = (tmp_path / "paper.md").read_text()
        assert text.index("Title of fig6") < text.index("The suite has *few* of them.") < text.index("Title of fig7")

    def test_a_remark_on_no_part_is_named(self, tmp_path):
        results = write_parts(tmp_path, parts())
        write_claims(results, COMMAND)
        (results / REMARKS).write_text("## figure 6\n\nText.\n")
        with pytest.raises(InputError, match="'figure 6'"):
            write_paper_page(results, tmp_path / "paper.md", tmp_path / "figures")

    def test_results_without_the_comparison_are_refused(self, tmp_path):
        results = write_parts(tmp_path, parts())
        with pytest.raises(InputError, match="no comparison with the paper"):
            write_paper_page(results, tmp_path / "paper.md", tmp_path / "figures")
        (results / CLAIMS).write_text("{}")
        with pytest.raises(DamagedFileError, match=r"claims\.json is damaged"):
            write_paper_page(results, tmp_path / "paper.md", tmp_path / "figures")

    def test_it_is_a_page_of_one_file_too(self, tmp_path):
        content = {name: part for name, part in parts().items() if name in ("fig5", "ablations")}
        results = write_parts(tmp_path / "results", content)
        write_claims(results, COMMAND)
        figures = tmp_path / "figures"
        draw_paper_figures(read_parts(results, PARTS, COMMAND), figures)
        text = write_paper_page(results, tmp_path / "paper.html", figures).read_text(encoding="utf-8")
        assert text.count("data:image/png;base64,") == 3  # with the losses
        assert "<em>paper, Table 1</em>" in text

    def test_significant_quotients_are_bold_and_the_paper_s_beside_them(self, text):
        lines = next(lines for lines in tables(text.split("## Title of fig5")[1]) if "quotient" in lines[0][0])
        star, both = (rows_of(parts(), "fig5", name=name)[0]["half_width"][0] for name in ("Star", "StarGas"))
        assert lines[2][0] == "Star over StarGas"
        assert lines[2][1].startswith(f"**{star / both:.2f} ± ")
        assert lines[2][1].endswith("** (paper 1.51)")


class TestSentences:
    def said(self, content, part):
        return page_text(findings(part, content[part]), part)

    def test_a_falling_gain_falls_and_a_growing_one_grows(self):
        content = parts()
        assert "falls: 1.47" in self.said(content, "gain")
        for line in content["gain"]["rows"]:
            line["stirring"] = 2 - line["stirring"]
        assert "grows: 1.16" in self.said(content, "gain")
        for line in content["gain"]["rows"]:
            line["half_width"] = [0.2] * 10
        assert "does not change significantly" in self.said(content, "gain")

    def test_coverage_outside_the_range_is_named(self):
        content = parts()
        assert "66 of 66 rows" in self.said(content, "calibration")
        content["calibration"]["rows"][4]["coverage_68_mean"] = 0.5
        text = self.said(content, "calibration")
        assert "65 of 66 rows" in text
        assert "Gas on bursty, M* < 10^9.5 (50.0 %)" in text


def test_the_committed_page_is_that_of_its_results(tmp_path):
    for path in (*RESULTS.glob("*.json"), RESULTS / REMARKS):
        shutil.copy(path, tmp_path)
    page = write_paper_page(tmp_path, tmp_path / "README.md", tmp_path / "figures")
    assert page.read_text(encoding="utf-8") == (RESULTS / "README.md").read_text(encoding="utf-8")


def test_the_numbers_quoted_from_the_card_of_the_suite_are_those_of_the_card():
    card = json.loads((DOCS / "suites" / "bursty.json").read_text(encoding="utf-8"))["stirring"]
    text = " ".join(text_from("paper", "gain_placement").markdown.split())
    strengths = {entry["stirring"]: entry for entry in card} if isinstance(card, list) else card
    assert strengths
    for group in ("others", "dwarfs"):
        widths = [f"{_half_width(strengths, strength, group):.2f}" for strength in (0, 0.5, 1, 2)]
        assert f"{', '.join(widths[:3])} and {widths[3]}" in text


def _half_width(strengths, strength, group):
    entry = next(value for key, value in strengths.items() if float(key) == strength)
    return entry[group]["half_width"]
