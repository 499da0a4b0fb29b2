"""Small snapshots of each family, written here with h5py and numpy so that no reader writes what it reads."""

import dataclasses
from dataclasses import dataclass

import h5py
import numpy as np
from analytic import plummer_stars, rotating_gas

from stargas.galaxy import Galaxy, Particles

KPC_CM, MSUN_G = 3.0856775814913673e21, 1.988409870698051e33
K_OVER_MP = 1.380649e-23 / 1.67262192369e-27 / 1e6  # (km/s)² per K
HYDROGEN = 0.76
CENTER_KPC = np.array([3.0, 4000.0, 7995.0])
"""Near two faces of the box, so that the galaxy lies across its edges."""
BULK_KMS = np.array([250.0, -80.0, 30.0])
BOX_KPC = 8000.0


@dataclass(frozen=True)
class Family:
    """How a code stores a physical 1 kpc, Msun, km/s: code = physical / (unit a^p h^q)."""

    kpc: float
    msun: float = 1e10
    kms: float = 1.0
    h: float = 0.7
    redshift: float = 0.25
    swift: bool = False

    @property
    def a(self):
        return 1 / (1 + self.redshift)

    @property
    def length(self):
        return self.kpc * self.a / (1 if self.swift else self.h)

    @property
    def mass(self):
        return self.msun / (1 if self.swift else self.h)

    @property
    def velocity(self):
        return self.kms * (1 if self.swift else np.sqrt(self.a))

    @property
    def energy(self):
        return self.kms**2 * (self.a**-2 if self.swift else 1)


FAMILIES = {
    "gadget": Family(kpc=1.0),
    "arepo": Family(kpc=1000.0),
    "eagle": Family(kpc=1000.0),
    "swift": Family(kpc=1000.0, swift=True),
}


def galaxy_of_particles(n_stars=1500, n_gas=1200, n_dark=3000, seed=3, galaxy_id="galaxy"):
    """Plummer stars in a Plummer halo of dark particles, with a rotating gas disc."""
    rng = np.random.default_rng(seed)
    stars = rotating(plummer_stars(n_stars, 3e9, 1.0, rng, 3e8))
    dark = plummer_stars(n_dark, 3e9, 1.0, rng, 2.4e9)
    gas = rotating_gas(n_gas, hi_mass_msun=2e8, seed=seed)
    gas = dataclasses.replace(gas, hsm_kpc=np.random.default_rng(seed).uniform(0.2, 0.4, n_gas))
    return Galaxy(galaxy_id, stars, gas, dark)


def rotating(stars):
    """Turn the retrograde half of a sphere's stars around, which leaves it in equilibrium and gives it an axis."""
    (x, y, _), velocity = stars.position_kpc.T, stars.velocity_kms.copy()
    backward = x * velocity[:, 1] - y * velocity[:, 0] < 0
    velocity[backward] *= -1
    return Particles(stars.mass_msun, stars.position_kpc, velocity)


def in_box(part):
    return (part.position_kpc + CENTER_KPC) % BOX_KPC, part.velocity_kms + BULK_KMS


def write_hdf5(path, galaxy, name, **extra):
    """Write a galaxy as a snapshot of one of `FAMILIES`.

    ``extra``: ``winds`` and ``boundary`` are further particles.
    """
    family = FAMILIES[name]
    density_unit = family.mass / family.length**3
    with h5py.File(path, "w") as file:
        header = file.create_group("Header").attrs
        header["Redshift"], header["Time"] = family.redshift, family.a
        header["BoxSize"] = BOX_KPC / family.length
        header["NumFilesPerSnapshot"] = 1
        header["MassTable"] = np.zeros(6)
        counts = [len(galaxy.gas), len(galaxy.dark), 0, 0, len(extra.get("winds", galaxy.stars)), 0]
        header["NumPart_ThisFile"] = header["NumPart_Total"] = np.array(counts)
        if family.swift:
            header["BoxSize"] = np.full(3, BOX_KPC / family.length)
            for key in ("Redshift", "Time", "NumFilesPerSnapshot"):
                header[key] = np.array([header[key]])
            file.create_group("Cosmology").attrs.update({"Cosmological run": [1], "h": [family.h], "Omega_m": [0.3]})
            file.create_group("Code").attrs["Code"] = np.bytes_("SWIFT")
            file.create_group("HydroScheme").attrs["Kernel function"] = np.bytes_("Wendland C2")
            file.create_group("Units").attrs.update(
                {
                    "Unit length in cgs (U_L)": [family.kpc * KPC_CM],
                    "Unit mass in cgs (U_M)": [family.msun * MSUN_G],
                    "Unit time in cgs (U_t)": [family.kpc * KPC_CM / 1e5],
                }
            )
        else:
            header["HubbleParam"], header["Omega0"] = family.h, 0.3
            if name != "eagle":
                header["UnitLength_in_cm"] = family.kpc * KPC_CM
                header["UnitMass_in_g"] = family.msun * MSUN_G
                header["UnitVelocity_in_cm_per_s"] = family.kms * 1e5

        def put(group, key, values, attributes=None):
            group[key] = np.asarray(values)
            if name == "eagle" and attributes is not None:
                cgs, a_power, h_power = attributes
                group[key].attrs.update(
                    {"CGSConversionFactor": cgs, "aexp-scale-exponent": a_power, "h-scale-exponent": h_power}
                )

        def particles(number, part):
            group = file.create_group(f"PartType{number}")
            position, velocity = in_box(part)
            put(group, "Coordinates", position / family.length, (family.kpc * KPC_CM, 1.0, -1.0))
            plural = "y" if name == "eagle" else "ies"
            put(group, f"Velocit{plural}", velocity / family.velocity, (1e5, 0.5, 0.0))
            key = "Mass" if name == "eagle" else "Masses"
            put(group, key, part.mass_msun / family.mass, (family.msun * MSUN_G, 0.0, -1.0))
            group["ParticleIDs"] = np.arange(len(part), dtype=np.uint32)
            return group

        stars = extra.get("winds")
        if stars is None:
            stars = galaxy.stars
        group = particles(4, stars)
        if name == "arepo":
            winds = len(stars) - len(galaxy.stars)
            group["GFM_StellarFormationTime"] = np.r_[np.full(len(galaxy.stars), 0.5), np.full(winds, -0.5)]
        particles(1, galaxy.dark)
        if extra.get("boundary") is not None:
            particles(2, extra["boundary"])
        gas = galaxy.gas
        group = particles(0, gas)
        energy = 1.5 * K_OVER_MP * gas.temperature_K * (1 + 3 * HYDROGEN) / 4
        suffix = (
            ("Densities", "InternalEnergies", "SmoothingLengths")
            if family.swift
            else ("Density", "InternalEnergy", "SmoothingLength")
        )
        density = gas.mass_msun / (4 / 3 * np.pi * gas.hsm_kpc**3)
        density_cgs = family.msun * MSUN_G / (family.kpc * KPC_CM) ** 3
        put(group, suffix[0], density / density_unit, (density_cgs, -3.0, 2.0))
        put(group, suffix[1], energy / family.energy, (1e10, 0.0, 0.0))
        if name == "eagle":
            put(group, "Temperature", gas.temperature_K, (1.0, 0.0, 0.0))
            group["ElementAbundance/Hydrogen"] = np.full(len(gas), HYDROGEN)
        if name == "arepo":
            group["GFM_Metals"] = np.tile([HYDROGEN, 0.24], (len(gas), 1))
        fwhm = {"gadget": 0.722352, "eagle": 0.627620, "swift": 1.936492 * 0.627620}.get(name)
        if fwhm is not None:
            put(group, suffix[2], gas.hsm_kpc / fwhm / family.length, (family.kpc * KPC_CM, 1.0, -1.0))
        if family.swift:
            group["HI"] = gas.hi_mass_msun / gas.mass_msun
        else:
            group["ElectronAbundance"] = np.zeros(len(gas))
            group["NeutralHydrogenAbundance"] = gas.hi_mass_msun / gas.mass_msun / HYDROGEN


TIPSY = Family(kpc=5_000.0, msun=1e13, redshift=0.25, h=0.7)


TIPSY_CENTER_KPC = np.array([0.499 * TIPSY.kpc * TIPSY.a, 100.0, -0.2 * TIPSY.kpc * TIPSY.a])
"""Near a face of the box, which is the unit of length."""


def write_tipsy(folder, galaxy, boundary=None, name="run.00100", param=True):
    """Write a galaxy as a big-endian tipsy snapshot of a comoving run with G = 1, and its parameter file.

    Positions run from -1/2 to 1/2 of the length unit, which is the box; velocities are peculiar ones over a.
    """
    a, velocity_unit = TIPSY.a, np.sqrt(4.300917270e-6 * TIPSY.msun / TIPSY.kpc)
    box = TIPSY.kpc * a
    dark = (
        galaxy.dark
        if boundary is None
        else Particles(
            *(
                np.concatenate([getattr(galaxy.dark, key), getattr(boundary, key)])
                for key in ("mass_msun", "position_kpc", "velocity_kms")
            )
        )
    )

    def block(part, columns):
        position = (part.position_kpc + TIPSY_CENTER_KPC) / box
        position -= np.round(position)
        velocity = (part.velocity_kms + BULK_KMS) / velocity_unit / a
        table = np.column_stack([part.mass_msun / TIPSY.msun, position, velocity, *columns])
        return table.astype(">f4").tobytes()

    gas, n = galaxy.gas, len(galaxy.gas)
    density = gas.mass_msun / (4 / 3 * np.pi * gas.hsm_kpc**3) / TIPSY.msun * box**3
    zeros = [np.zeros(len(part)) for part in (gas, dark, galaxy.stars)]
    counts = [n + len(dark) + len(galaxy.stars), 3, n, len(dark), len(galaxy.stars), 0]
    content = np.array([a], ">f8").tobytes() + np.array(counts, ">i4").tobytes()
    content += block(gas, [density, gas.temperature_K, zeros[0], zeros[0], zeros[0]])
    content += block(dark, [zeros[1]] * 2)
    content += block(galaxy.stars, [zeros[2]] * 4)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    for key, values in (
        ("HI", gas.hi_mass_msun / gas.mass_msun),
        ("smooth", gas.hsm_kpc / (2 * 0.722352) / box),
    ):
        column = np.zeros(counts[0])
        column[:n] = values
        (folder / f"{name}.{key}").write_text("\n".join([str(counts[0]), *(f"{v:.8e}" for v in column), ""]))
    if param:
        hubble = 0.07 * TIPSY.kpc / velocity_unit  # H0 [km/s/kpc] in units of velocity over length
        (folder / "run.param").write_text(
            f"bComove = 1\ndKpcUnit = {TIPSY.kpc}\ndMsolUnit = {TIPSY.msun:e}\n"
            f"dHubble0 = {hubble}\ndOmega0 = 0.3\ndLambda = 0.7\n"
        )
    return path
