"""A page says the same as HTML, as Markdown and on the terminal, asks for nothing, and breaks on no name."""

import base64
import io
import re
from html.parser import HTMLParser

import jinja2
import pytest
from rich.console import Console

from stargas.report.page import (
    Bullets,
    Callout,
    Caution,
    Details,
    Figure,
    Page,
    Row,
    Section,
    Table,
    Text,
    html_of,
    markdown_of,
    terminal_table,
    text_from,
    write_page,
)
from stargas.report.style import new_figure, save_figure

HOSTILE = "<script>alert(1)</script> & ![x](http://a.b/c.png) [y](http://a.b) <http://a.b>"


class Reader(HTMLParser):
    """Collects text, tags and what a page refers to, and checks that its tags close."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.references, self.text = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in {"meta", "img", "br"}:
            self.open.append(tag)
        self.references += [value for name, value in attrs if name in {"src", "href"}]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def read(text):
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    return reader


@pytest.fixture
def figure(tmp_path):
    drawn = new_figure(1, 1)
    drawn.subplots().plot([0, 1])
    return Figure(save_figure(drawn, tmp_path / "figures" / "line.png", dpi=20), "A line from 0 to 1.", "A *line*.")


@pytest.fixture
def page(figure):
    table = Table(["galaxy", "log10 M"], [["**Carina**", "7.1"], ["a|b", "8.2"]], "Two masses.")
    return Page(
        "Masses",
        [
            Text("First.\n\nSecond."),
            Section("All", [Bullets(["one `x`", "two"]), Caution("Take care."), figure, table]),
            Section("First", [Callout("Trusted", "By *all*.", "good"), Row([figure])]),
            Section("Nothing", []),
            Section("Data", [Details("Seeds", {"seed": [1, 2]})]),
        ],
    )


def test_html_holds_every_part_in_one_file(page, figure):
    text = html_of(page)
    reader = read(text)
    assert reader.tags.count("section") == 3
    assert {"ul", "figure", "table", "details", "em", "code", "strong"} <= set(reader.tags)
    said = "".join(reader.text)
    for piece in (
        "Masses",
        "First.",
        "one x",
        "Take care.",
        "A line.",
        "Carina",
        "a|b",
        "Two masses.",
        "Trusted. By all.",
        '"seed"',
    ):
        assert piece in said
    image, *links = sorted(reader.references)
    images = [one for one in (image, *links) if one.startswith("data:")]
    assert base64.b64decode(images[0].partition("base64,")[2]) == figure.path.read_bytes()
    assert {one for one in reader.references if one not in images} == {"#section-1", "#section-2", "#section-3"}


def test_markdown_says_the_same_and_links_its_figures(page, tmp_path):
    assert markdown_of(page, tmp_path) == (
        "# Masses\n\nFirst.\n\nSecond.\n\n## All\n\n- one `x`\n- two\n\n:::{warning}\nTake care.\n:::\n\n"
        "![A line from 0 to 1.](figures/line.png)\n\n*A *line*.*\n\n"
        "| galaxy | log10 M |\n| --- | --- |\n| **Carina** | 7.1 |\n| a\\|b | 8.2 |\n\n"
        "## First\n\n**Trusted.** By *all*.\n\n![A line from 0 to 1.](figures/line.png)\n\n*A *line*.*\n\n"
        '## Data\n\n<details><summary>Seeds</summary>\n\n```json\n{\n "seed": [\n  1,\n  2\n ]\n}\n```\n\n</details>\n'
    )


def test_the_ending_of_the_path_chooses_the_form(page, tmp_path):
    assert write_page(page, tmp_path / "new" / "p.html").read_text(encoding="utf-8") == html_of(page)
    assert "(../figures/line.png)" in write_page(page, tmp_path / "new" / "p.md").read_text(encoding="utf-8")


def test_names_can_hold_anything():
    parts = [
        Text(HOSTILE), Bullets([HOSTILE, "# no heading"]), Caution(HOSTILE), Table([HOSTILE], [[HOSTILE]], HOSTILE),
        Details(HOSTILE, HOSTILE), Callout(HOSTILE, HOSTILE, "bad"),
    ]  # fmt: skip
    text = html_of(Page(HOSTILE, [*parts, Section(HOSTILE, parts)]))
    reader = read(text)
    assert not {"script", "img"} & set(reader.tags)
    assert set(reader.references) == {"#section-1"}
    assert not re.search(r"url\(|@import", text)
    assert "".join(reader.text).count("<script>alert(1)</script>") == 2 * (3 + 3 + 2 + 2) + 4


def test_lines_divide_groups_of_rows_and_not_the_rows_of_none():
    rows = [["a", "1"], ["", "2"], ["b", "3"], ["", "4"], ["c", "5"], ["d", "6"]]
    assert Table(["", "x"], rows).group_starts == [False, False, True, False, True, False]
    assert not any(Table(["", "x"], [["a", "1"], ["b", "2"]]).group_starts)


def test_the_terminal_prints_every_cell_as_it_is():
    console = Console(width=80, file=io.StringIO(), record=True)
    console.print(terminal_table(Table(["model", "rms"], [["[red]Star", "0.1"], ["", "0.2"]], "cap [b]"), "title [a]"))
    text = console.export_text()
    for piece in ("model", "[red]Star", "0.1", "0.2", "cap [b]", "title [a]"):
        assert piece in text


def test_a_template_that_lacks_a_value_raises():
    with pytest.raises(jinja2.UndefinedError, match="page"):
        text_from("page")
