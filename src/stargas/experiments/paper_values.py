"""Tables 1 and 2 of Expósito-Márquez et al. (2026), with our suites in the place of theirs."""

from collections.abc import Mapping
from typing import Any

RADII = (0.6, 1.0, 2.4)
"""Radii [R_hl] of the paper's tables."""

Values = tuple[tuple[float, float, float], ...]
"""Median, p84 - median and median - p16 of M_pred/M_true at each of the radii."""

_TABLE_1, _TABLE_2 = "Table 1", "Table 2"
_NIHAO, _AURIGA, _BOTH = "bursty", "smooth", "both"
VALUES: Mapping[tuple[str, str, str], tuple[str, Values]] = {
    ("Star", _NIHAO, _NIHAO): (_TABLE_1, ((0.99, 0.32, 0.21), (1.00, 0.23, 0.17), (1.00, 0.22, 0.18))),
    ("Gas", _NIHAO, _NIHAO): (_TABLE_1, ((0.97, 0.87, 0.39), (1.00, 0.46, 0.29), (1.03, 0.36, 0.29))),
    ("StarGas", _NIHAO, _NIHAO): (_TABLE_1, ((1.00, 0.19, 0.16), (1.00, 0.14, 0.13), (1.00, 0.17, 0.13))),
    ("StarGas", _NIHAO, _AURIGA): (_TABLE_2, ((0.94, 0.37, 0.22), (0.95, 0.32, 0.20), (0.96, 0.26, 0.17))),
    ("StarGas", _AURIGA, _NIHAO): (_TABLE_2, ((0.93, 1.07, 0.32), (0.97, 0.57, 0.25), (1.03, 0.36, 0.40))),
    ("StarGas", _AURIGA, _AURIGA): (_TABLE_2, ((1.01, 0.26, 0.22), (1.01, 0.21, 0.20), (1.01, 0.14, 0.15))),
    ("StarGas", _BOTH, _NIHAO): (_TABLE_2, ((1.00, 0.23, 0.14), (1.02, 0.18, 0.16), (1.00, 0.22, 0.12))),
    ("StarGas", _BOTH, _AURIGA): (_TABLE_2, ((0.98, 0.28, 0.22), (0.98, 0.24, 0.20), (0.99, 0.20, 0.16))),
}
"""(Model, trained on, tested on) → the table that has the values, and the values."""

STARGAS_OF_TABLE_2: tuple[str, Values] = (_TABLE_2, ((0.99, 0.24, 0.16), (1.00, 0.16, 0.13), (1.01, 0.17, 0.14)))
"""StarGas on NIHAO once more: the paper's second table repeats it with other numbers."""


def paper_value(part: str, model: str, trained_on: str, tested_on: str) -> dict[str, Any] | None:
    """Return what the paper finds for a model, ready for JSON; None where it has no value.

    Parameters
    ----------
    part
        Figure of the paper: ``"fig5"`` has the values of its Table 1, ``"fig9"`` those of its Table 2.
    model, trained_on, tested_on
        Names of the model and of the suites.
    """
    key = (model, trained_on, tested_on)
    if part not in {"fig5", "fig9"} or key not in VALUES:
        return None
    source, values = STARGAS_OF_TABLE_2 if part == "fig9" and key == ("StarGas", _NIHAO, _NIHAO) else VALUES[key]
    median, plus, minus = (list(column) for column in zip(*values, strict=True))
    return {"r_over_R_hl": list(RADII), "median": median, "plus": plus, "minus": minus, "source": source}
