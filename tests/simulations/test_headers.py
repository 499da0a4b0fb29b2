"""What a snapshot states is used, what it does not state is asked for, what is assumed is said."""

import contextlib
import dataclasses
import fcntl
import warnings

import astropy.units as u
import h5py
import numpy as np
import pytest
from snapshot_writers import BOX_KPC, CENTER_KPC, FAMILIES, galaxy_of_particles, write_hdf5

from stargas.config import SnapshotConfig
from stargas.errors import AssumptionWarning, DamagedFileError, InputError
from stargas.simulations.kernels import KERNELS
from stargas.simulations.snapshots import open_snapshot, read_snapshot_galaxy

CONFIG = SnapshotConfig(molecular="none")


@pytest.fixture(scope="module")
def galaxy():
    return galaxy_of_particles(400, 300, 500)


@pytest.fixture
def gadget(galaxy, tmp_path):
    write_hdf5(tmp_path / "gadget.hdf5", galaxy, "gadget")
    return tmp_path / "gadget.hdf5"


@pytest.fixture
def swift(galaxy, tmp_path):
    write_hdf5(tmp_path / "swift.hdf5", galaxy, "swift")
    return tmp_path / "swift.hdf5"


def change(path, removed=(), group="Header", **attributes):
    with h5py.File(path, "a") as file:
        header = file[group].attrs
        for name in removed:
            del header[name]
        for name, value in attributes.items():
            header[name] = value


def read(path, config=CONFIG):
    return read_snapshot_galaxy(path, center_kpc=CENTER_KPC, radius_kpc=100.0, config=config)


def test_gizmo_headers_since_2020_are_periodic(gadget):
    """They say Omega_Matter and ComovingIntegrationOn, where older ones say Omega0."""
    expected = read(gadget)
    change(gadget, ["Omega0"], Omega_Matter=0.3, ComovingIntegrationOn=1)
    found = read(gadget)
    assert len(found.stars) == len(expected.stars)
    assert found.stellar_mass_msun == pytest.approx(expected.stellar_mass_msun)
    change(gadget, ["Omega_Matter"])
    assert open_snapshot(gadget, CONFIG).box_kpc == pytest.approx(BOX_KPC)


def test_a_redshift_above_0_says_that_a_run_expands(gadget):
    change(gadget, ["Omega0"])
    assert open_snapshot(gadget, CONFIG).box_kpc == pytest.approx(BOX_KPC)


def test_a_run_without_expansion_needs_no_redshift(gadget):
    change(gadget, ["Redshift"], Omega0=0.0, Time=1.7)
    with pytest.warns(AssumptionWarning, match="assumed redshift 0, as of a run that does not expand"):
        snapshot = open_snapshot(gadget, CONFIG)
    assert (snapshot.redshift, snapshot.box_kpc) == (0.0, None)
    assert open_snapshot(gadget, dataclasses.replace(CONFIG, redshift=0.0)).redshift == 0
    with pytest.warns(AssumptionWarning):
        found = read_snapshot_galaxy(gadget, config=CONFIG)
    assert "redshift 0" in found.provenance["assumed"]


@pytest.mark.parametrize("attributes", [{"BoxSize": 0.0}, {"Time": 1.7}, {"Time": 0.0}])
def test_what_no_expanding_run_has_says_so_too(gadget, attributes):
    """Neither a density of matter nor a redshift is stated, but there is no box, or a time that is no scale factor."""
    change(gadget, ["Omega0", "Redshift"], **attributes)
    with pytest.warns(AssumptionWarning, match="as of a run that does not expand"):
        assert open_snapshot(gadget, CONFIG).redshift == 0


def test_what_is_not_stated_is_asked_for(gadget):
    change(gadget, ["Redshift"])
    assert open_snapshot(gadget, CONFIG).redshift == pytest.approx(0.25)  # of the scale factor
    change(gadget, ["Time"])
    with pytest.raises(InputError, match=r"states no redshift: give it as the setting snapshots\.redshift"):
        open_snapshot(gadget, CONFIG)
    assert open_snapshot(gadget, dataclasses.replace(CONFIG, redshift=0.25)).redshift == 0.25
    change(gadget, ["HubbleParam"], Redshift=0.25)
    with pytest.raises(InputError, match="states no HubbleParam"):
        open_snapshot(gadget, CONFIG)
    change(gadget, ["Omega0"], Redshift=0.0)
    with pytest.warns(AssumptionWarning, match="without factors of h"):
        open_snapshot(gadget, CONFIG)


def test_what_contradicts_itself_is_refused(gadget):
    change(gadget, Redshift=0.0)
    with pytest.raises(InputError, match=r"Redshift = 0 and Time = 0\.8, which is that of redshift 0\.25"):
        open_snapshot(gadget, CONFIG)
    assert open_snapshot(gadget, dataclasses.replace(CONFIG, redshift=0.25)).redshift == 0.25
    change(gadget, Redshift=0.25, ComovingIntegrationOn=0)
    with pytest.raises(InputError, match=r"Redshift = 0\.25 but says that its run does not expand"):
        open_snapshot(gadget, CONFIG)
    change(gadget, ["ComovingIntegrationOn"])
    with pytest.raises(InputError, match="states a unit of length of 1, the setting unit_length_kpc is 1000"):
        read(gadget, dataclasses.replace(CONFIG, unit_length_kpc=1000.0))
    read(gadget, dataclasses.replace(CONFIG, unit_length_kpc=1.001))


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"HubbleParam": np.array([])}, "HubbleParam = .* expected a finite number"),
        ({"HubbleParam": "none"}, "HubbleParam = .* expected a finite number"),
        ({"HubbleParam": 70.0}, "HubbleParam = 70, expected H0"),
        ({"Redshift": -0.5, "Time": 2.0}, "has the redshift -0.5, expected 0 to 100"),
        ({"Redshift": np.nan}, "Redshift = .*nan.* expected a finite number"),
        ({"Redshift": 1e6, "Time": 1e-6}, "has the redshift 1e.06, expected 0 to 100"),
        ({"UnitLength_in_cm": 0.0}, "impossible unit of length"),
        ({"BoxSize": [1.0, 2.0, 3.0]}, "box of unequal sides"),
    ],
)
def test_values_that_cannot_be_are_refused(gadget, attributes, message):
    change(gadget, **attributes)
    with pytest.raises(InputError, match=message):
        read(gadget)


def test_values_of_swift_that_are_stored_as_physical_take_no_scale_factor(swift):
    expected = read(swift)
    a = 1 / 1.25
    with h5py.File(swift, "a") as file:
        for kind in ("PartType0", "PartType1", "PartType4"):
            data = file[f"{kind}/Coordinates"]
            unit = FAMILIES["swift"].kpc * 3.0856775814913673e21
            data.attrs["Conversion factor to CGS (not including cosmological corrections)"] = [unit]
            data.attrs["a-scale exponent"], data.attrs["h-scale exponent"] = [1.0], [0.0]
    assert np.median(read(swift).stars.radius_kpc) == pytest.approx(np.median(expected.stars.radius_kpc))
    with h5py.File(swift, "a") as file:
        for kind in ("PartType0", "PartType1", "PartType4"):
            data = file[f"{kind}/Coordinates"]
            data[...] = data[...] * a
            data.attrs["Value stored as physical"] = [1]
    found = read(swift)
    np.testing.assert_allclose(found.stars.position_kpc, expected.stars.position_kpc, atol=1e-6)
    assert open_snapshot(swift, CONFIG).box_kpc == pytest.approx(BOX_KPC)


def test_masses_of_shape_n_1_are_masses(gadget):
    expected = read(gadget)
    with h5py.File(gadget, "a") as file:
        masses = file["PartType4/Masses"][()]
        del file["PartType4/Masses"]
        file["PartType4/Masses"] = masses[:, None]
    assert read(gadget).stellar_mass_msun == pytest.approx(expected.stellar_mass_msun)


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("PartType4/Masses", np.ones((400, 2)), r"Masses has the shape \(400, 2\)"),
        ("PartType4/Masses", np.ones(399), r"Masses has the shape \(399,\)"),
        ("PartType4/Masses", np.full(400, -1.0), "400 masses of the stars are negative"),
        ("PartType4/Masses", np.full(400, np.nan), r"mass_msun of the stars has \d+ values that are not finite"),
        ("PartType4/Masses", np.full(400, b"heavy"), "the type"),
        ("PartType4/Masses", np.full(400, 1 + 2j), "the type complex128"),
        ("PartType4/Masses", np.full(400, 1e9), "the stars weigh"),
        ("PartType4/Velocities", np.full((400, 3), 1e9) * np.arange(400)[:, None], "the stars move with"),
        ("PartType4/Velocities", np.ones((400, 2)), r"Velocities has the shape \(400, 2\)"),
        ("PartType0/NeutralHydrogenAbundance", np.full(300, 8000.0), "neutral_fraction of the gas runs"),
        ("PartType0/SmoothingLength", np.zeros((300, 3)), "SmoothingLength has the shape"),
    ],
)
def test_fields_that_cannot_be_are_refused(gadget, name, values, message):
    with h5py.File(gadget, "a") as file:
        del file[name]
        file[name] = values
    with pytest.raises((InputError, DamagedFileError), match=message):
        read(gadget)


def test_particles_without_positions_are_refused_and_tracers_passed_over(gadget):
    with h5py.File(gadget, "a") as file:
        file["PartType3/TracerID"] = np.arange(5)
    expected = read(gadget)
    with h5py.File(gadget, "a") as file:
        del file["PartType1/Coordinates"]
    with pytest.raises(InputError, match="PartType1 has no Coordinates"):
        read(gadget)
    assert len(expected.dark) > 0


def test_a_data_set_that_declares_more_than_is_stored_is_refused(gadget):
    with h5py.File(gadget, "a") as file:
        del file["PartType4/Masses"]
        file.create_dataset("PartType4/Masses", (10**11,), dtype="f8", chunks=(1000,))
    with pytest.raises(DamagedFileError, match=r"declares 8e.11 bytes and stores"):
        read(gadget)


@pytest.mark.parametrize(
    "make",
    [
        lambda file, name: file.__setitem__(name, h5py.SoftLink(name)),
        lambda file, name: file.__setitem__(name, h5py.SoftLink("/nowhere")),
        lambda file, name: file.__setitem__(name, h5py.ExternalLink("nowhere.hdf5", "/x")),
        lambda file, name: file.create_group(name),
        lambda file, name: file.__setitem__(name, h5py.Empty("f8")),
        lambda file, name: file.__setitem__(name, 5.0),
        lambda file, name: file.create_dataset(name, (400,), dtype=h5py.vlen_dtype(float)),
        lambda file, name: file.create_dataset(name, (400,), dtype=[("a", "f8"), ("b", "i4")]),
        lambda file, name: file.create_dataset(name, (400,), dtype=h5py.ref_dtype),
        lambda file, name: file.create_dataset(name, (400,), dtype=bool),
    ],
    ids=["loop", "dangling", "external", "group", "empty", "scalar", "ragged", "compound", "references", "bools"],
)
@pytest.mark.parametrize("name", ["PartType4/Coordinates", "PartType4/Masses", "PartType4/Velocities"])
def test_what_is_no_array_of_numbers_is_one_sentence(gadget, make, name):
    with h5py.File(gadget, "a") as file:
        del file[name]
        make(file, name)
    with pytest.raises((InputError, DamagedFileError), match=r"gadget\.hdf5"):
        read(gadget)


@pytest.mark.parametrize("value", [h5py.Empty("f8"), np.zeros((2, 2)), "0.25", np.array([b"x"]), np.bytes_(b""), 1e300])
@pytest.mark.parametrize("name", ["Redshift", "MassTable", "BoxSize", "NumFilesPerSnapshot", "UnitMass_in_g", "Omega0"])
def test_attributes_of_any_type_are_used_or_one_sentence(gadget, name, value):
    change(gadget, **{name: value})
    with contextlib.suppress(InputError, DamagedFileError), warnings.catch_warnings():
        warnings.simplefilter("ignore", AssumptionWarning)
        read(gadget)


def test_a_file_that_another_program_locks_is_read(gadget):
    with gadget.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        snapshot = open_snapshot(gadget, CONFIG)
        assert len(read(gadget).stars) == snapshot.count("stars")
        snapshot.close()
    with h5py.File(gadget):  # by this program, with a lock
        assert len(read(gadget).stars) > 0


def test_a_box_in_another_unit_than_the_positions_is_refused(gadget):
    """Folded into a box of 8 kpc, far particles would lie in the galaxy."""
    change(gadget, BoxSize=BOX_KPC / FAMILIES["gadget"].length / 1000)
    with pytest.raises(InputError, match=r"positions reach over .* kpc, but its box is 8 kpc wide: correct BoxSize"):
        read(gadget)


def test_units_that_were_never_set_are_refused(gadget):
    change(gadget, UnitLength_in_cm=1.0, UnitMass_in_g=1.0, UnitVelocity_in_cm_per_s=1.0)
    with pytest.raises(InputError, match="the stars weigh"):
        read_snapshot_galaxy(gadget, config=CONFIG)
    change(gadget, UnitMass_in_g=1.989e43)
    with pytest.raises(InputError, match="half of the stars lie within"):
        read_snapshot_galaxy(gadget, config=CONFIG)


@pytest.mark.parametrize(("number", "name"), [(3, "Cubic spline (M4)"), (5, "Quintic spline (M6)"), (7, "Wendland C4")])
def test_the_kernel_that_gizmo_states_sets_the_size_of_gas(gadget, number, name):
    expected = read(gadget).gas.hsm_kpc * KERNELS[name][1] / KERNELS["Cubic spline (M4)"][1]
    change(gadget, Kernel_Function_ID=number)
    np.testing.assert_allclose(read(gadget).gas.hsm_kpc, expected)
    change(gadget, Kernel_Function_ID=1)
    with pytest.raises(InputError, match="unknown Kernel_Function_ID 1, known are 3, 4, 5, 6, 7"):
        read(gadget)


def test_types_2_and_3_of_an_isolated_galaxy_are_said_to_be_dark(gadget):
    """They hold the stars of disk and bulge in many of them."""
    change(gadget, ["Redshift"], Omega0=0.0)
    with h5py.File(gadget, "a") as file:
        file.copy("PartType4", "PartType2")
    config = dataclasses.replace(CONFIG, redshift=0.0)
    with pytest.warns(
        AssumptionWarning, match=r"assumed dark matter of low resolution in type 2 .snapshots\.star_types"
    ):
        assert open_snapshot(gadget, config).count("stars") == 400
    stars = dataclasses.replace(config, star_types=(2, 4))
    assert open_snapshot(gadget, stars).count("stars") == 800


def test_a_run_that_expands_and_states_no_box_is_said_not_to_be_periodic(gadget):
    whole = len(read(gadget).stars)
    change(gadget, ["BoxSize"])
    with pytest.warns(AssumptionWarning, match="assumed no periodic box, as no BoxSize is stated"):
        assert len(read(gadget).stars) < whole  # the galaxy lies across the edges


def rewrite(path, name, changed):
    with h5py.File(path, "a") as file:
        values, attributes = changed(file[name][()]), dict(file[name].attrs)
        del file[name]
        file[name] = values
        file[name].attrs.update(attributes)


@pytest.mark.parametrize("kind", ["f2", "i4"])
def test_coarse_positions_are_refused(gadget, kind):
    """Of half precision, half of a galaxy's stars came out within half of their radius."""
    rewrite(gadget, "PartType4/Coordinates", lambda values: values.astype(kind))
    with pytest.raises(InputError, match="too coarse for a galaxy in a box"):
        read(gadget)


def test_positions_in_two_units_are_refused(galaxy, tmp_path):
    """The galaxy came out without its dark matter."""
    path = tmp_path / "eagle.hdf5"
    write_hdf5(path, galaxy, "eagle")
    with h5py.File(path, "a") as file:
        file["PartType1/Coordinates"].attrs["CGSConversionFactor"] /= 1000
    with pytest.raises(InputError, match=r"the unit of /PartType\d/Coordinates is 1e\+03 times that of /PartType1"):
        read(path)


@pytest.mark.parametrize(
    ("family", "name", "changed", "words"),
    [
        (
            "arepo",
            "PartType0/GFM_Metals",
            lambda values: 0.02 + 0 * values[:, 0],
            "fraction of hydrogen of 0.02 or less",
        ),
        ("arepo", "PartType0/GFM_Metals", lambda values: values[:, ::-1], "is it one of metals or helium"),
        ("eagle", "PartType0/Temperature", lambda values: 0 * values, "has a temperature or energy of 0"),
        ("gadget", "PartType0/InternalEnergy", lambda values: 0 * values, "has a temperature or energy of 0"),
        ("gadget", "PartType0/SmoothingLength", lambda values: 0 * values, "half of the gas has a size of 0"),
        (
            "gadget",
            "PartType4/Velocities",
            lambda values: values[:1] + (values - values[:1]) / 1e4,
            "half of the stars move with less than",
        ),
    ],
)
def test_fields_of_another_meaning_or_of_zeros_are_refused(galaxy, tmp_path, family, name, changed, words):
    path = tmp_path / "snapshot.hdf5"
    write_hdf5(path, galaxy, family)
    rewrite(path, name, changed)
    with pytest.raises(InputError, match=words):
        read(path)


def test_center_and_radius_may_be_quantities_and_nothing_else(gadget):
    expected = read(gadget)
    found = read_snapshot_galaxy(gadget, center_kpc=CENTER_KPC / 1e3 * u.Mpc, radius_kpc=1e5 * u.pc, config=CONFIG)
    np.testing.assert_array_equal(found.stars.mass_msun, expected.stars.mass_msun)
    for center, radius, words in (
        (CENTER_KPC, np.nan, "radius_kpc must be positive"),
        (CENTER_KPC, 0.0, "radius_kpc must be positive"),
        (CENTER_KPC[:2], 100.0, "center_kpc must be three finite numbers"),
        ([np.nan, 1.0, 1.0], 100.0, "center_kpc must be three finite numbers"),
    ):
        with pytest.raises(InputError, match=words):
            read_snapshot_galaxy(gadget, center_kpc=center, radius_kpc=radius, config=CONFIG)
