"""Every reader of files: sound inputs, how they are broken, and what is done with what is read."""

import bz2
import dataclasses
import functools
import gzip
import json
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from fuzz.bounds import check_galaxy, check_halos, check_hi, check_settings, check_stars, require
from fuzz.mutations import (
    change_bytes,
    change_cards,
    change_floats,
    change_hdf5,
    change_json,
    change_lines,
    change_numbers,
)
from stargas.config import SnapshotConfig
from stargas.storage import sha256_of

SNAPSHOTS = SnapshotConfig(molecular="none")
BINARY = dataclasses.replace(SNAPSHOTS, unit_length_kpc=1.0, unit_mass_msun=1e10, unit_velocity_kms=1.0)

TEXT = (change_bytes, change_numbers, change_numbers, change_lines)
FITS = (change_bytes, change_cards, change_cards, change_floats)
HDF5 = (change_bytes, change_hdf5, change_hdf5, change_hdf5)
JSON = (change_bytes, change_json, change_json, change_json)


@dataclass(frozen=True)
class Reader:
    """One reader.

    Parameters
    ----------
    name
        For the command line.
    make
        Writes sound inputs, each into a folder of its own below the given one.
    mutations
        Which of the `fuzz.mutations` break its files.
    read
        Reads the input in a folder, uses what is read and checks its bounds.
    share
        Of the inputs of a run over all readers: more where an input takes less time.
    broken
        Patterns of the files of an input that are broken, one at a time.
    after
        Called with the folder after a file was broken, to repair what would hide the rest.
    """

    name: str
    make: Callable[[Path], None]
    mutations: tuple[Callable, ...]
    read: Callable[[Path], None]
    share: float
    broken: tuple[str, ...] = ("*",)
    after: Callable[[Path, np.random.Generator], None] = lambda _folder, _rng: None


def only_file(folder):
    """Return the file of an input that has one."""
    (path,) = folder.iterdir()
    return path


def make_stars(suffix, folder):
    from astropy.table import Table
    from stars_for_tests import FORMATS, star_table

    offsets = Table(
        {"x_kpc": np.linspace(-1, 1, 40), "y_kpc": np.tile([-0.5, 0.5], 20), "vlos": star_table(40)["v_los"]}
    )
    with_units = star_table(40, interlopers=10)
    for name, unit in (("ra", "deg"), ("dec", "deg"), ("v_los", "m/s"), ("v_los_error", "m/s")):
        with_units[name].unit = unit
    with_units["v_los"] *= 1e3
    with_units["v_los_error"] *= 1e3
    sexagesimal = star_table(40)
    for name in ("ra", "dec"):
        degrees = np.asarray(sexagesimal[name]) / (15 if name == "ra" else 1)
        sexagesimal.replace_column(name, [f"{int(one)}:{abs(one) % 1 * 60:.6f}" for one in degrees])
    kinds = {**FORMATS, ".txt": "ascii.commented_header"}
    tables = [star_table(40), offsets, sexagesimal]
    if suffix not in (".csv", ".txt"):  # which state no units
        tables.append(with_units)
    for number, table in enumerate(tables):
        (folder / str(number)).mkdir()
        table.write(folder / str(number) / f"stars{suffix}", format=kinds[suffix])


def read_stars(folder):
    from stargas.observed.catalogue import read_stars
    from stargas.observed.stars import observe_stars

    stars = observe_stars(read_stars(only_file(folder)), 100.0)
    stars.sky_galaxy()
    check_stars(stars)


def make_cubes(folder):
    from astropy.io import fits
    from cube_files import SETTINGS, disc_cube, header_of, in_jy_per_beam

    config = dataclasses.replace(SETTINGS, n_pixels=8, n_channels=12)
    flux = in_jy_per_beam(disc_cube(config, v_rot_kms=20.0, n=500)[0]).astype(np.float32)
    for number, axis in enumerate(("radio", "optical", "frequency")):
        (folder / str(number)).mkdir()
        data = flux[None] if axis == "optical" else flux
        hdus = fits.HDUList([fits.PrimaryHDU(data, header_of(flux.shape, axis=axis))])
        if axis == "frequency":
            for name in ("BMAJ", "BMIN", "BPA"):
                del hdus[0].header[name]
            columns = [("BMAJ", "arcsec", 120.0), ("BMIN", "arcsec", 120.0), ("BPA", "deg", 0.0), ("CHAN", None, None)]
            beams = [
                fits.Column(
                    name, "1J" if value is None else "1E", unit, array=np.arange(12) if value is None else [value] * 12
                )
                for name, unit, value in columns
            ]
            hdus.append(fits.BinTableHDU.from_columns(beams, name="BEAMS"))
        hdus.writeto(folder / str(number) / "cube.fits")
    for number, pack in ((3, gzip.compress), (4, bz2.compress)):
        (folder / str(number)).mkdir()
        (folder / str(number) / "cube.fits").write_bytes(pack((folder / "0" / "cube.fits").read_bytes()))


def read_cube(folder):
    from cube_files import DISTANCE_KPC

    from stargas.observed.cube import read_cube
    from stargas.observed.hi import observe_hi

    seen = observe_hi(read_cube(only_file(folder)), DISTANCE_KPC)
    seen.measure()
    check_hi(seen)


def make_moments(folder):
    from astropy.io import fits
    from cube_files import header_of

    header = header_of((3, 12, 12))
    for name in ("CTYPE3", "CRVAL3", "CDELT3", "CUNIT3", "CRPIX3"):
        del header[name]
    y, x = np.mgrid[:12, :12] - 5.5
    inside = np.hypot(x, y) < 4.5
    maps = {"0": (10.0 - np.hypot(x, y), "cm-2"), "1": (1500.0 + 5 * x, "km/s"), "2": (8.0 + 0 * x, "km/s")}
    for number, unit in enumerate(("Jy/beam km/s", "K km/s", "cm-2")):
        (folder / str(number)).mkdir()
        for name, (values, own) in maps.items():
            scale = 1e20 if name == "0" and unit == "cm-2" else 1.0
            header["BUNIT"] = unit if name == "0" else own
            data = np.where(inside, scale * values, np.nan).astype(np.float32)
            fits.PrimaryHDU(data, header).writeto(folder / str(number) / f"moment{name}.fits")


def read_moments(folder):
    from stargas.observed.hi import observe_hi
    from stargas.observed.moment_files import read_moments

    seen = observe_hi(read_moments(*(folder / f"moment{k}.fits" for k in range(3))), 1000.0)
    seen.measure()
    check_hi(seen)


@functools.cache
def small_galaxy():
    from snapshot_writers import galaxy_of_particles

    return galaxy_of_particles(120, 60, 70)


def use(galaxy):
    """Check the bounds of a galaxy and make a sample of it, as a build does."""
    from sources_for_tests import TINY

    from stargas.sample import make_sample
    from stargas.sky.projection import project
    from stargas.sky.view import View

    check_galaxy(galaxy)
    if len(galaxy.stars) < TINY.min_stars:
        return
    sample = make_sample(project(galaxy, View(60.0)), np.random.default_rng(0), TINY)
    for name in ("maps", "scalars", "r_kpc", "log10_mass"):
        require(np.isfinite(getattr(sample, name)), f"{name} of the sample")


def make_tables(folder):
    from stargas.galaxy import Galaxy, MassProfile
    from stargas.simulations.particle_table import write_galaxy

    galaxy = small_galaxy()
    profile = Galaxy("profile", galaxy.stars, None, MassProfile(np.array([1.0, 10.0]), np.array([1e8, 1e9])))
    for number, (one, own_frame) in enumerate(((galaxy, False), (galaxy, True), (profile, True))):
        (folder / str(number)).mkdir()
        write_galaxy(one, folder / str(number) / "galaxy.hdf5", own_frame=own_frame)


def read_table(folder):
    from stargas.simulations.files import read_galaxy

    use(read_galaxy(only_file(folder)))


def make_snapshot(family, folder):
    from snapshot_writers import write_hdf5

    (folder / "0").mkdir()
    write_hdf5(folder / "0" / "snapshot.hdf5", small_galaxy(), family)


def make_binary(folder):
    from gadget_binary_writer import write_gadget_binary
    from snapshot_writers import write_hdf5

    write_hdf5(folder / "source.hdf5", small_galaxy(), "gadget")
    for number, (named, order) in enumerate(((True, "<"), (False, "<"), (True, ">"))):
        (folder / str(number)).mkdir()
        write_gadget_binary(folder / str(number) / "snapshot", folder / "source.hdf5", named=named, order=order)
    (folder / "source.hdf5").unlink()


def read_snapshot(config, folder):
    from snapshot_writers import CENTER_KPC

    from stargas.simulations.snapshots import read_snapshot_galaxy

    use(read_snapshot_galaxy(only_file(folder), center_kpc=CENTER_KPC, radius_kpc=100.0, config=config))


def make_tipsy(folder):
    from snapshot_writers import write_tipsy

    write_tipsy(folder / "0", small_galaxy())


def read_tipsy(folder):
    from snapshot_writers import TIPSY_CENTER_KPC

    from stargas.simulations.snapshots import read_snapshot_galaxy

    path = folder / "run.00100"
    use(read_snapshot_galaxy(path, center_kpc=TIPSY_CENTER_KPC, radius_kpc=100.0, config=SNAPSHOTS))


AHF = """#ID(1)\thostHalo(2)\tMhalo(4)\tXc(6)\tYc(7)\tZc(8)\tRhalo(12)\tfMhires(38)\tn_star(64)
11\t0\t1e11\t1000.0\t2000.0\t3000.0\t100.0\t1.0\t5000
12\t11\t1e10\t1050.0\t2000.0\t3000.0\t40.0\t0.9\t800
13\t12\t1e9\t1060.0\t2000.0\t3000.0\t10.0\t1.0\t300
"""


def make_ahf(folder):
    for number, text in enumerate(
        (AHF, AHF.replace("Mhalo", "Mvir").replace("Rhalo", "Rvir"), AHF + AHF.replace("\n1", "\n2"))
    ):
        (folder / str(number)).mkdir()
        (folder / str(number) / "run.z0.000.AHF_halos").write_text(text)


def make_subfind(folder):
    (folder / "0").mkdir()
    with h5py.File(folder / "0" / "fof_subhalo_tab_099.hdf5", "w") as file:
        file.create_group("Header").attrs["NumFiles"] = 1
        file["Group/GroupFirstSub"] = np.array([0, 3])
        file["Subhalo/SubhaloPos"] = np.array([[1.0, 2, 3], [1.1, 2, 3], [1.2, 2, 3], [5, 5, 5]])
        file["Subhalo/SubhaloMass"] = np.array([10.0, 1, 0.1, 5])
        file["Subhalo/SubhaloGrNr"] = np.array([0, 0, 0, 1])
        file["Subhalo/SubhaloLenType"] = np.tile([0, 0, 0, 0, 1000, 0], (4, 1))


HALOS = """id,x_kpc,y_kpc,z_kpc,radius_kpc,host_id,is_satellite
1,1,2,3,20,1,false
2,5,6,7,8,1,true
3,50,60,70,8,-1,false
"""


def make_halo_tables(folder):
    for number in range(3):
        (folder / str(number)).mkdir()
    (folder / "0" / "halos.csv").write_text(HALOS)
    (folder / "1" / "halos.txt").write_text(HALOS.replace(",", " "))
    from astropy.table import Table

    Table.read(HALOS.splitlines(), format="ascii.csv").write(folder / "2" / "halos.ecsv", format="ascii.ecsv")


@functools.cache
def open_sound_snapshot(folder):
    from snapshot_writers import write_hdf5

    from stargas.simulations.snapshots import open_snapshot

    path = folder / "sound.hdf5"
    write_hdf5(path, small_galaxy(), "gadget")
    return open_snapshot(path, SNAPSHOTS)


def read_halos(folder):
    from stargas.simulations.halos import read_halos

    check_halos(read_halos(only_file(folder), open_sound_snapshot(folder.parent), SNAPSHOTS))


def make_models(folder):
    from models_for_tests import untrained
    from toy import toy_dataset

    from stargas.model.files import save_model

    data = toy_dataset(n_galaxies=20, n_views=2)
    for number, fields in enumerate(
        ({}, {"tracers": "any", "network": "residual", "features": True, "baseline": "scalars"}, {"flow": "spline"})
    ):
        save_model(untrained(data, **fields), folder / str(number))


@functools.cache
def toy_samples():
    from toy import toy_dataset

    return list(toy_dataset(n_galaxies=3, n_views=1))


def read_model(folder):
    from stargas.model.files import load_model

    model = load_model(folder)
    if not (folder / "forged").exists():
        draws = model.sample(toy_samples(), n=8, seed=0)
        require(np.isfinite(draws) & (np.abs(draws) <= 30), "draws of log10 M")


def state_checksum(folder, rng):
    """State the checksum of changed weights in half of the inputs, so that what is behind it is reached."""
    (folder / "forged").unlink(missing_ok=True)
    try:
        described = json.loads((folder / "model.json").read_bytes())
        weights = (folder / "model.safetensors").read_bytes()
        if described["weights_sha256"] != sha256_of(weights) and rng.random() < 0.5:
            described["weights_sha256"] = sha256_of(weights)
            (folder / "model.json").write_text(json.dumps(described))
            (folder / "forged").touch()  # no one can tell what the weights should be
    except (ValueError, KeyError, TypeError):
        return


def make_validity(folder):
    from stargas.pretrained import FOLDER

    (folder / "0").mkdir()
    for name in ("model.json", "validity.safetensors"):
        shutil.copy(FOLDER / name, folder / "0" / name)


def read_validity(folder):
    from stargas.validity.reference import load_validity

    load_validity(folder)


def make_data_sets(folder):
    from dataset_for_tests import build
    from sources_for_tests import AnalyticSource

    build(folder / "0", AnalyticSource(5))


def read_data_set(folder):
    from stargas.dataset.store import open_dataset

    for check_sums in (False, True):
        data = open_dataset(folder, check_sums=check_sums)
        batch = data.batch(slice(0, 3))
        require(len(batch.maps) == min(3, len(data)), "a batch of other samples")
        if len(data):
            data[0]


def make_shown(folder):
    make_models(folder)
    make_data_sets(folder / "data")
    (folder / "data" / "0").rename(folder / "3")
    (folder / "data").rmdir()


def show(folder):
    from rich.console import Console

    from stargas.cli.show import describe

    with (folder.parent / "shown").open("w") as file:
        Console(file=file).print(describe(folder))


BLOCKS = """data:
  views: {n_views: 3, position_angle: random}
  stars: {n_pixels: 32, xy_limit: 0.5, bandwidth: scott, min_stars: 30}
  gas: {n_pixels: 32, half_width: 2.0, channel_width_kms: 5.0, n_channels: 64, line_width_kms: null, distance_mpc: 1.0}
  truth: {radii: [0.6, 1.0, 2.4]}
  degradation: {share: 0.5, min_stars: 30, beam_pixels: 8.0}
  galaxies_per_shard: 64
model:
  tracers: any
  network: residual
  residual: {filters: [8, 16], width: 256, n_blocks: 3, ensemble_size: 2}
  convolutional: {filters: [8, 16], dense: [128, 64], kernel_size: 3}
  maf: {transforms: 4, hidden: [64, 64]}
training: {batch_size: 128, epochs: 20, learning_rate: 2.0e-3}
local: {workers: 2, memory_gb: 4.0}
snapshots: {star_types: [4], unit_length_kpc: 1.0, radius_fraction: 0.2}
observation: {distance_kpc: 100.0, center: [10.0, -5.0], R_hl_kpc: 1.0, n_realizations: 16}
"""

OLD_BLOCKS = """data: {effects: {share: 0.5, least_limit_cm2: 1.0e19}, truth: {n_radii: 10, r_min: 0.6, r_max: 2.4}}
model: {design: fusion, dense: [64, 64], members: 3, flow_transforms: 4, flow_hidden: [64], numbers: true}
training: {all_tracers: 0.5, auxiliary: 0.1}
"""


def make_settings(text, folder):
    (folder / "0").mkdir()
    (folder / "0" / "settings.yaml").write_text(text)


def read_settings(folder):
    from stargas.cli.settings import UsageError, read_settings
    from stargas.errors import InputError

    try:
        settings = read_settings(["--config", str(only_file(folder))])
    except UsageError as error:  # the command line prints it as it does other errors of the user
        raise InputError(str(error)) from error
    for block in settings:
        if type(block).__name__ != "ObservationConfig":  # which is checked where it is used
            check_settings(block)


def convert_settings(folder):
    from stargas.model.conversion import convert_settings_file

    new = folder.parent / "new.yaml"
    new.unlink(missing_ok=True)
    convert_settings_file(only_file(folder), new)


def partial(function, *arguments):
    """Return a function with its first arguments given, which a child process can import."""
    return functools.partial(function, *arguments)


READERS = {
    reader.name: reader
    for reader in (
        *(
            Reader(f"stars{suffix}", partial(make_stars, suffix), mutations, read_stars, share)
            for suffix, mutations, share in (
                (".csv", TEXT, 8),
                (".ecsv", TEXT, 8),
                (".txt", TEXT, 8),
                (".vot", TEXT, 6),
                (".fits", FITS, 8),
            )
        ),
        Reader("cube", make_cubes, FITS, read_cube, 12),
        Reader("moments", make_moments, FITS, read_moments, 4),
        Reader("particle-table", make_tables, HDF5, read_table, 3),
        *(
            Reader(f"snapshot-{family}", partial(make_snapshot, family), HDF5, partial(read_snapshot, SNAPSHOTS), 1.5)
            for family in ("gadget", "arepo", "eagle", "swift")
        ),
        Reader("gadget-binary", make_binary, (change_bytes, change_floats), partial(read_snapshot, BINARY), 2.5),
        Reader("tipsy", make_tipsy, (*TEXT, change_floats, change_floats), read_tipsy, 0.8),
        Reader("ahf", make_ahf, TEXT, read_halos, 12),
        Reader("subfind", make_subfind, HDF5, read_halos, 8),
        Reader("halo-table", make_halo_tables, TEXT, read_halos, 12),
        Reader("model", make_models, (*JSON, change_floats), read_model, 1.2, ("model.*",), state_checksum),
        Reader(
            "validity", make_validity, (change_bytes, change_floats, change_numbers), read_validity, 0.8, ("valid*",)
        ),
        Reader("data-set", make_data_sets, (*JSON, change_floats), read_data_set, 1, ("**/*.*",)),
        Reader("show", make_shown, (*JSON, *TEXT), show, 1, ("*.json", "*.ecsv")),
        Reader("settings", partial(make_settings, BLOCKS), TEXT, read_settings, 0.8),
        Reader("old-settings", partial(make_settings, OLD_BLOCKS), TEXT, convert_settings, 4),
    )
}


def read_quietly(reader, folder):
    """Read an input without its warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reader.read(folder)
