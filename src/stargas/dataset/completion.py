"""What a build writes once all shards are there: the catalogue, the rejected galaxies, the complete manifest."""

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from stargas.config import DataConfig, SplitConfig, restated, settings_from
from stargas.dataset.catalogue import catalogue_bytes, make_catalogue, table_bytes
from stargas.dataset.galaxy_result import Outcome
from stargas.dataset.manifest import (
    CATALOGUE,
    GALAXIES,
    MANIFEST,
    REJECTED,
    SHARDS,
    manifest_bytes,
)
from stargas.dataset.shards import read_index, shard_name
from stargas.dataset.split import SPLITS, split_of
from stargas.errors import StargasError
from stargas.storage import plain, read_json, sha256_of, sync_folder, write_atomically


def complete_dataset(folder: Path, n_shards: int, manifest: Mapping[str, Any]) -> tuple[list[Outcome], int]:
    """Complete a data set.

    Parameters
    ----------
    folder
        Its folder, with all shards.
    n_shards
        Their number.
    manifest
        Of the data set, as it was begun.

    Returns
    -------
    tuple
        Outcomes of all galaxies, without their catalogue rows, and the number of samples.

    Raises
    ------
    StargasError
        If no galaxy was accepted.
    """
    contents = _Contents(folder / SHARDS, manifest["seed"], settings_from(SplitConfig, manifest["config"]["split"]))
    table = make_catalogue(contents.rows(n_shards))
    outcomes = contents.outcomes
    write_atomically(folder / REJECTED, _rejected_bytes(outcomes))
    if not len(table):
        raise StargasError(
            f"none of the {len(outcomes)} galaxies of {manifest['source']['name']} is accepted; the first one: "
            f"{outcomes[0].reason.rstrip('.')}; all reasons are in {folder / REJECTED}."
        )
    catalogue = catalogue_bytes(table)
    write_atomically(folder / CATALOGUE, catalogue)
    complete = {
        **manifest,
        "complete": True,
        "counts": contents.counts(),
        "failed": [{"galaxy_id": o.galaxy_id, "reason": o.reason} for o in outcomes if o.status == "failed"],
        "warnings": [{"galaxy_id": o.galaxy_id, "warning": text} for o in outcomes for text in o.warnings],
        "catalogue": {"name": CATALOGUE, "sha256": sha256_of(catalogue)},
        "shards": contents.shards,
    }
    write_atomically(folder / MANIFEST, manifest_bytes(complete))
    with contextlib.suppress(OSError):
        (folder / GALAXIES).rmdir()
    sync_folder(folder)
    return outcomes, len(table)


def is_complete(folder: Path, manifest: Mapping[str, Any]) -> bool:
    """Whether a folder holds the complete data set of a manifest, as one is begun; galaxies may have failed in it."""
    if not (folder / MANIFEST).exists():
        return False
    there = read_json(folder / MANIFEST, "remove the data set and build it again")
    there["config"] = plain(restated(DataConfig, there["config"]))
    begun = plain({name: value for name, value in manifest.items() if name != "complete"})
    return bool(there.get("complete")) and all(there.get(name) == value for name, value in begun.items())


@dataclass
class _Contents:
    """What the shards hold; it is gathered while the rows of the catalogue are read from them."""

    folder: Path
    seed: int
    config: SplitConfig
    outcomes: list[Outcome] = field(default_factory=list)
    shards: list[dict[str, Any]] = field(default_factory=list)
    samples: Counter[str] = field(default_factory=Counter)
    galaxies: Counter[str] = field(default_factory=Counter)

    def rows(self, n_shards: int) -> Iterator[dict[str, Any]]:
        """Yield the catalogue rows of one shard after the other, since all together may not fit in memory."""
        for number in range(n_shards):
            index = read_index(self.folder / shard_name(number))
            self.shards.append({"name": shard_name(number), "samples": index["samples"], "files": index["files"]})
            for outcome in map(Outcome.from_json, index["galaxies"]):
                self.outcomes.append(replace(outcome, rows=()))
                if outcome.rows:
                    split = split_of(outcome.rows[0]["host_id"], self.seed, self.config)
                    self.galaxies[split] += 1
                for row in outcome.rows:
                    yield {**row, "sample": self.samples.total(), "split": split}
                    self.samples[split] += 1

    def counts(self) -> dict[str, Any]:
        """Return numbers of galaxies by outcome and split, and of samples."""
        status = Counter(outcome.status for outcome in self.outcomes)
        return {
            "galaxies": len(self.outcomes),
            "done": status["done"],
            "rejected": status["rejected"],
            "failed": status["failed"],
            "samples": self.samples.total(),
            "samples_by_split": {name: self.samples[name] for name in SPLITS},
            "galaxies_by_split": {name: self.galaxies[name] for name in SPLITS},
        }


def _rejected_bytes(outcomes: Sequence[Outcome]) -> bytes:
    from astropy.table import Table

    left_out = [outcome for outcome in outcomes if outcome.status != "done"]
    table = Table(
        {
            "index": [outcome.index for outcome in left_out],
            "galaxy_id": [outcome.galaxy_id for outcome in left_out],
            "status": [outcome.status for outcome in left_out],
            "reason": [outcome.reason for outcome in left_out],
        },
        dtype=[int, str, str, str],
    )
    return table_bytes(table)
