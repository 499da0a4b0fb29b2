"""Files made by others, where they lie beside the project: units against an independent reading with h5py."""

import importlib.util
import warnings
from pathlib import Path

import h5py
import numpy as np
import pytest

from stargas import View, kappa_co, project, read_galaxy, virial_ratio
from stargas.config import SnapshotConfig
from stargas.constants import G
from stargas.errors import InputError, VirialWarning
from stargas.simulations.code_units import EXPONENTS
from stargas.simulations.hdf5 import HDF5Snapshot
from stargas.simulations.particle_table import read_table
from stargas.simulations.snapshots import open_snapshot

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
FORMATS = DATA / "snapshot_formats"
TNG = DATA / "tng100_394242" / "gal394242.h5"

needs_formats = pytest.mark.skipif(not FORMATS.is_dir(), reason=f"no example snapshots in {FORMATS}")
needs_tng = pytest.mark.skipif(not TNG.is_file(), reason=f"no IllustrisTNG galaxy {TNG}")

KPC, MSUN = 3.0856775814913673e21, 1.988409870698051e33

# What one stored number is worth, by hand from each simulation's papers and file: kpc, Msun, km/s.
WORTH = {
    "EAGLE": (1000 * 0.7868432969 / 0.6777, 1e10 / 0.6777, 0.7868432969**0.5),  # Mpc/h comoving, km/s √a
    "IllustrisTNG": (0.7705836269 / 0.6774, 1e10 / 0.6774, 0.7705836269**0.5),  # kpc/h comoving
    "Magneticum": (0.7734226491 / 0.704, 1e10 / 0.704, 0.7734226491**0.5),  # kpc/h comoving
    "Colibre": (1000.0, 1e10, 1.0),  # Mpc, no h, at z = 0
    "auriga_cosmo": (1000 * 0.5771552102 / 0.6777, 1e10 / 0.6777, 0.5771552102**0.5),  # Mpc/h comoving
    "MW_galaxy": (1.0, 1e10, 1.0),  # no cosmology
    "swift_GEAR_iso": (1.0, 1e10, 1.0),
    "cosmo_zoom": (1 / 5.1, 1e10, 1.0),  # kpc comoving at z = 4.1, no h, velocities peculiar
    "swift_cosmo": (1 / 5.019607843, 1e10, 1.0),
}


@needs_formats
@pytest.mark.parametrize("name", WORTH)
def test_units_of_real_snapshots(name):
    """Masses, positions and velocities of stars and gas are the stored numbers times what they are worth."""
    path = FORMATS / f"{name}.hdf5"
    snapshot = HDF5Snapshot(path, SnapshotConfig())
    length, mass, velocity = WORTH[name]
    with h5py.File(path) as file:
        for kind, group in (("stars", file["PartType4"]), ("gas", file["PartType0"])):
            rows = np.arange(snapshot.count(kind))
            stored = {key: next(group[k][()] for k in keys if k in group) for key, keys in (
                ("mass", ("Masses", "Mass")), ("velocity", ("Velocities", "Velocity"))
            )}  # fmt: skip
            assert len(rows) == len(stored["mass"])
            np.testing.assert_allclose(
                snapshot.position_kpc(kind, rows), group["Coordinates"][()].astype(float) * length, rtol=1.5e-3
            )
            np.testing.assert_allclose(snapshot.read(kind, "mass_msun", rows), stored["mass"] * mass, rtol=5e-4)
            np.testing.assert_allclose(
                snapshot.read(kind, "velocity_kms", rows), stored["velocity"] * velocity, rtol=1e-4
            )
    snapshot.close()


@needs_formats
@pytest.mark.parametrize(
    ("name", "convention"),
    [("EAGLE", "gadget"), ("Magneticum", "gadget"), ("IllustrisTNG", "gadget"), ("Colibre", "swift")],
)
def test_conventions_are_what_the_codes_state(name, convention):
    """The exponents of a and h that we assume for silent files are those that these codes write into theirs."""
    names = {
        "length": ("Coordinates",),
        "mass": ("Masses", "Mass"),
        "velocity": ("Velocities", "Velocity"),
        "density": ("Density", "Densities"),
        "energy": ("InternalEnergy", "InternalEnergies"),
    }
    styles = (
        ("aexp-scale-exponent", "h-scale-exponent"),
        ("a-scale exponent", "h-scale exponent"),
        ("a_scaling", "h_scaling"),
    )
    with h5py.File(FORMATS / f"{name}.hdf5") as file:
        for dimension, keys in names.items():
            attributes = next(file["PartType0"][key].attrs for key in keys if key in file["PartType0"])
            stated = next(tuple(float(attributes[k][0]) for k in style) for style in styles if style[0] in attributes)
            assert stated == EXPONENTS[convention][dimension], dimension


@needs_formats
@pytest.mark.parametrize("name", ["MW_galaxy", "swift_GEAR_iso", "auriga_cosmo"])
def test_thinned_snapshots_contradict_their_masses(name):
    with pytest.warns(VirialWarning, match="thinned particles"):
        galaxy = read_galaxy(FORMATS / f"{name}.hdf5")
    assert virial_ratio(galaxy) > 20


@needs_formats
@pytest.mark.parametrize("name", ["cosmo_zoom", "swift_cosmo"])
def test_a_single_star_is_no_galaxy(name):
    with pytest.raises(InputError, match="has 1 star particles; at least 2"):
        read_galaxy(FORMATS / f"{name}.hdf5")


@needs_formats
def test_neutral_gas_of_real_snapshots():
    """HI by what each file allows, between nothing and all hydrogen, cold gas first."""
    expected = {
        "EAGLE": "rahmati2013",
        "IllustrisTNG": "rahmati2013",
        "Magneticum": "rahmati2013",
        "Colibre": "rahmati2013",
        "auriga_cosmo": "rahmati2013",
        "swift_GEAR_iso": "rahmati2013",
        "MW_galaxy": "temperature",
    }
    for name, recipe in expected.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", VirialWarning)
            galaxy = read_galaxy(FORMATS / f"{name}.hdf5")
        assert galaxy.provenance["hi_fraction"] == recipe
        share = galaxy.gas.hi_mass_msun / galaxy.gas.mass_msun
        assert 0 <= share.min() <= share.max() <= 0.77
        hot = galaxy.gas.temperature_K > 1e5
        assert share[hot].max(initial=0) < 1e-3
        assert galaxy.hi_mass_msun > 0


@needs_formats
def test_wind_particles_of_a_real_snapshot_are_no_stars():
    with h5py.File(FORMATS / "IllustrisTNG.hdf5") as file:
        winds = int(np.sum(file["PartType4/GFM_StellarFormationTime"][()] <= 0))
        n_gas = len(file["PartType0/Masses"])
    with pytest.warns(VirialWarning):
        galaxy = read_galaxy(FORMATS / "IllustrisTNG.hdf5")
    assert winds > 0
    assert len(galaxy.stars) == 2000 - winds
    assert len(galaxy.gas) == n_gas + winds


@needs_formats
def test_hi_of_a_chemical_network_is_taken_as_it_is():
    path = FORMATS / "cosmo_zoom.hdf5"
    snapshot = open_snapshot(path, SnapshotConfig())
    rows = np.arange(100, 200)
    with h5py.File(path) as file:
        np.testing.assert_allclose(snapshot.read("gas", "hi_fraction", rows), file["PartType0/HI"][100:200], rtol=1e-6)
    snapshot.close()


@pytest.fixture(scope="module")
def tng(tmp_path_factory):
    specification = importlib.util.spec_from_file_location("tng_to_table", ROOT / "examples" / "tng_to_table.py")
    example = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(example)
    path = tmp_path_factory.mktemp("tng") / "tng394242.hdf5"
    example.convert(TNG, path)
    return path


@needs_tng
def test_the_tng_galaxy_has_its_published_masses(tng):
    """M(<.6, 1, 1.7, 2.4) times the projected half-mass radius along the file's z and y axes, to 2 %."""
    stored = read_table(tng)
    published = {
        View(0.0): (3.98, [1.22e10, 2.77e10, 5.40e10, 8.05e10]),  # along z
        View(90.0): (5.72, [2.23e10, 4.42e10, 8.21e10, 11.8e10]),  # along y
    }
    for view, (radius_kpc, masses) in published.items():
        sky = project(stored, view)
        distance = np.hypot(sky.stars.x_kpc, sky.stars.y_kpc)
        order = np.argsort(distance)
        inside = np.cumsum(stored.stars.mass_msun[order])
        half_mass = distance[order][np.searchsorted(inside, inside[-1] / 2)]
        assert half_mass == pytest.approx(radius_kpc, rel=5e-3)
        found = stored.enclosed_mass(np.array([0.6, 1.0, 1.7, 2.4]) * half_mass)
        np.testing.assert_allclose(found, masses, rtol=0.02)
        stars_alone = stored.enclosed_mass(np.array([0.6, 1.0, 1.7, 2.4]) * half_mass, "stars")
        assert np.all(np.abs(stars_alone / masses - 1) > 0.02)


@needs_tng
def test_the_tng_galaxy_is_in_equilibrium_and_rotates(tng):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        galaxy = read_galaxy(tng)
    assert 0.9 < virial_ratio(galaxy) < 1.1
    assert kappa_co(galaxy) > 0.6
    x, y, z = galaxy.gas.position_kpc.T
    radius = np.hypot(x, y)
    turning = (x * galaxy.gas.velocity_kms[:, 1] - y * galaxy.gas.velocity_kms[:, 0]) / radius
    for inner in (8, 11, 14, 17):
        ring = (radius > inner) & (radius < inner + 3)
        assert 150 < np.average(turning[ring], weights=galaxy.gas.mass_msun[ring]) < 185
        circular = np.sqrt(G * galaxy.enclosed_mass(inner + 1.5) / (inner + 1.5))
        assert np.median(turning[ring & (np.abs(z) < 1)]) == pytest.approx(circular, rel=0.15)
    assert np.linalg.norm(galaxy.stars.position_kpc[galaxy.stars.radius_kpc < 1].mean(axis=0)) < 0.1


@needs_tng
def test_the_tng_galaxy_before_and_after_the_turn_has_the_same_masses(tng):
    stored, own = read_table(tng), read_galaxy(tng)
    r = np.array([3.0, 6.0, 10.0])
    np.testing.assert_allclose(stored.enclosed_mass(r), own.enclosed_mass(r), rtol=0.02)
