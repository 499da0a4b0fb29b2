"""What else an observer might have measured of the HI: draws of its noise and distance."""

import numpy as np
from numpy.typing import ArrayLike

from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.observed.hi import ObservedHI, observe_hi
from stargas.sky.beam import Beam


def draw_hi(
    observed: ObservedHI,
    n: int,
    rng: np.random.Generator,
    distance_kpc: ArrayLike | None = None,
) -> list[ObservedHI]:
    """Draw what else the observer might have measured.

    Parameters
    ----------
    observed
        What was measured.
    n
        Number of draws.
    rng
        Draws noise and distances.
    distance_kpc
        Distances [kpc] of the draws, shape (n,), where they are drawn elsewhere, as together with those of the stars.
        If None, from a Gaussian of the error of the distance, cut at a tenth of the distance.

    Returns
    -------
    list of ObservedHI
        To the source of a cube, a new field of noise is added, independent from channel to channel and correlated over
        the beam; the source stays. All draws share the cube. A center and a systemic velocity that were not given are
        found anew. Moment maps of others have no noise that is known: only the distance is drawn.

    Notes
    -----
    The data hold one field of noise already, so a draw scatters about the measured maps, not about the true ones.
    """
    if distance_kpc is None:
        errors = rng.standard_normal(n) * observed.distance_error_kpc
        distances = np.maximum(observed.distance_kpc + errors, 0.1 * observed.distance_kpc)
    else:
        distances = np.asarray(distance_kpc, dtype=np.float64)
        if distances.shape != (n,):
            raise InputError(f"{n} draws need as many distances, got an array of shape {distances.shape}.")
    return [_with_noise(observed, rng).at_distance(float(distance)) for distance in distances]


def _with_noise(observed: ObservedHI, rng: np.random.Generator) -> ObservedHI:
    cube, source = observed.cube, observed.source
    if cube is None or source is None or source.noise == 0:
        return observed
    rows = np.flatnonzero(source.mask.any(axis=(0, 2)))
    columns = np.flatnonzero(source.mask.any(axis=(0, 1)))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    side, beam = int(max(height, width)), Beam(cube.beam_pixels)

    def noise(_: int) -> FloatArray:
        field = np.zeros(cube.grid.shape)
        field[box] = source.noise * beam.noise((1, side, side), rng)[0, :height, :width]
        return field

    return observe_hi(
        cube,
        observed.distance_kpc,
        center=observed.center_deg if observed.center_given else None,
        systemic_kms=observed.systemic_kms if observed.systemic_given else None,
        distance_error_kpc=observed.distance_error_kpc,
        mask=source,
        added_noise=noise,
    )
