"""When not to believe a model: galaxies unlike all that it learned from, and inputs that are not of one galaxy.

Checks of the inputs (`stargas.validity.consistency`) and the Mahalanobis distance of the galaxy's features from the
validation split each have a chance, the share of validation galaxies that are at least so odd. The least of these
chances is itself compared with that of the validation galaxies. So a stated share of galaxies like those of
the training set is flagged, whatever the number of checks. The distance is cross-fitted: no galaxy is compared
with a distribution that it helped to measure.

What a model carries for it are plain numbers in ``limits.safetensors`` of its folder.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import safetensors
import safetensors.numpy

from stargas.errors import DamagedFileError, InputError
from stargas.galaxy import FloatArray
from stargas.model.inputs import tracers_needed
from stargas.model.posterior import Posterior
from stargas.pretrained import FOLDER as PRETRAINED
from stargas.sample import TRACERS, Sample, without_tracer
from stargas.storage import write_atomically
from stargas.validity.consistency import measure_checks, outside_ranges
from stargas.validity.features import features, scalar_block
from stargas.validity.reference_distribution import (
    TAIL,
    ReferenceDistribution,
    all_checks,
    distances,
    fit_reference,
    log_chances,
    log_tail,
)

if TYPE_CHECKING:
    from stargas.dataset.store import Dataset

__all__ = ["FALSE_ALARMS", "Limits", "ValidityResult", "fit_limits", "load_limits"]

FILE = "limits.safetensors"
"""Name of the file in the folder of a model."""

FORMAT_VERSION = 1

FALSE_ALARMS = 0.01
"""Share of galaxies like those of the training set that are flagged."""

MAX_SAMPLES = 6000
"""Samples that limits are fitted to at most, spread evenly over the validation split."""

MIN_GALAXIES = 40
"""Fewer do not tell what is usual."""

NOTHING_MEASURED = "On the HI maps no disc can be measured, which every galaxy with gas has."

_CHUNK = 128
_LEAST_FALL = 0.1  # of -ln of the least chance, where galaxies hardly differ


@dataclass(frozen=True)
class ValidityResult:
    """What limits say of one galaxy.

    Parameters
    ----------
    chance
        Share of galaxies like those of the training set that are at least so odd; None where there is nothing to
        compare with.
    warnings
        One sentence for each thing that is wrong.
    unchecked
        Names of checks that could not be made, for want of the unit of a map.
    """

    chance: float | None
    warnings: tuple[str, ...]
    unchecked: tuple[str, ...] = ()

    @property
    def flagged(self) -> bool:
        """Whether the answer should not be believed."""
        return self.chance is None or self.chance < FALSE_ALARMS

    @property
    def summary(self) -> str:
        """The judgment in one or two sentences."""
        if self.chance is None:
            return "Nothing to compare with: do not believe this answer."
        share = "fewer than 0.01 %" if self.chance < 1e-4 else f"{100 * self.chance:.2g} %"
        text = f"Of galaxies like those that the model learned from, {share} are at least as odd"
        text += f", below {FALSE_ALARMS:.0%}: do not believe this answer." if self.flagged else "."
        if self.unchecked:
            text += f" Not checked, for want of the unit of a map: {', '.join(self.unchecked)}."
        return text


@dataclass(frozen=True, eq=False)
class Limits:
    """What a model carries to know what it has not learned.

    Parameters
    ----------
    checks
        Names of the checks, in the order of the tables.
    usual
        What is usual, by the tracers that are present, as "stars", "gas" or "stars+gas".
    """

    checks: tuple[str, ...]
    usual: Mapping[str, ReferenceDistribution]

    def check(self, samples: "Sample | Sequence[Sample] | Dataset", posterior: Posterior) -> list[ValidityResult]:
        """Judge galaxies before a model's answer for them is believed.

        Parameters
        ----------
        samples
            One galaxy, several, or a data set. Their rows should hold ``velocity_scale_kms`` and ``half_width_kpc`` of
            the maps, as `stargas.sample.make_sample` and data sets write them.
        posterior
            The model that the limits belong to.

        Raises
        ------
        InputError
            As `stargas.model.posterior.Posterior.sample`.
        """
        samples = [samples] if isinstance(samples, Sample) else samples
        posterior = posterior.with_prior(None)  # features move with the prior; what is usual was learned without one
        judged = []
        for start in range(0, len(samples), _CHUNK):
            part = [samples[i] for i in range(start, min(start + _CHUNK, len(samples)))]
            values = measure_checks(part, posterior.config, posterior.about)
            table, measured = np.column_stack([values[name] for name in self.checks]), features(part, posterior)
            judged += [self._judge(*row, posterior) for row in zip(part, table, measured, strict=True)]
        return judged

    def _judge(self, sample: Sample, values: FloatArray, measured: FloatArray, posterior: Posterior) -> ValidityResult:
        kind = _kind(sample, posterior)
        usual = self.usual.get(kind)
        if usual is None:
            return ValidityResult(
                None, (f"The model learned from no or too few galaxies with {kind or 'no tracer'} alone.",)
            )
        apart = distances(measured[None], usual.nodes, usual.whiten, scalar_block(posterior.config))
        row, checks = np.append(values, apart), all_checks(self.checks)
        concerned = [not check.tracer or check.tracer in kind for check in checks.values()]
        lost = np.isnan(row - usual.center)
        unchecked = tuple(name for name, unknown, c in zip(checks, lost, concerned, strict=True) if unknown and c)
        found = log_chances(row[None], usual.center, usual.tails, tuple(checks.values()))[0]
        chance = float(np.exp(log_tail(-found.min()[None], usual.least, _LEAST_FALL)[0]))
        if chance >= FALSE_ALARMS:
            return ValidityResult(chance, (), unchecked)
        # What the flag stands on, and whatever else would have raised it alone.
        needed = np.interp(-np.log(FALSE_ALARMS), -np.log(TAIL), usual.least)
        said: list[str] = []
        for (name, check), ln_chance, deviation in zip(checks.items(), found, row - usual.center, strict=True):
            if ln_chance > max(-needed, found.min()):
                continue
            if name == "range":
                said += outside_ranges(sample, posterior.config, posterior.about)
            elif np.isinf(deviation) and check.tracer:
                said.append(NOTHING_MEASURED)
            else:
                said.append(check.sentence.format(factor=10 ** np.clip(deviation, -99, 99)))
        return ValidityResult(chance, tuple(dict.fromkeys(said)), unchecked)

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write ``limits.safetensors`` into the folder of the model that they belong to."""
        arrays = {
            f"{kind}.{f.name}": np.ascontiguousarray(getattr(usual, f.name), dtype=np.float32)
            for kind, usual in self.usual.items()
            for f in fields(usual)
        }
        head = {
            "format": "stargas limits",
            "format_version": FORMAT_VERSION,
            "checks": self.checks,
            "weights_sha256": _weights_of(Path(folder)),
        }
        write_atomically(Path(folder) / FILE, safetensors.numpy.save(arrays, {"stargas": json.dumps(head)}))


def load_limits(folder: str | os.PathLike[str] | None = None) -> Limits | None:
    """Read the limits of a model; None if it carries none. Nothing in them is executed.

    Parameters
    ----------
    folder
        Of the model; the pretrained model if None.

    Raises
    ------
    InputError
        If a later stargas wrote them.
    DamagedFileError
        If the file is damaged or belongs to another model.
    """
    path = (PRETRAINED if folder is None else Path(folder)) / FILE
    if not path.is_file():
        return None
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            head = json.loads(file.metadata()["stargas"])
            arrays = {name: file.get_tensor(name).astype(np.float64) for name in file.keys()}  # noqa: SIM118 (no dict)
        if int(head["format_version"]) > FORMAT_VERSION:
            raise InputError(f"{path} was written by a later stargas: update stargas.")
        kinds = dict.fromkeys(name.split(".")[0] for name in arrays)
        usual = {
            kind: ReferenceDistribution(**{f.name: arrays[f"{kind}.{f.name}"] for f in fields(ReferenceDistribution)})
            for kind in kinds
        }
        limits, weights = Limits(tuple(head["checks"]), usual), str(head["weights_sha256"])
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise DamagedFileError(f"{path} is damaged: remove it, or copy it again from the model's folder.") from error
    if _weights_of(path.parent) != weights:
        raise DamagedFileError(f"{path} is not of the model beside it: remove it, or copy both from one folder.")
    return limits


def _weights_of(folder: Path) -> str:
    path = folder / "model.json"
    return str(json.loads(path.read_text())["weights_sha256"]) if path.is_file() else ""


def fit_limits(posterior: Posterior, validation: "Dataset", without: Sequence[str] = ()) -> Limits:
    """Learn what is usual from the galaxies of a validation split.

    Parameters
    ----------
    posterior
        A trained model.
    validation
        Galaxies like those that it learned from, but not those.
    without
        Tracers that the model learned to do without: what is usual is learned for galaxies that lack each, too.

    Raises
    ------
    InputError
        If there are fewer than ``MIN_GALAXIES`` galaxies with the same tracers.
    """
    chosen = np.unique(np.linspace(0, len(validation) - 1, min(MAX_SAMPLES, len(validation))).astype(int))
    parts: dict[str, list[tuple[str, FloatArray, FloatArray]]] = {}
    checks: tuple[str, ...] = ()
    for start in range(0, len(chosen), _CHUNK):
        whole = [validation[int(i)] for i in chosen[start : start + _CHUNK]]
        for dropped in ("", *without):
            samples = [without_tracer(s, dropped) for s in whole] if dropped else whole
            samples = [s for s in samples if s.tracers.any()]  # some have one tracer only
            if not samples:
                continue
            values = measure_checks(samples, posterior.config, posterior.about)
            checks = tuple(values)
            table, measured = np.column_stack(list(values.values())), features(samples, posterior)
            for sample, row, found in zip(samples, table, measured, strict=True):
                parts.setdefault(_kind(sample, posterior), []).append((str(sample.row["galaxy_id"]), row, found))
    usual = {}
    for kind, rows in parts.items():
        names = [row[0] for row in rows]
        table, measured = (np.stack([row[i] for row in rows]) for i in (1, 2))
        if len(set(names)) >= MIN_GALAXIES:
            block = scalar_block(posterior.config)
            usual[kind] = fit_reference(names, table, measured, tuple(all_checks(checks).values()), block)
    if not usual:
        n = max((len({row[0] for row in rows}) for rows in parts.values()), default=0)
        raise InputError(
            f"limits need {MIN_GALAXIES} validation galaxies with the same tracers, got {n}: build more galaxies."
        )
    return Limits(checks, usual)


def _kind(sample: Sample, posterior: Posterior) -> str:
    """Tracers that the model sees of a sample."""
    needed = tracers_needed(posterior.config)
    return "+".join(name for name, present in zip(TRACERS, sample.tracers, strict=True) if present and name in needed)
