"""Which galaxies a command works on: a mock suite or files."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from stargas.cli.options import whole_count
from stargas.cli.settings import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from stargas.config import SelectionConfig, SnapshotConfig
    from stargas.galaxy import Galaxy
    from stargas.simulations.source import Source


def add_source_options(parser: ArgumentParser) -> None:
    """Add the options that name a source of galaxies."""
    group = parser.add_argument_group("galaxies (one of --suite and --source)")
    group.add_argument("--suite", help="mock suite: bursty, smooth or shifted")
    group.add_argument("--n-galaxies", type=whole_count, default=100, help="galaxies of the suite (default: 100)")
    group.add_argument(
        "--stirring", type=float, default=1.0, help="gas disturbances: 0 calm, 1 as the suite, 2 violent"
    )
    group.add_argument(
        "--source", type=Path, nargs="+", help="particle tables or snapshots, or folders of particle tables"
    )
    group.add_argument("--name", help="name of the files' suite in the catalogue (default: that of their folder)")
    group.add_argument("--exclude", type=Path, help="file with galaxy ids to leave out, one per line")
    group.add_argument(
        "--halos", type=Path, nargs="+", help="halo catalogs of the snapshots, or tables of centers and radii"
    )


def open_source(options: Namespace, snapshots: SnapshotConfig) -> Source:
    """Open what the options name.

    Raises
    ------
    UsageError
        If none or both kinds are given.
    """
    if (options.suite is None) == (options.source is None):
        raise UsageError("one of --suite NAME and --source PATH is needed to say which galaxies.")
    if options.suite is not None:
        from stargas.simulations.mock_suites.suites import mock_suite

        return mock_suite(options.suite, options.n_galaxies, seed=options.seed, stirring=options.stirring)
    from stargas.sandbox import in_child
    from stargas.simulations.files import open_files

    files = (*options.source, *(options.halos or ()))
    return in_child(files, open_files, options.source, halos=options.halos, name=options.name, config=snapshots)


def read_one(path: Path, snapshots: SnapshotConfig) -> Galaxy:
    """Read one galaxy from a particle table, or from a snapshot with its settings, in a process of its own."""
    from stargas.sandbox import in_child

    return in_child([path], read_file, path, snapshots)


def read_file(path: Path, snapshots: SnapshotConfig) -> Galaxy:
    """Read one galaxy in this process."""
    from stargas.simulations.files import is_table, read_galaxy

    return read_galaxy(path) if is_table(path) else read_galaxy(path, config=snapshots)


def selection_without_excluded(selection: SelectionConfig, options: Namespace) -> SelectionConfig:
    """Add the ids of the ``--exclude`` file to those that the settings leave out."""
    if options.exclude is None:
        return selection
    import dataclasses

    from stargas.simulations.selection import read_exclusions

    return dataclasses.replace(selection, exclude=(*selection.exclude, *read_exclusions(options.exclude)))


def warn_of_unknown(exclude: Sequence[str], source: Source) -> None:
    """Warn of names on an exclusion list that no galaxy of the source has, such as misspelled ones."""
    unknown = sorted(set(exclude) - {source.galaxy_id(index) for index in range(len(source))})
    if unknown:
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        warnings.warn(
            f"the exclusion list names {', '.join(unknown[:3])}{more}, which {source.name} does not have.", stacklevel=2
        )
