"""What needs care in the gas that is taken off: a disk near edge-on, and a beam that is wide for the galaxy.

`stargas.inference.baryons.gas_mass` corrects for neither. The limits follow from sizes that docs/dark_matter.md states
and tests hold: those of thin disks, and those of mock galaxies, whose gas is thick and uneven.
"""

import numpy as np

from stargas.galaxy import FloatArray
from stargas.inference.result import InferenceResult
from stargas.model.further_quantities import FURTHER_QUANTITIES
from stargas.sample import SCALARS

MISCOUNT = 0.2
"""Fraction of the gas inside R_hl by which it may be off before a warning says so."""

NEGLIGIBLE = 0.01
"""Share of the gas in all matter: where it is smaller at every radius, twice the gas would hardly count, and no warning
is given."""

NEAR_EDGE_ON_DEG = 70.0
"""Inclination [deg] above which the gas inside R_hl is off by more than `MISCOUNT` in 42 to 79 % of the mock galaxies
of a suite; below 45 degrees it is in 13 to 25 %. Of a thin disk it is from 82 degrees on."""

SCALE_LENGTHS_IN_R_HI = 3.0
"""R_HI over the scale length of an exponential disk of 20 Msun/pc² in its middle, seen face-on.

A beam whose FWHM is the larger of scale length and radius takes about `MISCOUNT` of the gas out of the radius. In mock
galaxies it takes more out of R_hl in 0 to 7 % of a suite where its FWHM is 0.6 times the larger of R_hl and R_HI over
this, in 5 to 24 % where it is as large, and in 40 to 73 % where it is 1.5 times as large.
"""


def gas_warnings(
    result: InferenceResult, gas_msun: FloatArray, beam_fwhm_kpc: float | None, inclination_deg: float | None = None
) -> tuple[str, ...]:
    """Return one sentence for each reason why the gas inside R_hl may be off by more than `MISCOUNT`.

    None where it is `NEGLIGIBLE`.

    Parameters
    ----------
    result
        The inference.
    gas_msun
        Gas inside its radii [Msun], shape (m,), as it is taken off.
    beam_fwhm_kpc
        FWHM of the beam of its map [kpc]; 0 for none, None where it is not known.
    inclination_deg
        Of the disk, from which it was deprojected; the median of the posterior if None, where the model predicts it.
    """
    said = []
    R_hl, matter = result.R_hl_kpc, np.median(10**result.log10_mass, axis=0)
    share = gas_msun / matter
    if share.max() < NEGLIGIBLE:
        return ()
    counted = f"{100 * np.interp(R_hl, result.r_kpc, share):.3g} % of all matter there"
    sides = "to either side"  # as a known inclination moves gas that is thick too far outward
    if inclination_deg is None and "cos_inclination" in result.further:
        drawn = FURTHER_QUANTITIES["cos_inclination"].of_target(result.further["cos_inclination"])
        inclination_deg, sides = float(np.median(drawn)), "most often too high, in some galaxies twofold"
    if inclination_deg is not None and inclination_deg > NEAR_EDGE_ON_DEG:
        said.append(
            f"The inclination is {inclination_deg:.0f}°, and above {NEAR_EDGE_ON_DEG:.0f}° gas before and behind the "
            f"center counts as near to it: the gas that is taken off inside R_hl, {counted}, may be off by more than "
            f"{100 * MISCOUNT:.0f} %, {sides}."
        )
    wide = max(R_hl, float(result.sample.scalars[SCALARS.index("R_HI_kpc")]) / SCALE_LENGTHS_IN_R_HI)
    missing = (
        f"wider than {wide:.3g} kpc, the larger of R_hl and a third of R_HI: more than {100 * MISCOUNT:.0f} % of the "
        f"gas inside R_hl may be missing from what is taken off, {counted}"
    )
    if beam_fwhm_kpc is None:
        said.append(f"The HI data name no beam, which may be {missing}.")
    elif beam_fwhm_kpc > wide:
        said.append(f"The beam of the HI, {beam_fwhm_kpc:.3g} kpc, is {missing}, and counts as dark matter.")
    return tuple(said)
