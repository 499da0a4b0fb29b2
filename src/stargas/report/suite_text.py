"""The words and tables of the suites' cards, from their numbers, in Markdown."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stargas.baselines.estimators import ESTIMATORS

Numbers = Mapping[str, Any]


def number(value: float | None, digits: int = 2) -> str:
    """Return a number with fixed digits, a dash for none."""
    return "–" if value is None else f"{value:.{digits}f}"


def median_and_reach(numbers: Numbers) -> str:
    """Return the median with the distances to percentiles 84 and 16, as the literature writes them."""
    if numbers["median"] is None:
        return "–"
    up, down = numbers["p84"] - numbers["median"], numbers["median"] - numbers["p16"]
    return f"{numbers['median']:.2f} +{up:.2f}/−{down:.2f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _interval(row: Numbers) -> str:
    return f"{row['from']} to {row['to']}"


def card_text(numbers: Numbers) -> str:
    """Write the card of one suite."""
    name = numbers["provenance"]["suite"]
    sections = (
        _opening(name, numbers["provenance"]),
        _population(name, numbers),
        _dark_matter(numbers["inner_slopes"]),
        _estimators(name, numbers["estimators"]),
        _gas(numbers),
        _order(numbers),
        _switches(numbers["switch_off"]),
        _dial(numbers["dial"]),
        _examples(name),
        _cost(numbers["cost_ms"]),
    )
    return "\n".join(sections)


def _opening(name: str, origin: Numbers) -> str:
    return f"""# Mock suite `{name}`

{origin["n_galaxies"]} galaxies, seed {origin["seed"]}, stirring {origin["stirring"]:g}, stargas {origin["version"]}.
This page and its figures are written by `python -m stargas.report.suite_card`; the numbers are in `{name}.json`
beside it.

![Fifty galaxies]({name}_sheet.png)

*Fifty galaxies from random sides: stars (6 R_hl wide, logarithmic), HI column density and HI velocity (4 R_HI wide;
receding red). Gray: no gas, or below the mask.*
"""


def _population(name: str, numbers: Numbers) -> str:
    shares = numbers["population"]
    rows = (
        [
            label,
            number(row["median_offset_dex"], 3),
            number(row["scatter_dex"], 3),
            number(row["recipe_dex"], 3),
            number(row["scatter_ratio"]),
            str(row["n"]),
        ]
        for label, row in numbers["relations"].items()
    )
    head = ["relation", "offset of the median [dex]", "scatter [dex]", "recipe's scatter [dex]", "ratio", "galaxies"]
    return f"""## Population

{100 * shares["above 10^9.5 Msun"]:.0f} % lie above 10^9.5 Msun, {100 * shares["satellites among dwarfs"]:.0f} % of the
others are satellites, {100 * shares["failing the cold-gas cut"]:.0f} % fail the cold-gas cut and
{100 * shares["without HI"]:.0f} % have no HI. Star particles: {shares["fewest stars"]:.0f} to
{shares["most stars"]:.0f}.

![Relations]({name}_relations.png)

![Distributions]({name}_distributions.png)

{table(head, rows)}"""


def _dark_matter(rows: Sequence[Numbers]) -> str:
    lines = (
        [_interval(row), number(row["median"]), number(row["half_width"]), number(row["tollet2016"]), str(row["n"])]
        for row in rows
    )
    return f"""## Dark matter

Slope d ln ρ/d ln r at 1-2 % of R200, beside the one published for NIHAO.

{table(["log M*/M200", "median", "half-width", "Tollet+16", "galaxies"], lines)}"""


def _estimators(name: str, ratios: Numbers) -> str:
    groups = list(next(iter(ratios.values())))
    rows = (
        [
            ESTIMATORS[estimator].label,
            *(median_and_reach(values[group]) for group in groups),
            number(values[groups[0]]["half_width"]),
        ]
        for estimator, values in ratios.items()
    )
    return f"""## Classical estimators

Estimated over true mass at each estimator's own radius: median with the distances to percentiles 84 and 16, over all
views of the group. The dispersion is that of the stars of one sample (100 to 10⁴).

![Realism]({name}_realism.png)

{table(["estimator", *groups, f"half-width, {groups[0]}"], rows)}"""


def _gas(numbers: Numbers) -> str:
    size = numbers["R_hl from HI"]
    rows = (
        [
            _interval(row),
            median_and_reach(row),
            number(row["half_width"]),
            number(row["sigma_cold_kms"], 1),
            str(row["n"]),
        ]
        for row in numbers["hi_rotation"]
    )
    head = ["log M*", "v²R/G over true mass", "half-width", "dispersion on the maps [km/s]", "views"]
    return f"""## HI rotation

v²R/G over true mass at R_HI, from the HI maps, with the true inclination, seen at 30° or more.

{table(head, rows)}
R_hl follows from M_HI and R_HI of the cold-gas set to {number(size["scatter_dex"])} dex (linear regression), out of
{number(size["scatter_of_R_hl_dex"])} dex of its own ({size["n"]} galaxies).
"""


def _order(numbers: Numbers) -> str:
    rest = numbers["equilibrium"]
    rows = (
        [
            _interval(row),
            number(row["share_above"]),
            median_and_reach(row["kappa_co"]),
            str(row["kappa_co"]["n"]),
        ]
        for row in numbers["kappa_co"]
    )
    return f"""## Rotation and equilibrium of the stars

{table(["log M*", "share with κ_co > 0.5", "κ_co", "galaxies"], rows)}
After 2 Gyr in the fixed potential R_hl has changed by {100 * rest["R_hl"]["median"]:.1f} % in the median of
{rest["n"]} galaxies (at most {100 * rest["R_hl"]["max"]:.1f} %) and the line-of-sight dispersion by
{100 * rest["sigma_los"]["median"]:.1f} % (at most {100 * rest["sigma_los"]["max"]:.1f} %), means over twelve views.
"""


def _switches(variants: Numbers) -> str:
    rows = (
        [
            name,
            number(numbers["wolf2010"]["kappa_co < 0.5"]["half_width"], 3),
            number(numbers["wolf2010"]["all"]["half_width"], 3),
            number(numbers["hi_rotation"]["dwarfs"]["half_width"], 3),
            number(numbers["hi_rotation"]["others"]["half_width"], 3),
            number(numbers["R_hl from HI"]["scatter_dex"], 3),
            number(numbers["kappa_co"]["median"]),
        ]
        for name, numbers in variants.items()
    )
    n = next(iter(variants.values()))["kappa_co"]["n"]
    head = ["without", "Wolf, κ_co < 0.5", "Wolf, all", "v²R/G, dwarfs", "v²R/G, others", "R_hl from HI", "median κ_co"]
    return f"""## Which ingredient brings how much

The same {n} galaxies without one ingredient at a time: half-widths of the ratios to the true mass (dwarfs are below
10^8.5 Msun) and scatter of R_hl in dex. A half-width of that many galaxies is known to about
{100 * 0.96 / n**0.5:.0f} % of itself.

{table(head, rows)}"""


def _dial(sweep: Sequence[Numbers]) -> str:
    rows = (
        [
            f"{row['stirring']:g}",
            median_and_reach(row["dwarfs"]),
            number(row["dwarfs"]["half_width"]),
            median_and_reach(row["others"]),
            number(row["others"]["half_width"]),
        ]
        for row in sweep
    )
    return f"""## The dial of the gas

v²R/G over true mass at R_HI for galaxies below and above 10^8.5 Msun, as the disturbances of the gas grow.

{table(["stirring", "dwarfs", "half-width", "others", "half-width"], rows)}"""


def _examples(name: str) -> str:
    return f"""## Examples

![Maps of example galaxies]({name}_examples.png)

*Star maps and HI moments at 30°, 60° and 90°, as the network is given them.*
"""


def _cost(cost: Numbers) -> str:
    return f"""## Cost

A galaxy of 10⁵ stars and 2·10⁴ gas particles takes {cost["galaxy"]:.0f} ms of a core of the machine that wrote this
page: {cost["stars"]:.0f} the stars, {cost["gas"]:.0f} the gas, {cost["potential"]:.0f} the potential.
"""


def index_text(cards: Mapping[str, Numbers], pages: Sequence[str] = ()) -> str:
    """Write the page that leads to the cards, from the numbers of each, and to further pages of the folder."""
    rows = (
        [
            f"[{name}]({name}.md)",
            median_and_reach(numbers["estimators"]["wolf2010"]["kappa_co < 0.5"]),
            median_and_reach(numbers["hi_rotation"][1]),
            median_and_reach(numbers["hi_rotation"][-1]),
            number(numbers["R_hl from HI"]["scatter_dex"]),
            f"{100 * numbers['population']['failing the cold-gas cut']:.0f} %",
        ]
        for name, numbers in cards.items()
    )
    head = [
        "suite",
        "Wolf+10 over truth, κ_co < 0.5",
        "v²R/G over truth, 10^7.5-10^8.5 Msun",
        "v²R/G over truth, above 10^9.5 Msun",
        "R_hl from HI [dex]",
        "fail the cold-gas cut",
    ]
    entries = "\n".join([*cards, *pages])
    return f"""# Mock suites

`bursty` and `smooth` stand in for NIHAO and AURIGA; `shifted` has other slopes, sizes and gas and is kept for tests of
generalization. Galaxies are drawn from the relations of the literature, their stars are in equilibrium in the total
potential, and their gas is stirred by moves of gas and velocity together.

The gas has one dial, `stirring`: 0 is a calm disk with its thermal and turbulent support, 1 the suite as meant, 2 twice
the amplitude of every disturbance (density waves, bubbles, warps, tilt, offset, extra turbulence) on the same galaxies.
Each card has a sweep of it. Where real galaxies lie on the dial is an open question; a result that hangs on it should
be shown along it.

{table(head, rows)}
```{{toctree}}
:maxdepth: 1

{entries}
```
"""
