"""Two dwarf spheroidals from the catalogs of their stars, beside what others published of them.

The catalogs are those of Walker et al. (2009), as they are distributed with the program GravSphere.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stargas.errors import DamagedFileError, InputError
from stargas.experiments.measurement import Origin, write_measurement
from stargas.galaxy import FloatArray
from stargas.inference.ablations import prior_sensitivity
from stargas.inference.baryons import StellarMass
from stargas.inference.dark_matter import dark_matter
from stargas.inference.infer import infer
from stargas.model.posterior import Posterior
from stargas.report.dark_matter_page import DWARFS, FORMAT
from stargas.report.relations import DWARF_SPHEROIDALS

COLUMNS = {"ra": 0, "dec": 1, "v_los": 6, "v_los_error": 7, "p_member": 15}
"""Quantity → its column in a catalog."""

WOLF = "wolf2010"
"""Closed formula beside the posterior, at its own radius."""

LEVELS = (0.16, 0.5, 0.84)
"""Quantiles that are written."""

ERROR_DEX = 0.2
"""Standard error of the stellar masses."""


@dataclass(frozen=True)
class Dwarf:
    """What is known of a galaxy, beside its stars and what ``stargas infer --name`` finds.

    Parameters
    ----------
    name
        Of the Local Volume Database.
    begins
        First letters of the name of its catalog.
    stellar_mass_msun
        Of McConnachie (2012) [Msun].
    proper_motion_masyr
        Proper motion [mas/yr]. This and all that follows is of the Local Volume Database (Pace 2025).
    sigma_kms
        Velocity dispersion with its error [km/s].
    log10_wolf
        log10 of the mass [Msun] inside 4/3 R_hl by the formula of Wolf et al. (2010), with the distances to the ends
        of its interval, lower one first.
    """

    name: str
    begins: str
    stellar_mass_msun: float
    proper_motion_masyr: tuple[float, float]
    sigma_kms: tuple[float, float]
    log10_wolf: tuple[float, float, float]


KNOWN = (
    Dwarf("Carina", "car_", 3.8e5, (0.532, 0.127), (6.6, 1.2), (7.00, 0.18, 0.15)),
    Dwarf("Sextans", "sex_", 4.4e5, (-0.409, 0.037), (7.9, 1.3), (7.45, 0.16, 0.14)),
)
"""The galaxies."""


def write_dwarfs(
    model: Posterior, results: Path, catalogs: Sequence[Path], origin: Origin, report: Callable[[str], None]
) -> Path:
    """Infer the galaxies of some catalogs and write ``dwarfs.json``.

    Parameters
    ----------
    model
        A model of any tracers.
    results
        Folder of the results.
    catalogs
        Files whose names begin as those of `KNOWN`.
    origin
        Where the results come from.
    report
        Called with a line for each galaxy.

    Raises
    ------
    InputError
        If a catalog is of none of the galaxies.
    DamagedFileError
        If a file is no such catalog.
    """
    rows = []
    for row in measure_dwarfs(model, catalogs):
        report(f"dwarfs: {row['name']}, {row['n_members']} members")
        rows.append(row)
    return write_measurement(results / f"{DWARFS}.json", FORMAT, origin, {"error_dex": ERROR_DEX, "rows": rows})


def measure_dwarfs(model: Posterior, catalogs: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """Infer one galaxy after the other.

    Yields
    ------
    dict
        ``name``, ``n_members``; ``sigma_kms`` with its error; log10 of the mass [Msun] inside 4/3 R_hl,
        ``log10_wolf`` by the closed formula with its error and ``log10_mass``, quantiles of the posterior;
        ``p_value`` of the validity; ``prior_shift``, by how much other priors move the median at R_hl at most [dex];
        ``stellar_mass_msun``; quantiles of ``density_150pc`` [Msun/kpc³] and ``log10_J`` [GeV² cm⁻⁵]; and
        ``published``: ``sigma_kms``, ``log10_wolf`` and ``density_150pc``.
    """
    for path in catalogs:
        dwarf = next((one for one in KNOWN if path.name.startswith(one.begins)), None)
        if dwarf is None:
            known = " or ".join(f"{one.begins}… ({one.name})" for one in KNOWN)
            raise InputError(f"{path} is the catalog of no galaxy that is known here: its name begins with {known}.")
        yield measure_dwarf(model, dwarf, read_catalog(path))


def read_catalog(path: Path) -> dict[str, FloatArray]:
    """Read the columns of a catalog, by quantity."""
    try:
        table = np.loadtxt(path, ndmin=2)
        return {name: table[:, column] for name, column in COLUMNS.items()}
    except (OSError, ValueError, IndexError) as error:
        raise DamagedFileError(f"{path} is no catalog in columns of numbers ({error}): copy it again.") from error


def measure_dwarf(model: Posterior, dwarf: Dwarf, stars: dict[str, FloatArray]) -> dict[str, Any]:
    """Infer a galaxy; see `measure_dwarfs`."""
    result = infer(
        model=model, stars=stars, name=dwarf.name, proper_motion_masyr=dwarf.proper_motion_masyr, occlusion=False
    )
    if result.galaxy is None or result.galaxy.stars is None:
        raise TypeError("an observed galaxy has stars.")
    dark = dark_matter(result, StellarMass(dwarf.stellar_mass_msun, ERROR_DEX))
    formula = next(one for one in result.estimates if one.name == WOLF)
    at_R_hl = int(np.argmin(np.abs(result.r_kpc - result.R_hl_kpc)))
    own, *others = (quantiles[2, at_R_hl] for quantiles in prior_sensitivity(model, result.sample).values())
    read = next(one for one in DWARF_SPHEROIDALS if one.name == dwarf.name)
    return {
        "name": dwarf.name,
        "n_members": len(result.galaxy.stars),
        "sigma_kms": (result.galaxy.stars.sigma_kms, result.galaxy.stars.sigma_error_kms),
        "log10_wolf": (np.log10(formula.mass_msun), formula.log10_error),
        "log10_mass": _quantiles(np.log10(result.draws.mass(formula.r_kpc))),
        "p_value": result.validity.p_value,
        "prior_shift": max(abs(other - own) for other in others),
        "stellar_mass_msun": dwarf.stellar_mass_msun,
        "density_150pc": _quantiles(dark.values["density_150pc"]),
        "log10_J": _quantiles(np.log10(dark.values["J"])),
        "published": {
            "sigma_kms": dwarf.sigma_kms,
            "log10_wolf": dwarf.log10_wolf,
            "density_150pc": [1e7 * value for value in (read.density, read.minus, read.plus)],
        },
    }


def _quantiles(draws: FloatArray) -> FloatArray:
    result: FloatArray = np.nanquantile(draws, LEVELS)
    return result
