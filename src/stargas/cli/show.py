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


def parser() -> CommandParser:
    """Return the parser of this command."""
    made = CommandParser(
        "show",
        "Show what a data set, model, evaluation, inference or galaxy file is: settings, seeds, provenance.",
        blocks=("snapshots",),
    )
    made.add_argument("path", type=Path, nargs="+", metavar="PATH")
    return made


def run(options: Namespace, settings: Settings) -> None:
    """Print one tree per path."""
    console = open_console()
    for path in options.path:
        console.print(describe(path, settings.snapshots))


def describe(path: Path, snapshots: SnapshotConfig | None = None) -> Tree:
    """Describe a file or folder as a tree; a snapshot is read with its settings, the defaults if None.

    Raises
    ------
    InputError
        If there is nothing, or nothing that stargas made.
    DamagedFileError
        If the file that describes the folder cannot be read.
    """
    from rich.markup import escape
    from rich.tree import Tree

    if not path.exists():
        raise InputError(f"{path} does not exist; give a data set, model, evaluation or galaxy file.")
    if path.is_dir():
        for name, kind in HEADS.items():
            if (path / name).is_file():
                content = _read(path / name)
                if name == "manifest.json":
                    content = _data_set(path, content)
                return _grow(Tree(f"[bold]{escape(str(path))}[/bold]: {kind}"), content)
        raise InputError(f"{path} holds none of {', '.join(HEADS)}; it is nothing that stargas made.")
    if path.suffix == ".json":
        return _grow(Tree(f"[bold]{escape(str(path))}[/bold]"), _read(path))
    return _grow(Tree(f"[bold]{escape(str(path))}[/bold]: galaxy"), _galaxy(path, snapshots or SnapshotConfig()))


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


def _grow(tree: Tree, value: Any, depth: int = 0) -> Tree:  # noqa: ANN401 (JSON)
    from rich.markup import escape

    if depth > DEEPEST:
        tree.add("…")
        return tree
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        if isinstance(item, dict):
            _grow(tree.add(escape(str(key))), item, depth + 1)
        elif isinstance(item, list) and item and all(isinstance(entry, dict) and "bytes" in entry for entry in item):
            names = [str(entry.get("name")) for entry in item]
            more = ", …" if len(names) > LONGEST_LIST else ""
            tree.add(escape(f"{key} ({len(names)}): {', '.join(names[:LONGEST_LIST])}{more}"))
        elif isinstance(item, list) and any(isinstance(entry, dict | list) for entry in item):
            if len(item) > LONGEST_LIST:
                tree.add(escape(f"{key}: {len(item)} entries"))
            else:
                _grow(tree.add(escape(str(key))), item, depth + 1)
        else:
            tree.add(escape(f"{key}: {item}"))
    return tree
