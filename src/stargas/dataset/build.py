"""Building a data set: every galaxy of a source, from all sides, into a folder that can be resumed."""

import contextlib
import errno
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stargas.config import DataConfig, LocalConfig
from stargas.dataset.completion import complete_dataset
from stargas.dataset.folder import claimed, log_run
from stargas.dataset.galaxy_result import read_outcome, read_outcome_file
from stargas.dataset.manifest import (
    GALAXIES,
    MANIFEST,
    SHARDS,
    manifest_bytes,
    new_manifest,
)
from stargas.dataset.report import BuildReport
from stargas.dataset.shards import (
    read_outcomes,
    shard_name,
    unpack_shard,
    write_shard,
)
from stargas.dataset.workers import process_galaxies
from stargas.errors import DamagedFileError, InputError, StargasError
from stargas.simulations.source import Source
from stargas.storage import sync_folder, write_atomically

PathLike = str | os.PathLike[str]


def build_dataset(
    source: Source,
    out: PathLike,
    config: DataConfig | None = None,
    seed: int = 0,
    local: LocalConfig | None = None,
    *,
    strict: bool = False,
) -> BuildReport:
    """Build a data set, or go on with one that was interrupted.

    Parameters
    ----------
    source
        Galaxies: a mock suite, files, snapshots.
    out
        Folder of the data set. New, empty, or one that the same call began.
    config
        Settings of views, maps, truth, selection and split; the defaults if None.
    seed
        Root seed of views, star subsets, noise and split.
    local
        Number of processes or a Dask scheduler, and whether to show progress. What is written does not depend on it.
    strict
        Stop at the first galaxy that fails instead of listing it at the end.

    Returns
    -------
    BuildReport
        Counts and reasons.

    Raises
    ------
    InputError
        If the folder holds something else, or a data set of other settings, seed or source.
    StargasError
        If the disk is full, no galaxy is accepted, workers cannot be had, or with ``strict`` a galaxy fails. What is
        finished stays, and the same call goes on from there; it tries failed galaxies again.

    Notes
    -----
    The bytes written depend on the source, the settings, the seed and the version of stargas alone, whatever the
    number of workers, their order and interruptions (which the log beside them records). In a script, call it
    under ``if __name__ == "__main__":``, because workers import the script.

    Examples
    --------
    >>> import tempfile
    >>> import stargas as sg
    >>> from stargas.config import LocalConfig
    >>> suite, alone = sg.mock_suite("bursty", n_galaxies=12, seed=1), LocalConfig(workers=1, progress=False)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = build_dataset(suite, folder, local=alone)
    ...     len(sg.open_dataset(folder)) == report.n_samples
    True
    """
    config, local = config or DataConfig(), local or LocalConfig()
    _check(source)
    folder = Path(out)
    manifest = new_manifest(source, config, seed)
    begun = time.monotonic()
    try:
        with claimed(folder, manifest):
            build = _Build(folder, source, config, seed, manifest)
            n_made = build.run(local, strict=strict)
            outcomes, n_samples = complete_dataset(folder, len(build.blocks), manifest)
            seconds = time.monotonic() - begun
            log_run(folder, local, n_made, seconds)
    except DamagedFileError:
        raise
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        what = f"the disk of {folder} is full" if full else f"{folder} cannot be written ({error})"
        todo = "free some space" if full else "solve that"
        raise StargasError(f"{what}: finished galaxies are kept, {todo} and run the same again.") from error
    return BuildReport.of(folder, outcomes, n_samples, n_made, seconds)


def _check(source: Source) -> None:
    counts = Counter(map(source.galaxy_id, range(len(source))))
    twice = [galaxy_id for galaxy_id, count in counts.most_common(1) if count > 1]
    if twice:
        raise InputError(f"{source.name} has two galaxies with the id {twice[0]!r}: ids must be unique in a data set.")
    if not counts:
        raise InputError(f"{source.name} has no galaxies: nothing to build.")


class _Build:
    """The state of a build on disk: shards, and results of the galaxies of shards that are not complete."""

    def __init__(
        self, folder: Path, source: Source, config: DataConfig, seed: int, manifest: Mapping[str, Any]
    ) -> None:
        self.folder, self.source, self.config, self.seed, self.manifest = folder, source, config, seed, manifest
        size = config.galaxies_per_shard
        self.blocks = [range(start, min(start + size, len(source))) for start in range(0, len(source), size)]
        self.missing = {number: set(block) for number, block in enumerate(self.blocks)}

    def shard(self, number: int) -> Path:
        return self.folder / SHARDS / shard_name(number)

    def result(self, index: int) -> Path:
        return self.folder / GALAXIES / f"{index:08d}.safetensors"

    def run(self, local: LocalConfig, *, strict: bool) -> int:
        """Make what is missing; return the number of galaxies made."""
        self.clean()
        self.scan()
        todo = set().union(*self.missing.values())
        if not todo:
            return 0
        groups = [[index for index in group if index in todo] for group in self.source.groups()]
        if sorted(index for group in groups for index in group) != sorted(todo):
            raise InputError(f"the groups of {self.source.name} must name each of its galaxies once.")
        with (
            _progress(local, total=len(self.source), done=len(self.source) - len(todo)) as advance,
            contextlib.closing(process_galaxies(self.source, groups, self.config, self.seed, local)) as results,
        ):
            for result in results:
                self.store(result, strict=strict)
                advance()
        return len(todo)

    def clean(self) -> None:
        """Remove what an interrupted build left half-written."""
        for path in [*(self.folder / SHARDS).glob(".*.new"), *(self.folder / GALAXIES).glob(".*.new")]:
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def scan(self) -> None:
        """Find out which galaxies are missing, and complete the shards whose results are all there."""
        for number, block in enumerate(self.blocks):
            if self.shard(number).exists():
                if all(outcome.status != "failed" for outcome in read_outcomes(self.shard(number))):
                    self.missing[number].clear()
                    self.remove_results(block)
                    continue
                self.reopen(number)
            for index in block:
                if self.is_whole(self.result(index)):
                    self.missing[number].discard(index)
            if not self.missing[number]:
                self.complete(number)

    def reopen(self, number: int) -> None:
        """Take a shard apart in which galaxies failed, to try those again."""
        write_atomically(self.folder / MANIFEST, manifest_bytes(self.manifest))
        for index, result in unpack_shard(self.shard(number), self.config):
            write_atomically(self.result(index), result)
        sync_folder(self.folder / GALAXIES)
        shutil.rmtree(self.shard(number))

    @staticmethod
    def is_whole(path: Path) -> bool:
        """Whether a result is there in full; after a power failure its file may be empty."""
        try:
            return read_outcome_file(path).status != "failed"
        except FileNotFoundError:
            return False
        except (ValueError, KeyError, TypeError):
            path.unlink()
            return False

    def store(self, result: bytes, *, strict: bool) -> None:
        """Write the result of a galaxy, and its shard if it was the last one."""
        outcome = read_outcome(result)
        if strict and outcome.status == "failed":
            raise StargasError(f"galaxy {outcome.galaxy_id} failed: {outcome.reason}")
        write_atomically(self.result(outcome.index), result, lasting=False)
        number = outcome.index // self.config.galaxies_per_shard
        self.missing[number].discard(outcome.index)
        if not self.missing[number]:
            self.complete(number)

    def complete(self, number: int) -> None:
        """Put the results of a shard together."""
        block = self.blocks[number]
        write_shard(self.shard(number), [self.result(index) for index in block])
        self.remove_results(block)

    def remove_results(self, block: Sequence[int]) -> None:
        for index in block:
            self.result(index).unlink(missing_ok=True)


@contextlib.contextmanager
def _progress(local: LocalConfig, total: int, done: int) -> Iterator[Callable[[], object]]:
    """Show a bar on a terminal; yield what moves it by one galaxy."""
    from rich.console import Console

    console = Console(stderr=True)
    if not (local.progress and console.is_terminal):
        yield lambda: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("building"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]} galaxies/s"),
        TimeRemainingColumn(),
    )
    begun, made = time.monotonic(), 0
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("building", total=total, completed=done, rate="-")

        def advance() -> None:
            nonlocal made
            made += 1
            bar.update(task, advance=1, rate=f"{made / (time.monotonic() - begun):.1f}")

        yield advance
