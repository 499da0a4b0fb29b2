"""``stargas show``: what a file or folder is, and where it came from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stargas.cli.options import CommandParser, open_console
from stargas.cli.sources import read_one
from stargas.config import SnapshotConfig
from stargas.errors import DamagedFileError, InputError

if TYPE_CHECKING:
    from argparse import Namespace

    from rich.tree import Tree

    from stargas.cli.settings import Settings

HEADS = {
    "manifest.json": "data set",
    "model.json": "model",
    "evaluation.json": "evaluation",
    "inference.json": "inference",
}
"""File by which the kind of a folder is recognized."""

LONGEST_LIST, DEEPEST = 12, 20
"""Most entries of a list, and most levels of a tree, that are printed."""

PAGE_LINES, MAX_ENTRIES = 48, 24
"""Lines of a tree, and entries of a block of it, that are printed without ``--all``."""


def parser() -> CommandParser:
    """Return the parser of this command."""
    made = CommandParser(
        "show",
        "Show what a data set, model, evaluation, inference or galaxy file is: settings, seeds, provenance.",
        blocks=("snapshots",),
    )
    made.add_argument("path", type=Path, nargs="+", metavar="PATH")
    made.add_argument("--all", action="store_true", help="print all of it (default: a page of it)")
    return made


def run(options: Namespace, settings: Settings) -> None:
    """Print one tree per path."""
    console = open_console()
    for path in options.path:
        console.print(
            describe(path, settings.snapshots, everything=options.all), no_wrap=not options.all, overflow="ellipsis"
        )


def describe(path: Path, snapshots: SnapshotConfig | None = None, *, everything: bool = False) -> Tree:
    """Describe a file or folder as a tree; a snapshot is read with its settings, the defaults if None.

    Unless everything is asked for, the tree is as deep as fits on a page, and says where it goes on.

    Raises
    ------
    InputError
        If there is nothing, or nothing that stargas made.
    DamagedFileError
        If the file that describes the folder cannot be read.
    """
    from rich.markup import escape

    if not path.exists():
        raise InputError(f"{path} does not exist; give a data set, model, evaluation or galaxy file.")
    if path.is_dir():
        for name, kind in HEADS.items():
            if (path / name).is_file():
                content = _read(path / name)
                if name == "manifest.json":
                    content = _data_set(path, content)
                return _tree(f"[bold]{escape(str(path))}[/bold]: {kind}", content, everything=everything)
        raise InputError(f"{path} holds none of {', '.join(HEADS)}; it is nothing that stargas made.")
    if path.suffix == ".json":
        return _tree(f"[bold]{escape(str(path))}[/bold]", _read(path), everything=everything)
    galaxy = _galaxy(path, snapshots or SnapshotConfig())
    return _tree(f"[bold]{escape(str(path))}[/bold]: galaxy", galaxy, everything=everything)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise DamagedFileError(f"{path} is not readable JSON ({error}); the file is damaged, make it again.") from error
    if not isinstance(content, dict):
        raise DamagedFileError(f"{path} holds no fields with names; it is nothing that stargas made, or damaged.")
    return content


def _data_set(folder: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """Put the galaxies that were left out, with their reasons, in place of lists of checksums."""
    entries = {name: value for name, value in manifest.items() if name not in ("failed", "catalogue", "shards")}
    rejected = folder / "rejected.ecsv"
    if rejected.is_file():
        from astropy.table import Table

        from stargas.reading import one_sentence
        from stargas.text_tables import check_ecsv, decoded

        with one_sentence(rejected, "a table of the galaxies that were left out"):
            content = decoded(rejected.read_bytes()).splitlines()
            check_ecsv(content, rejected)
            table = Table.read(content, format="ascii.ecsv")
            lines = [f"{row['galaxy_id']} ({row['status']}): {row['reason']}" for row in table[:LONGEST_LIST]]
        if len(table) > LONGEST_LIST:
            lines.append(f"… {len(table) - LONGEST_LIST} more in {rejected}")
        entries["galaxies left out"] = dict(enumerate(lines, 1)) if lines else "none"
    if not manifest.get("complete", True):
        entries["state"] = "not complete: the same 'stargas build' goes on with it"
    return entries


def _galaxy(path: Path, snapshots: SnapshotConfig) -> dict[str, Any]:
    import numpy as np

    from stargas.kinematics import kappa_co, virial_ratio

    galaxy = read_one(path, snapshots)
    r = np.median(galaxy.stars.radius_kpc)
    return {
        "id": galaxy.id,
        "suite": galaxy.suite,
        "host": galaxy.host_id,
        "redshift": galaxy.redshift,
        "star particles": len(galaxy.stars),
        "gas particles": 0 if galaxy.gas is None else len(galaxy.gas),
        "stellar mass [Msun]": f"{galaxy.stellar_mass_msun:.4g}",
        "HI mass [Msun]": f"{galaxy.hi_mass_msun:.4g}",
        "3-D half-count radius of the stars [kpc]": f"{r:.4g}",
        "mass inside it [Msun]": f"{galaxy.enclosed_mass(r):.4g}",
        "kappa_co": f"{kappa_co(galaxy):.3f}",
        "virial ratio 2K/|W| of the stars": f"{virial_ratio(galaxy):.3f}",
        "properties": dict(galaxy.properties),
        "provenance": dict(galaxy.provenance),
    }


def _tree(title: str, content: dict[str, Any], *, everything: bool) -> Tree:
    """Return a tree of all, or as deep as fits on a page."""
    from rich.tree import Tree

    whole = _grow(Tree(title), content, DEEPEST, None)
    if everything or _n_lines(whole) <= PAGE_LINES:
        return whole
    pages = (_grow(Tree(title), content, depth, MAX_ENTRIES) for depth in range(DEEPEST, 0, -1))
    page = next((one for one in pages if _n_lines(one) < PAGE_LINES), None) or _grow(
        Tree(title), content, 0, MAX_ENTRIES
    )
    page.add("[dim]--all prints all of it[/dim]")
    return page


def _n_lines(tree: Tree) -> int:
    return 1 + sum(map(_n_lines, tree.children))


def _grow(tree: Tree, value: Any, depth: int, most: int | None) -> Tree:  # noqa: ANN401 (JSON)
    """Add the entries of a block, so many levels deep; blocks of more than ``most`` entries are counted."""
    from rich.markup import escape

    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        branches = isinstance(item, dict) or (isinstance(item, list) and any(isinstance(e, dict | list) for e in item))
        if isinstance(item, list) and item and all(isinstance(entry, dict) and "bytes" in entry for entry in item):
            names = [str(entry.get("name")) for entry in item]
            more = ", …" if len(names) > LONGEST_LIST else ""
            tree.add(escape(f"{key} ({len(names)}): {', '.join(names[:LONGEST_LIST])}{more}"))
        elif not branches:
            tree.add(escape(f"{key}: {item}"))
        elif item and (depth == 0 or len(item) > (LONGEST_LIST if isinstance(item, list) else most or len(item))):
            tree.add(escape(f"{key}: {len(item)} entries"))
        else:
            _grow(tree.add(escape(str(key))), item, depth - 1, most)
    return tree
