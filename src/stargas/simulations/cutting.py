"""One galaxy out of an open snapshot: the particles within a sphere around its center, in its own frame."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from stargas.config import SnapshotConfig
from stargas.errors import DamagedFileError, InputError, NoGalaxyError
from stargas.frame import find_center, to_own_frame
from stargas.galaxy import FloatArray, Galaxy, Gas, Particles
from stargas.simulations.bounds import require_physical
from stargas.simulations.halo import Halo
from stargas.simulations.neutral import STAR_FORMING_K, neutral_gas
from stargas.simulations.selection import HIGH_RESOLUTION_FRACTION
from stargas.simulations.simulation import Kind, Rows, Snapshot

KINDS: tuple[Kind, ...] = ("stars", "gas", "dark", "boundary")

GAS_FIELDS = (
    "mass_msun",
    "density_msun_kpc3",
    "u_kms2",
    "temperature_K",
    "electron_abundance",
    "neutral_fraction",
    "hi_fraction",
    "hydrogen_fraction",
    "star_formation_rate",
)
"""What the HI recipes may use."""


def center_of_stars(snapshot: Snapshot) -> FloatArray:
    """Center of all stars of a snapshot [physical kpc in the box], shape (3,), by shrinking spheres."""
    rows = np.arange(snapshot.count("stars"))
    if not len(rows):
        raise NoGalaxyError(
            f"{snapshot.path.name} has no star particles; give a snapshot with stars, or the right star_types."
        )
    middle = _middle_of_stars(snapshot, rows)
    position = around(snapshot.position_kpc("stars", rows), middle, snapshot.box_kpc)
    mass = _required(snapshot, "stars", "mass_msun", rows)
    return middle + find_center(Particles(mass, position, np.zeros_like(position)))


def _middle_of_stars(snapshot: Snapshot, rows: Rows) -> FloatArray:
    """Return the mean position of stars on the circle that each side of a periodic box is; the origin without a box."""
    box = snapshot.box_kpc
    if box is None or not len(rows):
        return np.zeros(3)
    turns = np.exp(2j * np.pi / box * snapshot.position_kpc("stars", rows)).mean(axis=0)
    return np.asarray(np.angle(turns) * box / (2 * np.pi))


def around(position_kpc: FloatArray, center_kpc: FloatArray, box_kpc: float | None) -> FloatArray:
    """Positions from a center, the short way around a periodic box; a run that leaves its box is not periodic."""
    offset = position_kpc - center_kpc
    if box_kpc is not None and len(offset) and np.ptp(position_kpc, axis=0).max() <= 1.001 * box_kpc:
        offset -= box_kpc * np.round(offset / box_kpc)
    return offset


def cut_galaxy(
    snapshot: Snapshot,
    halo: Halo,
    config: SnapshotConfig,
    *,
    suite: str = "",
    rows: Mapping[Kind, Rows] | None = None,
) -> Galaxy:
    """Cut one galaxy out of an open snapshot.

    Parameters
    ----------
    snapshot
        Open.
    halo
        Where; an infinite radius takes every particle.
    config
        HI recipe.
    suite
        Name of the suite.
    rows
        Its particles; looked for if None.

    Returns
    -------
    Galaxy
        In its own frame. Black holes and dark matter of low resolution count as dark; AREPO's wind particles, which
        are stored among the stars, count as gas without HI. Its properties have the mass fraction in high resolution
        where the snapshot tells particles of low resolution apart; its provenance says how HI was found.

    Raises
    ------
    NoGalaxyError
        If no two stars are there.
    InputError
        If a field that a galaxy needs is missing.
    """
    rows = dict(rows_of_halos(snapshot, [halo])[0] if rows is None else rows)
    if not np.isfinite(halo.radius_kpc):
        x, y, z = _middle_of_stars(snapshot, rows["stars"])
        halo = dataclasses.replace(halo, center_kpc=(float(x), float(y), float(z)))
    formation = snapshot.read("stars", "formation_time", rows["stars"])
    winds = np.zeros(0, dtype=np.int64)
    if formation is not None:
        winds, rows["stars"] = rows["stars"][formation <= 0], rows["stars"][formation > 0]
    if len(rows["stars"]) < 2:
        where = f" within {halo.radius_kpc:.4g} kpc of its center" if np.isfinite(halo.radius_kpc) else ""
        raise NoGalaxyError(
            f"{snapshot.path.name}: galaxy {halo.id} has {len(rows['stars'])} star particles{where}; at least 2 are "
            "needed: check the center, the radius and the star types."
        )
    parts = {kind: _particles(snapshot, kind, selected, halo) for kind, selected in rows.items() if len(selected)}
    provenance = {"snapshot": snapshot.path.name, "snapshot_format": snapshot.family}
    if snapshot.assumptions:
        provenance["assumed"] = "; ".join(snapshot.assumptions)
    gas: Gas | None = None
    if "gas" in parts:
        gas, how = _gas(snapshot, parts["gas"], rows["gas"], config)
        provenance.update(how)
        if len(winds):
            gas = _with_winds(gas, _particles(snapshot, "stars", winds, halo))
    properties = dict(halo.properties)
    if snapshot.count("boundary") and HIGH_RESOLUTION_FRACTION not in properties:
        mass = {kind: part.mass_msun.sum() for kind, part in parts.items()}
        properties[HIGH_RESOLUTION_FRACTION] = float(1 - mass.get("boundary", 0.0) / sum(mass.values()))
    dark = [parts[kind] for kind in ("dark", "boundary") if kind in parts]
    galaxy = Galaxy(
        halo.id,
        parts["stars"],
        gas,
        _joined(dark) if dark else None,
        host_id=halo.host_id,
        suite=suite,
        redshift=snapshot.redshift,
        properties=properties,
        provenance=provenance,
    )
    require_physical(galaxy, snapshot.path)
    return to_own_frame(galaxy)


def rows_of_halos(snapshot: Snapshot, halos: Sequence[Halo]) -> list[dict[Kind, Rows]]:
    """Rows of each kind in each halo, from one look at all particles."""
    selected: list[dict[Kind, Rows]] = [{} for _ in halos]
    spheres = [halo for halo in halos if np.isfinite(halo.radius_kpc)]
    centers = np.array([halo.center_kpc for halo in spheres]).reshape(-1, 3)
    radii = np.array([halo.radius_kpc for halo in spheres])
    for kind in KINDS:
        inside = iter(snapshot.rows_within(kind, centers, radii)) if spheres else iter(())
        for halo, parts in zip(halos, selected, strict=True):
            parts[kind] = next(inside) if np.isfinite(halo.radius_kpc) else np.arange(snapshot.count(kind))
    return selected


def _required(snapshot: Snapshot, kind: Kind, field: str, rows: Rows) -> FloatArray:
    values = snapshot.read(kind, field, rows)
    if values is None:
        raise InputError(f"{snapshot.path}: the {kind} particles have no field for {field}, which a galaxy needs.")
    return values


def _particles(snapshot: Snapshot, kind: Kind, rows: Rows, halo: Halo) -> Particles:
    position = around(snapshot.position_kpc(kind, rows), np.asarray(halo.center_kpc), snapshot.box_kpc)
    velocity = _required(snapshot, kind, "velocity_kms", rows)
    mass = _required(snapshot, kind, "mass_msun", rows)
    if (mass < 0).any():
        raise DamagedFileError(
            f"{snapshot.path}: {np.count_nonzero(mass < 0)} masses of the {kind} are negative: write it again."
        )
    massive = mass > 0  # some codes leave particles of no mass behind
    return Particles(mass[massive], position[massive], velocity[massive])


def _gas(snapshot: Snapshot, gas: Particles, rows: Rows, config: SnapshotConfig) -> tuple[Gas, Mapping[str, str]]:
    mass = _required(snapshot, "gas", "mass_msun", rows)
    rows = rows[mass > 0]
    fields = {field: snapshot.read("gas", field, rows) for field in GAS_FIELDS}
    try:
        neutral = neutral_gas(fields, snapshot.redshift, config.hi, config.molecular)
    except InputError as error:
        raise InputError(f"{snapshot.path}: {error}") from error
    hsm = snapshot.read("gas", "hsm_kpc", rows)
    provenance = dict(neutral.provenance)
    if hsm is None:
        raise InputError(
            f"{snapshot.path}: the gas has neither smoothing lengths nor densities, so no size on the sky."
        )
    if len(hsm) and not np.median(hsm) > 0:
        raise InputError(f"{snapshot.path}: half of the gas has a size of 0: write its smoothing lengths or densities.")
    provenance["hsm_from"] = "cell radius" if snapshot.family == "arepo" else "kernel FWHM"
    return (
        Gas(
            gas.mass_msun,
            gas.position_kpc,
            gas.velocity_kms,
            neutral.hi_mass_msun,
            neutral.temperature_K,
            np.maximum(hsm, 1e-6),
        ),
        provenance,
    )


def _with_winds(gas: Gas, winds: Particles) -> Gas:
    """Add decoupled wind particles, whose mass is gas but which shine in no line."""
    n = len(winds)
    return Gas(
        np.concatenate([gas.mass_msun, winds.mass_msun]),
        np.concatenate([gas.position_kpc, winds.position_kpc]),
        np.concatenate([gas.velocity_kms, winds.velocity_kms]),
        np.concatenate([gas.hi_mass_msun, np.zeros(n)]),
        np.concatenate([gas.temperature_K, np.full(n, STAR_FORMING_K)]),
        np.concatenate([gas.hsm_kpc, np.full(n, np.median(gas.hsm_kpc))]),
    )


def _joined(parts: Sequence[Particles]) -> Particles:
    return Particles(
        np.concatenate([part.mass_msun for part in parts]),
        np.concatenate([part.position_kpc for part in parts]),
        np.concatenate([part.velocity_kms for part in parts]),
    )
