"""Tables 1 and 2 of Expósito-Márquez et al. (2026): M_pred/M_true of its models, with our suites in place of its own.

Its NIHAO stands as ``bursty``, its AURIGA as ``smooth``. Keys are the model, and what it was trained and tested on. The
captions of the tables call the central values means; the figures of the paper show medians.
"""

from collections.abc import Mapping

from stargas.experiments.plan import Published

RADII = (0.6, 1.0, 2.4)
"""Radii [R_hl] of both tables."""


def _published(source: str, *values: tuple[float, float, float]) -> Published:
    """Take median, p84 - median and median - p16 at each of the radii."""
    median, plus, minus = zip(*values, strict=True)
    return Published(RADII, median, plus, minus, source)


Key = tuple[str, str, str]

TABLE_1: Mapping[Key, Published] = {
    ("Star", "bursty", "bursty"): _published("Table 1", (0.99, 0.32, 0.21), (1.00, 0.23, 0.17), (1.00, 0.22, 0.18)),
    ("Gas", "bursty", "bursty"): _published("Table 1", (0.97, 0.87, 0.39), (1.00, 0.46, 0.29), (1.03, 0.36, 0.29)),
    ("StarGas", "bursty", "bursty"): _published("Table 1", (1.00, 0.19, 0.16), (1.00, 0.14, 0.13), (1.00, 0.17, 0.13)),
}

TABLE_2: Mapping[Key, Published] = {
    ("StarGas", "bursty", "bursty"): _published("Table 2", (0.99, 0.24, 0.16), (1.00, 0.16, 0.13), (1.01, 0.17, 0.14)),
    ("StarGas", "bursty", "smooth"): _published("Table 2", (0.94, 0.37, 0.22), (0.95, 0.32, 0.20), (0.96, 0.26, 0.17)),
    ("StarGas", "smooth", "bursty"): _published("Table 2", (0.93, 1.07, 0.32), (0.97, 0.57, 0.25), (1.03, 0.36, 0.40)),
    ("StarGas", "smooth", "smooth"): _published("Table 2", (1.01, 0.26, 0.22), (1.01, 0.21, 0.20), (1.01, 0.14, 0.15)),
    ("StarGas", "both", "bursty"): _published("Table 2", (1.00, 0.23, 0.14), (1.02, 0.18, 0.16), (1.00, 0.22, 0.12)),
    ("StarGas", "both", "smooth"): _published("Table 2", (0.98, 0.28, 0.22), (0.98, 0.24, 0.20), (0.99, 0.20, 0.16)),
}
