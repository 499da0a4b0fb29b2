"""What predictive checks find: p-values of galaxies as they are, with wrong masses, and with the HI of others.

Run: ``python benchmarks/predictive_checks.py DATASET N [OTHERS]`` with a data set of galaxies that the pretrained model
did not learn from, a number of its samples, and a folder of galaxies that others made.
"""

import sys
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stargas.dataset.store import open_dataset
from stargas.experiments.others.galaxies import read_galaxies_of_others
from stargas.experiments.others.predictions import N_VIEWS, sides_of
from stargas.inference.predictive_check import ALARM, N_DRAWS, check_predictions, split_targets
from stargas.inference.predictive_reference import load_predictive
from stargas.model.files import load_model
from stargas.sample import without_tracer

RADII = (2, 4, 8, 11)
"""Radii at which a mass misses its interval: 0.6, 1, 1.8 and 2.4 R_hl."""

SHIFTS = (-0.5, -0.3, 0.3, 0.5)
"""Errors of all masses [dex]."""


class Checked(NamedTuple):
    """One galaxy from one side."""

    tracers: str
    p_value: float
    missed: bool
    p_shifted: tuple[float, ...]


def checked(model, reference, samples, shifts=()):
    """Check samples with draws of their own, and with masses that are wrong."""
    found = []
    drawn = model.sample_targets(samples, N_DRAWS).astype(np.float64) if samples else ()
    for sample, draws in zip(samples, drawn, strict=True):
        masses, further = split_targets(draws, model)
        p_values = [check_predictions(sample, masses + shift, further, reference) for shift in (0.0, *shifts)]
        if p_values[0] is None or p_values[0].p_value is None:
            continue
        low, high = np.quantile(masses[:, RADII], (0.025, 0.975), axis=0)
        truth = sample.log10_mass[list(RADII)]
        tracers = "+".join(name for name, there in zip(("stars", "HI"), sample.tracers, strict=True) if there)
        first, *others = (one.p_value for one in p_values)
        found.append(Checked(tracers, first, bool(((truth < low) | (truth > high)).any()), tuple(others)))
    return found


def with_each_tracer(samples):
    """Add galaxies with both tracers seen with one of them."""
    both = [sample for sample in samples if sample.tracers.all()]
    return [*samples, *(without_tracer(sample, name) for name in ("gas", "stars") for sample in both)]


def with_hi_of(sample, other):
    """Give a galaxy the HI of another."""
    arrays = {
        name: np.concatenate([getattr(sample, name)[:2], getattr(other, name)[2:]])
        for name in ("maps", "scalars", "quality")
    }
    return replace(sample, **arrays, row={**sample.row, "half_width_kpc": other.row["half_width_kpc"]})


def print_rows(title, rows):
    """Print the distribution of the p-values, and how many galaxies fail."""
    print(title)
    for tracers in sorted({row.tracers for row in rows}):
        p = np.sort([row.p_value for row in rows if row.tracers == tracers])
        missed = [row.p_value < ALARM for row in rows if row.tracers == tracers and row.missed]
        rest = [row.p_value < ALARM for row in rows if row.tracers == tracers and not row.missed]
        distance = np.abs(p - (np.arange(len(p)) + 0.5) / len(p)).max()
        shifted = np.array([row.p_shifted for row in rows if row.tracers == tracers])
        power = " ".join(f"{s:+.1f} dex {np.mean(q < ALARM):.2f}" for s, q in zip(SHIFTS, shifted.T, strict=False))
        print(
            f"  {tracers:9s} {len(p):5d} from uniform {distance:.3f}, p < 0.01 {np.mean(p < ALARM):.3f}; "
            f"missed {len(missed)}, found {sum(missed)}; of the rest {np.mean(rest):.3f}; {power}"
        )


def main():
    """Measure and print."""
    model, reference = load_model(), load_predictive()
    data = open_dataset(sys.argv[1])
    chosen = np.unique(np.linspace(0, len(data) - 1, int(sys.argv[2])).astype(int))
    samples = [data[int(i)] for i in chosen]
    print_rows(sys.argv[1], checked(model, reference, with_each_tracer(samples), SHIFTS))
    both = [sample for sample in samples if sample.tracers.all()]
    half = len(both) // 2
    mixed = [with_hi_of(sample, other) for sample, other in zip(both, both[half:] + both[:half], strict=True)]
    print_rows("with the HI of another galaxy", checked(model, reference, mixed))
    if len(sys.argv) > 3:
        rows = []
        for one in read_galaxies_of_others([Path(sys.argv[3])]):
            sides = sides_of(one, model.data_config, numbers=range(0, N_VIEWS, 2))
            rows += checked(model, reference, with_each_tracer([side.sample for side in sides]))
        print_rows("galaxies of others", rows)


if __name__ == "__main__":
    main()
