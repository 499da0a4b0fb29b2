"""Whether a claim of the paper holds in our results, by rules that are the same for all claims.

A claim consists of one or more effects. An effect with a direction is found if it lies on the paper's side of no
effect by more than two standard errors, and large if it is at least half as large as the paper's. The effect of no
difference (``sign`` 0) is found if the value is within a tolerance, or within two standard errors, of none. A claim
appears if all its effects are found and large, does not appear if no effect with a direction is found, and appears
partly otherwise; where none is found but the paper's values are within two standard errors of ours as well, ours are
too uncertain to tell.

Which of two rows is wider is judged by half-width, as in the paper, and by rms, which holds bias and tails too: a model
that is low has a small half-width of M_pred/M_true.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from stargas.experiments.paper.plan import EDGE_ON, FAST, INCLINED, MASSIVE, SLOW
from stargas.report.results import (
    MODELS,
    TABLE_RADII,
    Part,
    Row,
    Value,
    at,
    find_row,
    find_rows,
    paper_ratio,
    width_quotient,
)

SIGNIFICANT = 2.0
"""Standard errors that make an effect."""

APPEARS, PARTLY, ABSENT, UNDECIDED = "appears", "partly", "does not appear", "too uncertain to tell"

NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Effect:
    """One number of a claim.

    Parameters
    ----------
    ours
        With its standard error.
    paper
        The paper's value; None where it has none.
    null
        Value without any effect.
    sign
        Side of ``null`` on which the paper's effect lies; 0 if the paper found none.
    tolerance
        Distance from ``null`` that counts as no effect.
    """

    ours: Value
    paper: float | None
    null: float = 1.0
    sign: int = 1
    tolerance: float = 0.0

    @property
    def found(self) -> bool:
        """Whether it is there, by the rules above."""
        if self.sign == 0:
            return abs(self.ours.value - self.null) <= max(self.tolerance, SIGNIFICANT * self.ours.error)
        return self.sign * (self.ours.value - self.null) > SIGNIFICANT * self.ours.error

    @property
    def large(self) -> bool:
        """Whether it is found and at least half as large as the paper's."""
        if self.sign == 0 or self.paper is None:
            return self.found
        return self.found and (self.ours.value - self.null) / (self.paper - self.null) >= 0.5

    @property
    def agrees(self) -> bool:
        """Whether the paper's value is within two standard errors of ours."""
        return self.paper is not None and abs(self.ours.value - self.paper) <= SIGNIFICANT * self.ours.error


@dataclass(frozen=True)
class Claim:
    """A claim of the paper with our values.

    Parameters
    ----------
    name
        The paper's finding.
    where
        Definition of the effects.
    effects
        Our values beside the paper's; empty if they were not measured.
    """

    name: str
    where: str
    effects: tuple[Effect, ...]

    @property
    def verdict(self) -> str:
        """``appears``, ``partly``, ``does not appear``, ``too uncertain to tell`` or ``not measured``."""
        if not self.effects:
            return NOT_MEASURED
        if all(effect.large for effect in self.effects):
            return APPEARS
        directed = [effect for effect in self.effects if effect.sign] or list(self.effects)
        if any(effect.found for effect in directed):
            return PARTLY
        return UNDECIDED if all(effect.agrees for effect in directed) else ABSENT


def paper_claims(parts: Mapping[str, Part]) -> list[Claim]:
    """Evaluate every claim of the paper.

    Parameters
    ----------
    parts
        Results by part; claims whose part is absent are not measured.

    Returns
    -------
    list of Claim
        In the order of the paper.
    """
    fig4, fig5, fig8 = parts.get("fig4"), parts.get("fig5"), parts.get("fig8")
    star, gas, both = (find_row(fig5, name=name) for name in MODELS)
    radii = "at 0.6 / 1 / 2.4 R_hl, and rms"
    full, cold = (find_row(fig4, name="Gas", set=which) for which in ("full set", "cold-gas set"))
    gas_slow, gas_fast = (find_row(fig8, name="Gas", subset=which) for which in (SLOW, FAST))
    star_slow, star_fast = (find_row(fig8, name="Star", subset=which) for which in (SLOW, FAST))
    return [
        Claim(
            "Gas beside stars tightens the masses, by ≈ 1.5",
            f"half-width Star/StarGas {radii}",
            _spreads(fig5, star, both),
        ),
        Claim("Gas alone is the widest", f"half-width Gas/Star {radii}", _spreads(fig5, gas, star)),
        Claim(
            "Gas-poor galaxies widen Gas, by 1.7",
            f"half-width full/cold-gas set {radii}",
            _spreads(fig4, full, cold, 1.7),
        ),
        _massive(parts.get("fig6")),
        _massive_only(parts.get("fig7")),
        Claim(
            "Star is worse on rotators",
            f"half-width κ_co > 0.5 / < 0.5 {radii}; median at κ_co > 0.5, mean over radii",
            (*_spreads(fig8, star_fast, star_slow), *_low(star_fast)),
        ),
        Claim(
            "Gas is better on rotators", f"half-width κ_co < 0.5 / > 0.5 {radii}", _spreads(fig8, gas_slow, gas_fast)
        ),
        _inclination(fig8),
        _asymmetry(parts.get("fig9")),
        _trained_on_both(parts.get("fig9")),
    ]


def _spreads(part: Part | None, over: Row | None, under: Row | None, paper: float | None = None) -> tuple[Effect, ...]:
    """Quotients of half-widths at the radii of the tables and of rms, which the paper found above 1."""
    if part is None or over is None or under is None:
        return ()
    widths = [Effect(width_quotient(part, over, under, r), paper or paper_ratio(over, under, r)) for r in TABLE_RADII]
    return (*widths, Effect(_rms(over) / _rms(under), None))


def _rms(row: Row) -> Value:
    return Value(row["rms_dex"], row["rms_dex_se"])


def _low(row: Row | None) -> tuple[Effect, ...]:
    """Median of a row, which the paper found below 1 without a number."""
    return () if row is None else (Effect(mean_over_radii(row), None, sign=-1),)


def farthest(row: Row, key: str = "median") -> tuple[float, Value]:
    """Return the radius [R_hl] at which a quantity of a row is farthest from 1, and its value."""
    place = int(np.argmax(np.abs(np.asarray(row[key], dtype=np.float64) - 1)))
    radius = float(row["r_over_R_hl"][place])
    return radius, at(row, key, radius)


def mean_over_radii(row: Row, key: str = "median") -> Value:
    """Return the mean over radii; errors at different radii are correlated, so that of the mean is the mean error."""
    return Value(float(np.mean(row[key])), float(np.mean(row[f"{key}_se"])))


def _massive(part: Part | None) -> Claim:
    row = find_row(part, name="StarGas", subset=MASSIVE)
    name, where = "Rare massive galaxies come out low, by up to 7 %", "least median of StarGas over the radii"
    if row is None:
        return Claim(name, where, ())
    place = int(np.argmin(row["median"]))
    return Claim(name, where, (Effect(at(row, "median", row["r_over_R_hl"][place]), 0.93, sign=-1),))


def _massive_only(part: Part | None) -> Claim:
    name = "Trained on massive galaxies alone: no bias, scatter × 3"
    where = "half-width massive only/all at 0.6 / 1 / 2.4 R_hl, and rms; median farthest from 1"
    rows = [row for row in find_rows(part, name="StarGas") if MASSIVE in row["subset"]]
    alone = [row for row in rows if MASSIVE in str(row["trained_on"])]
    every = [row for row in rows if row not in alone]
    if not alone or not every:
        return Claim(name, where, ())
    bias = Effect(farthest(alone[0])[1], 1.0, sign=0, tolerance=0.03)
    return Claim(name, where, (*_spreads(part, alone[0], every[0], 3.0), bias))


def _inclination(part: Part | None) -> Claim:
    name = "Star is biased by inclination"
    where = "median edge-on, mean over radii; at 60°, 0.6 and 2.4 R_hl"
    edge, inclined = (find_row(part, name="Star", subset=which) for which in (EDGE_ON, INCLINED))
    if edge is None or inclined is None:
        return Claim(name, where, ())
    effects = (
        Effect(mean_over_radii(edge), 1.07),
        Effect(at(inclined, "median", 0.6), 0.89, sign=-1),
        Effect(at(inclined, "median", 2.4), 0.96, sign=-1),
    )
    return Claim(name, where, effects)


def _asymmetry(part: Part | None) -> Claim:
    there = find_row(part, name="StarGas", trained_on="smooth", tested_on="bursty")
    back = find_row(part, name="StarGas", trained_on="bursty", tested_on="smooth")
    return Claim(
        "Transfer is asymmetric: from AURIGA to NIHAO is worse",
        "half-width smooth→bursty / bursty→smooth at 0.6 / 1 / 2.4 R_hl, and rms",
        _spreads(part, there, back),
    )


def _trained_on_both(part: Part | None) -> Claim:
    """Training on both suites may widen the scatter by a quarter and bias the median by 5 %."""
    effects: list[Effect] = []
    for suite in ("bursty", "smooth"):
        joint = find_row(part, name="StarGas", trained_on="both", tested_on=suite)
        own = find_row(part, name="StarGas", trained_on=suite, tested_on=suite)
        if joint is None or own is None:
            return Claim("Trained on both suites, the model fits both", "", ())
        width = at(joint, "half_width", 1.0) / at(own, "half_width", 1.0)
        effects += [
            Effect(width, paper_ratio(joint, own, 1.0), sign=0, tolerance=0.25),
            Effect(farthest(joint)[1], None, sign=0, tolerance=0.05),
        ]
    return Claim(
        "Trained on both suites, the model fits both",
        "half-width both/own at 1 R_hl and median farthest from 1; on bursty, on smooth",
        tuple(effects),
    )
