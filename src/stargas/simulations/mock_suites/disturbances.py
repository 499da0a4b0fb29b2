"""What real gas disks do beyond turning in circles: each moves the gas and its velocity together.

Every function takes positions and velocities in the frame of the gas disk and returns new ones. A displacement ξ(x, t)
of the gas comes with the velocity ∂ξ/∂t and, where it moves gas radially, keeps angular momentum, so that what the maps
show as a hole, an arm or a twist shows in the velocities as well.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from stargas.constants import KPC_PER_KMS_GYR
from stargas.galaxy import FloatArray


class RotationField(Protocol):
    """What the gas needs to know of a potential."""

    def v_c_kms(self, R_kpc: FloatArray) -> FloatArray:
        """Circular velocity in the plane [km/s]."""
        ...

    def vertical_frequency(self, R_kpc: FloatArray) -> FloatArray:
        """Frequency of small vertical oscillations [km/s/kpc]."""
        ...


@dataclass(frozen=True)
class Frequencies:
    """Frequencies of nearly circular orbits, tabulated once for a galaxy.

    Parameters
    ----------
    R_kpc
        Radii [kpc], shape (m,), evenly spaced in the logarithm.
    v_c_kms
        Circular velocity [km/s], shape (m,).
    epicyclic
        Radial frequency κ [km/s/kpc], shape (m,).
    vertical
        Vertical frequency ν [km/s/kpc], shape (m,).
    """

    R_kpc: FloatArray
    v_c_kms: FloatArray
    epicyclic: FloatArray
    vertical: FloatArray

    @classmethod
    def of(cls, potential: RotationField, R_max_kpc: float, n: int = 96) -> "Frequencies":
        """Tabulate a potential between a hundredth of ``R_max_kpc`` and itself."""
        R = np.geomspace(0.01 * R_max_kpc, R_max_kpc, n)
        v_c = np.asarray(potential.v_c_kms(R), dtype=np.float64)
        v_c = np.maximum(v_c, MIN_V_C * v_c.max())  # a flat ring pulls the gas at its center outward
        slope = np.gradient(np.log(np.maximum(v_c, 1e-6)), np.log(R))
        epicyclic = v_c / R * np.sqrt(np.clip(2 * (1 + slope), 0.5, 4.0))
        return cls(R, v_c, epicyclic, np.asarray(potential.vertical_frequency(R), dtype=np.float64))

    def at(self, R_kpc: FloatArray, values: FloatArray) -> FloatArray:
        """Interpolate a column of the table in log R; constant beyond its ends."""
        return np.interp(np.log(np.maximum(R_kpc, 1e-9)), np.log(self.R_kpc), values)


MIN_V_C = 0.01
"""Circular velocity is at least this fraction of its maximum."""


@dataclass(frozen=True)
class DensityWave:
    """Orbits whose epicycles are in step: an oval, an arm, a lopsided disk or a breathing one.

    Parameters
    ----------
    m
        Arms: 0 breathing (radial flow), 1 lopsided, 2 bisymmetric.
    amplitude
        Radial displacement over radius, well below 1.
    phase
        Phase at R_HI [rad].
    winding
        Change of phase per unit of ln R: m/tan(pitch angle) for a spiral, 0 for an oval.
    reach
        Radius over R_HI beyond which the wave fades, as exp(-(R/reach)²): the length of a bar.
    """

    m: int
    amplitude: float
    phase: float
    winding: float = 0.0
    reach: float = float("inf")


def density_waves(
    R_kpc: FloatArray,
    phi: FloatArray,
    v_phi_kms: FloatArray,
    waves: list[DensityWave],
    frequencies: Frequencies,
    R_HI_kpc: float,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Shift gas on circular orbits to epicycles whose phases depend on azimuth and radius.

    Parameters
    ----------
    R_kpc, phi, v_phi_kms
        Guiding radius [kpc], azimuth [rad] and rotation velocity [km/s] of the calm disk, shape (n,).
    waves
        What to superpose.
    frequencies
        Of the potential.
    R_HI_kpc
        Radius to which the phases refer.

    Returns
    -------
    R_kpc, phi, v_R_kms, v_phi_kms
        Disturbed radius, azimuth and velocities, shape (n,).

    Notes
    -----
    Epicycle approximation (Binney & Tremaine 2008, §3.2.3): R = Rg + aRg cos χ, φ = φg - (2Ω/κ) a sin χ,
    v_R = -aRg κ sin χ, and v_φ R is kept; χ = mφ + winding·ln(R/R_HI) + phase.
    """
    epicyclic = frequencies.at(R_kpc, frequencies.epicyclic)
    omega = frequencies.at(R_kpc, frequencies.v_c_kms) / R_kpc
    log_radius = np.log(R_kpc / R_HI_kpc)
    cos_sum, sin_sum = np.zeros_like(R_kpc), np.zeros_like(R_kpc)
    for wave in waves:
        chi = wave.m * phi + wave.winding * log_radius + wave.phase
        amplitude = wave.amplitude * np.exp(-((R_kpc / R_HI_kpc / wave.reach) ** 2))
        cos_sum += amplitude * np.cos(chi)
        sin_sum += amplitude * np.sin(chi)
    stretch = np.maximum(1 + cos_sum, 0.2)
    return (
        R_kpc * stretch,
        phi - 2 * omega / epicyclic * sin_sum,
        -R_kpc * epicyclic * sin_sum,
        v_phi_kms / stretch,
    )


@dataclass(frozen=True)
class Bubble:
    """A hole that supernovae blew.

    Parameters
    ----------
    center_kpc
        In the plane of the disk [kpc], shape (2,).
    radius_kpc
        Of the shell today [kpc].
    speed_kms
        Of the shell today [km/s].
    shell
        Share of the hole's area that the swept gas fills: .2-.4.
    """

    center_kpc: FloatArray
    radius_kpc: float
    speed_kms: float
    shell: float

    @property
    def age_gyr(self) -> float:
        """Age [Gyr] of a shell that grew as t^½, between energy and momentum conservation (Weaver et al. 1977)."""
        return 0.5 * self.radius_kpc / (self.speed_kms * KPC_PER_KMS_GYR)


def blow_bubbles(
    position_kpc: FloatArray, velocity_kms: FloatArray, bubbles: list[Bubble]
) -> tuple[FloatArray, FloatArray]:
    """Sweep gas into expanding shells, the oldest hole first.

    Parameters
    ----------
    position_kpc, velocity_kms
        In the frame of the disk [kpc, km/s], shape (n, 3).
    bubbles
        Centers, radii and speeds.

    Returns
    -------
    position_kpc, velocity_kms
        Shape (n, 3).

    Notes
    -----
    A shell of radius B(t) has moved gas from the distance d to d' with d'² = (1-s)B² + s d²: the area inside is
    squeezed into the outer part s, continuous at d = B. Its velocity is ∂d'/∂t = (1-s) B dB/dt / d', along the line
    from the center, vertical part included, so that gas over the explosion is lifted out of the disk.
    """
    # columns of their own, contiguous: most of the work is finding what lies in a hole
    position, velocity = position_kpc.T.copy(), velocity_kms.T.copy()
    for bubble in sorted(bubbles, key=lambda bubble: -bubble.age_gyr):
        center, reach = bubble.center_kpc, bubble.radius_kpc
        plane2 = (position[0] - center[0]) ** 2 + (position[1] - center[1]) ** 2
        near = np.flatnonzero(plane2 < reach**2)
        offset = position[:, near]
        offset[:2] -= center[:, None]
        distance = np.sqrt(plane2[near] + offset[2] ** 2)
        swept = (distance < reach) & (distance > 1e-3 * reach)
        near, distance = near[swept], distance[swept]
        direction = offset[:, swept] / distance
        moved = np.sqrt((1 - bubble.shell) * reach**2 + bubble.shell * distance**2)
        position[:, near] += (moved - distance) * direction
        velocity[:, near] += (1 - bubble.shell) * reach * bubble.speed_kms / moved * direction
    return np.ascontiguousarray(position.T), np.ascontiguousarray(velocity.T)


def warp(
    position_kpc: FloatArray,
    velocity_kms: FloatArray,
    tilt_rad: float,
    twist_rad: float,
    node_rad: float,
    onset_kpc: float,
    R_HI_kpc: float,
) -> tuple[FloatArray, FloatArray]:
    """Tilt rings of gas, the outer ones more, positions and velocities alike.

    Parameters
    ----------
    position_kpc, velocity_kms
        In the frame of the disk [kpc, km/s], shape (n, 3).
    tilt_rad
        Tilt at R_HI; it grows linearly from ``onset_kpc`` to 1.2 R_HI and stays so outside.
    twist_rad
        Turn of the line of nodes from the onset to R_HI (Briggs 1990).
    node_rad
        Azimuth of the line of nodes at the onset.
    onset_kpc
        Where the warp begins [kpc].
    R_HI_kpc
        Radius at 1 Msun/pc² [kpc].

    Returns
    -------
    position_kpc, velocity_kms
        Shape (n, 3).
    """
    reach = (np.hypot(position_kpc[:, 0], position_kpc[:, 1]) - onset_kpc) / (R_HI_kpc - onset_kpc)
    reach = np.clip(reach, 0.0, (1.2 * R_HI_kpc - onset_kpc) / (R_HI_kpc - onset_kpc))
    tilt, node = tilt_rad * reach, node_rad + twist_rad * reach
    cos_tilt, sin_tilt = np.cos(tilt), np.sin(tilt)
    along = np.column_stack([np.cos(node), np.sin(node), np.zeros(len(node))])

    def turned(vector: FloatArray) -> FloatArray:
        """Rodrigues' rotation about the line of nodes."""
        inner = np.einsum("ij,ij->i", along, vector) * (1 - cos_tilt)
        cross = np.cross(along, vector)
        result: FloatArray = vector * cos_tilt[:, None] + cross * sin_tilt[:, None] + along * inner[:, None]
        return result

    return turned(position_kpc), turned(velocity_kms)


def tilt_matrix(angle_rad: float, node_rad: float) -> FloatArray:
    """Rotation by an angle about a line of nodes in the plane, shape (3, 3)."""
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    cn, sn = np.cos(node_rad), np.sin(node_rad)
    node = np.array([[cn, -sn, 0], [sn, cn, 0], [0, 0, 1]])
    result: FloatArray = node @ np.array([[1, 0, 0], [0, c, -s], [0, s, c]]) @ node.T
    return result
