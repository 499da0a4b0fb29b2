"""The earlier way to a page, piece of HTML by piece; goes when the last caller uses `stargas.report.page`.

Figures are inlined as PNG on a white card, so they stay readable on a dark screen; colors of the page follow the
reader's light or dark setting.
"""

import base64
import html
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from stargas import __version__
from stargas.report.style import png_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<style>
:root { --paper: #ffffff; --ink: #1c1c1c; --muted: #5f6368; --line: #d9dce0; --card: #f5f6f8; --accent: #a8322a; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #16181c; --ink: #e8e6e3; --muted: #a0a4ab; --line: #353a42; --card: #20242a; --accent: #ee8a80; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .4rem; }
h2 { font-size: 1.25rem; margin: 2.8rem 0 .6rem; padding-top: .9rem; border-top: 1px solid var(--line); }
p, li { max-width: 46rem; }
.lead { color: var(--muted); margin: 0 0 1rem; }
nav a { color: var(--accent); margin-right: 1rem; text-decoration: none; white-space: nowrap; }
nav a:hover, nav a:focus { text-decoration: underline; }
figure { margin: 1.2rem 0 1.6rem; }
figure img { display: block; max-width: 100%; height: auto; background: #ffffff; border: 1px solid var(--line);
  border-radius: 8px; padding: .6rem; }
figcaption { color: var(--muted); font-size: .9rem; margin-top: .5rem; max-width: 46rem; }
.scroll { overflow-x: auto; margin: 1rem 0 1.6rem; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--muted); padding-bottom: .4rem; }
th, td { padding: .28rem .7rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th { font-weight: 600; border-bottom-width: 2px; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
tr.group td { border-top: 2px solid var(--line); }
.warning { background: var(--card); border-left: 4px solid var(--accent); border-radius: 4px; padding: .6rem 1rem;
  margin: .8rem 0; max-width: 46rem; }
details { margin: 1rem 0; }
summary { cursor: pointer; color: var(--accent); }
pre { background: var(--card); border-radius: 8px; padding: 1rem; overflow-x: auto; font-size: .8rem;
  line-height: 1.4; }
footer { color: var(--muted); font-size: .85rem; margin-top: 3rem; padding-top: 1rem;
  border-top: 1px solid var(--line); }
@media print { nav { display: none; } h2 { break-after: avoid; } figure, tr { break-inside: avoid; } }
</style>
</head>
<body>
<main>
<h1>$title</h1>
<p class="lead">$lead</p>
<nav aria-label="Sections">$links</nav>
$body
<footer>Made by stargas $version.</footer>
</main>
</body>
</html>
""")


def figure_html(figure: "Figure", alt: str, caption: str, path: Path) -> str:
    """Inline a figure and write it to a PNG file of its own.

    Parameters
    ----------
    figure
        To draw.
    alt
        What it shows, with its main numbers, for those who do not see it.
    caption
        What to look at.
    path
        The file.
    """
    content = png_bytes(figure)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    data = base64.b64encode(content).decode()
    return (
        f'<figure><img src="data:image/png;base64,{data}" alt="{html.escape(alt)}">'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
    )


def table_html(header: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """Write a table; a row whose first cell is filled after rows with empty ones starts a group.

    Parameters
    ----------
    header
        Headings, length k.
    rows
        Cells, k each; the first column is text, the others are numbers.
    caption
        What the table lists.
    """
    heads = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in header)
    body = []
    grouped = any(not row[0] for row in rows)
    for i, row in enumerate(rows):
        starts = grouped and i > 0 and row[0]
        cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in row)
        body.append(f'<tr class="group">{cells}</tr>' if starts else f"<tr>{cells}</tr>")
    return (
        f'<div class="scroll"><table><caption>{html.escape(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def paragraphs_html(*texts: str) -> str:
    """Write plain paragraphs."""
    return "".join(f"<p>{html.escape(text)}</p>" for text in texts)


def list_html(items: Sequence[str]) -> str:
    """Write a list of plain sentences."""
    return "<ul>" + "".join(f"<li>{html.escape(item)}</li>" for item in items) + "</ul>"


def warning_html(text: str) -> str:
    """Write a sentence that must not be overlooked."""
    return f'<p class="warning" role="note">{html.escape(text)}</p>'


def data_html(summary: str, value: Any) -> str:  # noqa: ANN401 (anything that JSON can hold)
    """Write data that opens on a click."""
    text = html.escape(json.dumps(value, indent=1, ensure_ascii=False, default=str))
    return f"<details><summary>{html.escape(summary)}</summary><pre>{text}</pre></details>"


def write_page(path: str | os.PathLike[str], title: str, lead: str, sections: Mapping[str, str]) -> Path:
    """Write a page so that it is there either whole or not at all.

    Parameters
    ----------
    path
        File to write.
    title, lead
        Heading and the sentence under it.
    sections
        Heading → HTML made by the functions above.

    Returns
    -------
    Path
        The file.
    """
    path = Path(path)
    ids = {name: f"section-{number}" for number, name in enumerate(sections)}
    links = "".join(f'<a href="#{ids[name]}">{html.escape(name)}</a>' for name in sections)
    body = "\n".join(
        f'<section id="{ids[name]}"><h2>{html.escape(name)}</h2>{content}</section>'
        for name, content in sections.items()
    )
    page = _PAGE.substitute(
        title=html.escape(title), lead=html.escape(lead), links=links, body=body, version=html.escape(__version__)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(page, encoding="utf-8")
    partial.replace(path)
    return path
