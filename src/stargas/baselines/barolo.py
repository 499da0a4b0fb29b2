"""Rotation curves of HI cubes from 3DBarolo (Di Teodoro & Fraternali 2015, MNRAS 451, 3021), and the masses they give.

3DBarolo fits tilted rings to a cube, with the beam in the model. It is a program of its own, no part of this package;
``pip install pybbarolo`` compiles it. Its mass inside r is r v²/G, that of a sphere, with v the rotation as fitted or
corrected for the pressure of the gas (asymmetric drift). The assumptions that can be wrong: gas on circular orbits in
one thin disk. The errors are those that 3DBarolo states for the rotation of each ring; they know neither of the
inclination nor of motions that are not circular.
"""

import resource
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import PchipInterpolator

from stargas.constants import G
from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.quantities import to_array

MIN_RINGS = 2
"""Fewest rings of a rotation curve."""

MIN_SPEED_KMS = 1.0
"""Speed below which none is taken, since it would be no mass at all."""

MAX_SECONDS = 14_400
"""Wall time after which a fit is given up; one takes 5 to 70 s of processor time."""

STOPPED = (signal.SIGINT, signal.SIGKILL, signal.SIGTERM)
"""Signals by which others end a program; a crash has other ones."""


@dataclass(frozen=True)
class RingGeometry:
    """What an observer tells 3DBarolo of a galaxy.

    Parameters
    ----------
    center_deg
        Right ascension and declination [deg].
    systemic_kms
        Systemic velocity [km/s].
    ring_arcsec
        Width of a ring [arcsec], commonly that of the beam.
    n_rings
        Number of rings.
    kpc_per_arcsec
        Length of an arcsecond at the distance of the galaxy.
    inclination_deg
        Inclination, which is not fitted then. If None, it is estimated from the HI and fitted.
    """

    center_deg: tuple[float, float]
    systemic_kms: float
    ring_arcsec: float
    n_rings: int
    kpc_per_arcsec: float
    inclination_deg: float | None = None

    def parameters(self, cube: Path, folder: Path) -> Mapping[str, object]:
        """Return the parameters of 3DBarolo; all others are its defaults."""
        fitted = "VROT VDISP PA" if self.inclination_deg is not None else "VROT VDISP INC PA"
        known = {} if self.inclination_deg is None else {"INC": self.inclination_deg}
        return {
            "FITSFILE": cube,
            "OUTFOLDER": f"{folder}/",
            "THREADS": 1,
            "PLOTS": "false",
            "SHOWBAR": "false",
            "3DFIT": "true",
            "NRADII": self.n_rings,
            "RADSEP": self.ring_arcsec,
            "XPOS": f"{self.center_deg[0]}d",
            "YPOS": f"{self.center_deg[1]}d",
            "VSYS": self.systemic_kms,
            "FREE": fitted,
            "FLAGERRORS": "true",
            "ADRIFT": "true",
            **known,
        }


@dataclass(frozen=True, eq=False)
class RotationCurve:
    """Rotation of the rings of a galaxy.

    Parameters
    ----------
    r_kpc
        Radii of the rings [kpc], shape (n,), rising.
    rotation_kms, error_kms
        Rotation and its standard error [km/s], shape (n,).
    drift_squared
        Square of the asymmetric drift [km²/s²], shape (n,); NaN where 3DBarolo found none.
    inclination_deg
        Of the rings, shape (n,).
    seconds
        Processor time of the fit.
    """

    r_kpc: FloatArray
    rotation_kms: FloatArray
    error_kms: FloatArray
    drift_squared: FloatArray
    inclination_deg: FloatArray
    seconds: float

    def log10_mass(self, r_kpc: ArrayLike, n: int, rng: np.random.Generator, *, corrected: bool = False) -> FloatArray:
        """Return draws of log10 M(<r) [Msun] at radii [kpc], shape (n, m).

        The rotation of each ring scatters by its error, independently of the others. Between rings, and to zero at the
        center, it is interpolated by a curve without overshoot (PCHIP); beyond the last it is constant.

        Parameters
        ----------
        r_kpc
            Radii [kpc], shape (m,).
        n
            Number of draws.
        rng
            Source of randomness.
        corrected
            Whether the asymmetric drift is added.
        """
        r = np.atleast_1d(to_array("r_kpc", r_kpc))
        speed = self.rotation_kms + self.error_kms * rng.standard_normal((n, len(self.r_kpc)))
        square = np.maximum(speed, MIN_SPEED_KMS) ** 2 + (self.drift_squared if corrected else 0.0)
        speed = np.sqrt(np.maximum(square, MIN_SPEED_KMS**2))
        between = PchipInterpolator(np.append(0.0, self.r_kpc), np.pad(speed, ((0, 0), (1, 0))), axis=1)
        result: FloatArray = np.log10(r * between(np.minimum(r, self.r_kpc[-1])) ** 2 / G)
        return result


def fit_rings(program: Path, cube: Path, geometry: RingGeometry, folder: Path) -> RotationCurve:
    """Fit the rings of a cube.

    Parameters
    ----------
    program
        The executable ``BBarolo``.
    cube
        FITS file.
    geometry
        What is known of the galaxy.
    folder
        Where 3DBarolo writes.

    Raises
    ------
    InputError
        If there is no such program, or it found no rotation curve.
    ChildProcessError
        If somebody ended it, which says nothing about the cube.
    """
    if not program.is_file():
        raise InputError(f"there is no program {program}: give the path of BBarolo, which pip install pybbarolo makes.")
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "settings.par"
    settings.write_text("".join(f"{name} {value}\n" for name, value in geometry.parameters(cube, folder).items()))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run(  # noqa: S603 (the program that the caller names)
            [program.resolve(), "-p", settings.resolve()],
            cwd=folder,
            capture_output=True,
            timeout=MAX_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(f"3DBarolo did not end within {MAX_SECONDS} s: {cube}.") from error
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if -done.returncode in STOPPED:
        raise ChildProcessError(f"3DBarolo was ended by signal {-done.returncode} while it fitted {cube}.")
    if done.returncode:
        raise InputError(f"3DBarolo ended with code {done.returncode}: {cube}.")
    return read_rings(folder, geometry.kpc_per_arcsec, after.ru_utime - before.ru_utime)


def read_rings(folder: Path, kpc_per_arcsec: float, seconds: float = 0.0) -> RotationCurve:
    """Read the rings that 3DBarolo wrote into a folder.

    Parameters
    ----------
    folder
        With ``rings_final2.txt``, of the second stage, or ``rings_final1.txt`` where there was none, and
        ``asymdrift.txt``.
    kpc_per_arcsec
        Length of an arcsecond.
    seconds
        Processor time of the fit.

    Raises
    ------
    InputError
        If there are too few rings.
    """
    tables = [path for path in (folder / "rings_final2.txt", folder / "rings_final1.txt") if path.exists()]
    rings = _columns(tables[0]) if tables else {}
    n = len(rings.get("RAD(arcs)", ()))
    if n < MIN_RINGS:
        raise InputError(f"3DBarolo found {n} rings in {folder}, at least {MIN_RINGS} are needed.")
    drift = folder / "asymdrift.txt"
    nowhere = {"RAD(arcs)": np.array([-1.0]), "ASYMDRIFT_SQ(km/s)2": np.array([np.nan])}
    found = _columns(drift) if drift.exists() else nowhere
    nearest = np.abs(rings["RAD(arcs)"][:, None] - found["RAD(arcs)"]).argmin(axis=1)
    known = np.abs(rings["RAD(arcs)"] - found["RAD(arcs)"][nearest]) < 0.1
    errors = [np.abs(rings[name]) for name in ("E_VROT1", "E_VROT2") if name in rings]
    return RotationCurve(
        r_kpc=rings["RAD(arcs)"] * kpc_per_arcsec,
        rotation_kms=rings["VROT(km/s)"],
        error_kms=np.mean(errors, axis=0) if errors else np.zeros(n),
        drift_squared=np.where(known, found["ASYMDRIFT_SQ(km/s)2"][nearest], np.nan),
        inclination_deg=rings["INC(deg)"],
        seconds=seconds,
    )


def _columns(path: Path) -> dict[str, FloatArray]:
    """Read a table of 3DBarolo, whose first line names the columns."""
    head, *lines = path.read_text().splitlines()
    names = head.lstrip("#").split()
    rows = [line.split() for line in lines if line.strip()]
    values = np.array([[float(word) for word in row] for row in rows if len(row) == len(names)]).reshape(-1, len(names))
    return dict(zip(names, values.T, strict=True))
