"""A page as data: sections of text, tables and figures, which templates turn into one HTML file or into Markdown.

Text, headings of tables, cells and captions are Markdown (``*emphasis*``, ``**strong**``, code in backticks). An HTML
page takes no images, links or HTML from them, so that names of galaxies and models may hold anything. It is one file
that requests nothing from the net: figures are inlined as PNG on a white card, and colors follow the reader's light
or dark setting.

>>> page = Page("Masses", [Text("Two galaxies."), Section("Table", [Table(["name", "log10 M"], [["Carina", "7.1"]])])])
>>> print(markdown_of(page))
# Masses
<BLANKLINE>
Two galaxies.
<BLANKLINE>
## Table
<BLANKLINE>
| name | log10 M |
| --- | --- |
| Carina | 7.1 |
<BLANKLINE>
"""

import base64
import functools
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from stargas import __version__
from stargas.report.cells import number, percent, with_error
from stargas.storage import write_atomically

if TYPE_CHECKING:
    from jinja2 import Environment
    from rich.table import Table as TerminalTable


@dataclass(frozen=True)
class Text:
    """Paragraphs and lists.

    Parameters
    ----------
    markdown
        The text; `text_from` reads it from a template.
    """

    markdown: str


@dataclass(frozen=True)
class Bullets:
    """A list of sentences.

    Parameters
    ----------
    items
        One sentence each.
    """

    items: Sequence[str]


@dataclass(frozen=True)
class Caution:
    """A sentence that must not be overlooked.

    Parameters
    ----------
    text
        The sentence.
    """

    text: str


@dataclass(frozen=True)
class Callout:
    """What a reader must see first.

    Parameters
    ----------
    title
        A few words.
    text
        What follows from it.
    mood
        ``good``, ``care`` or ``bad``: its color.
    """

    title: str
    text: str
    mood: Literal["good", "care", "bad"]


@dataclass(frozen=True)
class Table:
    """A table, the same on an HTML page, on a Markdown page and on the terminal.

    Parameters
    ----------
    head
        Headings, length k.
    rows
        Cells, k each; the first is text, the others are numbers. A row whose first cell is empty belongs to the row
        above it.
    caption
        What the table lists; Markdown tables go without.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""

    @property
    def group_starts(self) -> list[bool]:
        """Whether a line is to be drawn above each row: at either end of rows that belong together."""
        named = [bool(row[0]) for row in self.rows] + [True]
        return [i > 0 and named[i] and not (named[i - 1] and named[i + 1]) for i in range(len(self.rows))]


@dataclass(frozen=True)
class Figure:
    """A figure in a PNG file.

    Parameters
    ----------
    path
        The file, as from ``stargas.report.style.save_figure``. Markdown links to it, HTML holds a copy.
    alt
        Description of the figure, with its main numbers, for those who cannot see it.
    caption
        What to look at.
    """

    path: Path
    alt: str
    caption: str = ""


@dataclass(frozen=True)
class Row:
    """Small figures side by side, below each other where there is no room.

    Parameters
    ----------
    figures
        The figures.
    """

    figures: Sequence[Figure]


@dataclass(frozen=True)
class Details:
    """Data that unfold on a click.

    Parameters
    ----------
    summary
        Title of the data.
    data
        Anything that JSON can hold.
    """

    summary: str
    data: Any

    @property
    def json(self) -> str:
        """The data as indented JSON."""
        return json.dumps(self.data, indent=1, ensure_ascii=False, default=str)


Part: TypeAlias = Text | Bullets | Caution | Callout | Table | Figure | Row | Details


@dataclass(frozen=True)
class Section:
    """Parts under a heading.

    Parameters
    ----------
    title
        The heading.
    parts
        In order; a section without parts does not appear.
    """

    title: str
    parts: Sequence[Part]


@dataclass(frozen=True)
class Page:
    """A page.

    Parameters
    ----------
    title
        Its heading.
    parts
        Its lead, and its sections after that.
    """

    title: str
    parts: Sequence[Part | Section]

    @property
    def lead(self) -> list[Part]:
        """What stands before the sections."""
        return [part for part in self.parts if not isinstance(part, Section)]

    @property
    def sections(self) -> list[Section]:
        """The sections that have parts."""
        return [part for part in self.parts if isinstance(part, Section) and part.parts]


def html_of(page: Page) -> str:
    """Return a page as one HTML file."""
    return _templates().get_template("page.html.j2").render(page=page, version=__version__)


def markdown_of(page: Page, folder: Path = Path()) -> str:
    """Return a page as Markdown (MyST), whose links to figures start from ``folder``."""
    text = _templates().get_template("page.md.j2").render(page=page, folder=folder)
    return text.replace("M* ", "M\\* ")  # a stellar mass, no emphasis


def table_markdown(table: Table) -> str:
    """Return a table alone as Markdown."""
    parts: Any = _templates().get_template("parts.md.j2").module
    return str(parts.Table(table, Path())).strip()


def write_page(page: Page, path: Path) -> Path:
    """Write a page as HTML or Markdown, by the ending of the path, and return the path."""
    content = markdown_of(page, path.parent) if path.suffix == ".md" else html_of(page)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content.encode(), lasting=False)
    return path


def text_from(template: str, block: str | None = None, /, **values: Any) -> Text:  # noqa: ANN401 (what the template prints)
    """Return text that stands in a template, with its values filled in.

    Parameters
    ----------
    template
        Name of the file ``<template>.md.j2``.
    block
        Name of a block of it; the whole of it if None.
    values
        Values of its variables; one that is missing raises ``jinja2.UndefinedError``. Templates can call the functions
        of ``stargas.report.cells``.
    """
    source = _templates().get_template(f"{template}.md.j2")
    if block is None:
        return Text(source.render(values).strip())
    return Text("".join(source.blocks[block](source.new_context(values))).strip())


def terminal_table(table: Table, title: str = "") -> "TerminalTable":
    """Return a table to be printed by a rich console, narrow enough for 80 characters."""
    from rich import box
    from rich.table import Table as TerminalTable
    from rich.text import Text as TerminalText

    terminal_table = TerminalTable(
        box=box.SIMPLE_HEAD,
        title=TerminalText(title) if title else None,
        caption=TerminalText(table.caption) if table.caption else None,
        title_justify="left",
        caption_justify="left",
        padding=0,
    )
    for place, name in enumerate(table.head):
        terminal_table.add_column(TerminalText(name), justify="right" if place else "left", no_wrap=True)
    for row, starts in zip(table.rows, table.group_starts, strict=True):
        if starts:
            terminal_table.add_section()
        terminal_table.add_row(*map(TerminalText, row))
    return terminal_table


@functools.cache
def _templates() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
    from markdown_it import MarkdownIt
    from markupsafe import Markup

    prose = MarkdownIt("commonmark", {"html": False}).disable(["image", "link", "autolink"])
    environment = Environment(
        loader=PackageLoader("stargas.report"),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals |= {"zip": zip, "number": number, "percent": percent, "with_error": with_error}
    environment.filters |= {
        "kind": lambda part: type(part).__name__,
        "markdown": lambda text: Markup(prose.render(text)),  # noqa: S704 (the renderer escapes HTML)
        "inline": lambda text: Markup(prose.renderInline(text)),  # noqa: S704 (the same)
        "base64": lambda path: base64.b64encode(path.read_bytes()).decode(),
        "relative": lambda path, folder: Path(os.path.relpath(path, folder)).as_posix(),
        "cell": lambda text: text.replace("|", "\\|"),
    }
    return environment
