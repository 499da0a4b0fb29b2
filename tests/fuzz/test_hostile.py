"""Files that are made to keep a reader busy, or to fill the memory: each ends within a second or two, in a sentence."""

import base64
import dataclasses
import gzip
import io
import struct

import h5py
import numpy as np
import pytest
from astropy.io import fits
from cube_files import SETTINGS, disc_cube, header_of, in_jy_per_beam
from stars_for_tests import star_table

from fuzz import trial
from fuzz.readers import READERS

N = 40
ENDLESS = "10**9999999999"


@pytest.fixture(autouse=True)
def within_seconds(monkeypatch):
    monkeypatch.setattr(trial, "SECONDS", 8.0)
    monkeypatch.setattr(trial, "MEMORY_BYTES", 300_000_000)


def judge(reader, folder, name, content):
    """Read a file as one reader does, and return the sentence that refuses it; empty if it is read."""
    (folder / "input").mkdir()
    (folder / "input" / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    outcome = trial.judged(READERS[reader], folder / "input")
    assert not outcome.is_fault, outcome
    return outcome.text


def votable(fields='<FIELD name="a" datatype="double"/>', data="", attributes="", head=""):
    return (
        f'<?xml version="1.0"?>{head}<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE>'
        f"<TABLE {attributes}>{fields}<DATA>{data}</DATA></TABLE></RESOURCE></VOTABLE>"
    )


def columns(**attributes):
    extra = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return "".join(f'<FIELD name="{name}" datatype="double"{extra}/>' for name in ("ra", "dec", "v_los"))


def binary(*parts, format_="BINARY"):
    return f'<{format_}><STREAM encoding="base64">{base64.b64encode(b"".join(parts)).decode()}</STREAM></{format_}>'


LAUGHS = "".join(f'<!ENTITY l{k} "{f"&l{k - 1};" * 10}">' for k in range(1, 12))
ROW = "<TR><TD>1</TD><TD>2</TD><TD>3</TD></TR>"

VOTABLES = {
    "array": votable(columns(arraysize="99999999")),
    "array of two axes": votable(columns(arraysize="9999x9999")),
    "array without end": votable(columns(arraysize="*"), f"<TABLEDATA>{ROW * 40}</TABLEDATA>"),
    "array in a stream": votable(columns(arraysize="*"), binary(struct.pack(">i", 2**31 - 1), bytes(100))),
    "rows": votable(columns(), f"<TABLEDATA>{ROW}</TABLEDATA>", 'nrows="999999999999"'),
    "rows in a stream": votable(columns(), binary(bytes(24 * 40)), 'nrows="9999999999"'),
    "unit": votable(columns(unit=ENDLESS), f"<TABLEDATA>{ROW * 40}</TABLEDATA>"),
    "unit of digits": votable(columns(unit="m99999999999"), f"<TABLEDATA>{ROW * 40}</TABLEDATA>"),
    "entities": votable(
        columns(), "<TABLEDATA><TR><TD>&l11;</TD></TR></TABLEDATA>", head=f"<!DOCTYPE v [<!ENTITY l0 'ha'>{LAUGHS}]>"
    ),
    "another file": votable(columns(), '<BINARY><STREAM href="file:///dev/zero"/></BINARY>'),
    "depth": votable("<GROUP>" * 20_000 + "</GROUP>" * 20_000),
    "fields": votable('<FIELD name="a" datatype="double"/>' * 100_000),
    "resources": "<VOTABLE>" + "<RESOURCE>" * 20_000,
    "precision": votable(columns(precision="E999999999", width="999999999"), f"<TABLEDATA>{ROW * 40}</TABLEDATA>"),
    "digits": votable(columns(), f"<TABLEDATA><TR><TD>{'9' * 1_000_000}</TD></TR></TABLEDATA>"),
}


@pytest.mark.parametrize("case", VOTABLES)
def test_votables(case, tmp_path):
    assert judge("stars.vot", tmp_path, "stars.vot", VOTABLES[case])


def ecsv(header, rows="1 2 3\n" * N):
    return f"# %ECSV 1.0\n# ---\n{header}\n# schema: astropy-2.0\nra dec v_los\n{rows}"


NAMES = "# datatype:\n" + "".join(f"# - {{name: {name}, datatype: float64}}\n" for name in ("ra", "dec", "v_los"))
ECSVS = {
    "unit": ecsv(NAMES.replace("name: ra", f"name: ra, unit: {ENDLESS}")),
    "unit in a block": ecsv(
        f"{NAMES}# - name: more\n#   unit: {ENDLESS}\n#   datatype: float64\n",
    ),
    "aliases": ecsv("# a: &a [1, 1]\n# b: &b [*a, *a]\n# c: [*b, *b]\n" + NAMES),
    "depth": ecsv("# meta: " + "[" * 20_000 + "]" * 20_000 + "\n" + NAMES),
    "blocks": ecsv("\n".join("#" + " " * depth + "a:" for depth in range(1, 2000)) + "\n" + NAMES),
    "length": ecsv("# meta: [" + "1, " * 1_000_000 + "1]\n" + NAMES),
    "object": ecsv(NAMES.replace("float64", "object")),
    "shape": ecsv(NAMES.replace("float64}", "string, subtype: 'float64[99999999]'}")),
    "python": ecsv("# meta: !!python/object/apply:os.system ['true']\n" + NAMES),
    "serialized": ecsv("# meta: !!omap\n# - __serialized_columns__: {ra: {__class__: os.system}}\n" + NAMES),
}


@pytest.mark.parametrize("case", ECSVS)
def test_ecsv(case, tmp_path):
    judge("stars.ecsv", tmp_path, "stars.ecsv", ECSVS[case])


TEXTS = {
    "columns": ",".join(f"c{i}" for i in range(100_000)) + "\n" + ("1," * 100_000)[:-1] + "\n",
    "a long line": "ra,dec,v_los\n" + "1" * 5_000_000 + ",2,3\n",
    "a long quote": 'ra,dec,v_los\n"' + "1,2,3\n" * 500_000,
    "digits": "ra,dec,v_los\n" + f"{'9' * 100_000},1,2\n" * N,
    "empty lines": "ra,dec,v_los\n" + "\n" * 2_000_000,
    "comments": "# x\n" * 500_000 + "ra,dec,v_los\n",
    "nulls": "ra,dec,v_los\n" + "\0" * 1_000_000,
    "exponents": "ra,dec,v_los\n" + "1e-99999999999,1e99999999999,2\n" * N,
    "angles": "ra,dec,v_los\n" + f"{'1:' * 10_000}1,2:3:4,5\n" * N,
}


@pytest.mark.parametrize("case", TEXTS)
def test_text(case, tmp_path):
    assert judge("stars.csv", tmp_path, "stars.csv", TEXTS[case])


def test_bombs_of_gzip(tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "MEMORY_BYTES", 700_000_000)  # what is unpacked at most, and some
    bomb = gzip.compress(b"ra,dec,v_los\n" + b"\n" * 600_000_000, compresslevel=1)
    assert "unpacks to more than" in judge("stars.csv", tmp_path, "stars.csv", bomb)


def flux():
    config = dataclasses.replace(SETTINGS, n_pixels=8, n_channels=12)
    return in_jy_per_beam(disc_cube(config, v_rot_kms=20.0, n=500)[0]).astype(np.float32)


def cube_with(changes, more=()):
    """Content of a cube with some cards changed, as raw text."""
    hdus = fits.HDUList([fits.PrimaryHDU(flux(), header_of((12, 8, 8))), *more])
    path = bytearray(_content(hdus))
    end = path.index(b"END".ljust(80))
    for name, value in changes.items():
        card = f"{name:<8}= {value:>20}".ljust(80)[:80].encode()
        start = path.find(name.ljust(8).encode() + b"=")
        if start < 0:
            start, end = end, end + 80
            path[end : end + 80] = b"END".ljust(80)
        path[start : start + 80] = card
    return bytes(path)


def _content(hdus):
    buffer = io.BytesIO()
    hdus.writeto(buffer, output_verify="ignore")
    return buffer.getvalue()


CARDS = {
    "unit": {"BUNIT": f"'{ENDLESS} Jy'"},
    "unit of an axis": {"CUNIT3": f"'{ENDLESS} m/s'"},
    "exponent of an axis": {"CUNIT1": "'deg99999999'"},
    "order of SIP": {"A_ORDER": "99999999", "CTYPE1": "'RA---TAN-SIP'", "CTYPE2": "'DEC--TAN-SIP'"},
    "order of a polynomial": {"CTYPE1": "'RA---TPV'", "CTYPE2": "'DEC--TPV'", "PV1_39": "1E300"},
    "axes of the coordinates": {"WCSAXES": "99999999"},
    "axes": {"NAXIS": "999"},
    "size": {"NAXIS1": "999999999"},
    "negative size": {"NAXIS1": "-8"},
    "bits": {"BITPIX": "99999999"},
    "far reference": {"CRPIX1": "1E29", "CRPIX2": "-1E29"},
    "tiny pixels": {"CDELT1": "1E-29"},
    "projection": {"CTYPE1": "'RA---XPH'", "CTYPE2": "'DEC--XPH'"},
    "quadrilateral cube": {"CTYPE1": "'RA---QSC'", "CTYPE2": "'DEC--QSC'", "CRVAL2": "89.99"},
    "conic": {"CTYPE1": "'RA---COP'", "CTYPE2": "'DEC--COP'", "PV2_1": "90.0"},
    "zenithal polynomial": {"CTYPE1": "'RA---ZPN'", "CTYPE2": "'DEC--ZPN'", "PV2_20": "1E20"},
    "tabular": {"CTYPE3": "'VRAD-TAB'", "PS3_0": "'TABLE'", "PS3_1": "'X'"},
    "grism": {"CTYPE3": "'VOPT-GRI'", "PV3_0": "1E30"},
    "beam": {"BMAJ": "1E-29", "BMIN": "1E-29"},
    "equinox": {"EQUINOX": "1E30", "RADESYS": "'FK5'"},
    "date": {"DATE-OBS": "'9999999999-99-99'", "MJD-OBS": "1E300"},
    "parameters": {"PCOUNT": "999999999999"},
}


@pytest.mark.parametrize("case", CARDS)
def test_cards_of_cubes(case, tmp_path):
    judge("cube", tmp_path, "cube.fits", cube_with(CARDS[case]))


def test_sizes_that_are_stated_twice(tmp_path):
    content = cube_with({"OBJECT": "'x'"})
    start = content.index(b"OBJECT  =")
    twice = content[:start] + b"NAXIS   =            100000000".ljust(80) + content[start + 80 :]
    assert "states NAXIS twice" in judge("cube", tmp_path, "cube.fits", twice)


def test_cards_that_continue_without_end(tmp_path):
    content = cube_with({"OBJECT": "'a&'"})
    end = content.index(b"END".ljust(80))
    cards = b"CONTINUE  'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx&'".ljust(80) * 30_000
    head = content[:end] + cards + b"END".ljust(80)
    assert "CONTINUE" in judge("cube", tmp_path, "cube.fits", head.ljust(-(-len(head) // 2880) * 2880) + bytes(2880))


BEAMS = {
    "unit": lambda: [fits.Column("BMAJ", "1E", ENDLESS, array=[1.0] * 12)],
    "array": lambda: [fits.Column("BMAJ", "1PE(9)", "deg", array=np.array([np.ones(2)] * 12, dtype=object))],
    "text": lambda: [fits.Column("BMAJ", "8A", "deg", array=["x"] * 12)],
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", BEAMS)
def test_tables_of_beams(case, tmp_path):
    parts = [*BEAMS[case](), *(fits.Column(name, "1E", "arcsec", array=[60.0] * 12) for name in ("BMIN", "BPA"))]
    table = fits.BinTableHDU.from_columns(parts, name="BEAMS")
    assert judge("cube", tmp_path, "cube.fits", cube_with({}, [table]))


def test_compressed_images_that_declare_much(tmp_path):
    content = bytearray(_content(fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(flux(), header_of((12, 8, 8)))])))
    for name in ("ZNAXIS1", "ZTILE1"):
        start = content.index(name.ljust(8).encode() + b"=")
        content[start : start + 80] = f"{name:<8}= {999999:>20}".ljust(80).encode()
    judge("cube", tmp_path, "cube.fits", bytes(content))


TABLES = {
    "array": {"TFORM1": "'99999999D'"},
    "dimensions": {"TDIM1": "'(99999,99999)'"},
    "heap": {"THEAP": "999999999999"},
    "rows": {"NAXIS2": "999999999"},
    "fields": {"TFIELDS": "999"},
    "many fields": {"TFIELDS": "999999999"},
    "scale": {"TSCAL1": "1E300", "TZERO1": "1E300"},
    "unit": {"TUNIT1": f"'{ENDLESS}'"},
    "descriptors": {"TFORM1": "'1PD(99999999)'"},
}


@pytest.mark.parametrize("case", TABLES)
def test_cards_of_tables(case, tmp_path):
    content = bytearray(_content(fits.HDUList([fits.PrimaryHDU(), fits.table_to_hdu(star_table(N))])))
    for name, value in TABLES[case].items():
        start = content.find(name.ljust(8).encode() + b"=", 2880)
        if start < 0:
            start = content.index(b"END".ljust(80), 2880)
            content[start + 80 : start + 160] = b"END".ljust(80)
        content[start : start + 80] = f"{name:<8}= {value:>20}".ljust(80)[:80].encode()
    judge("stars.fits", tmp_path, "stars.fits", bytes(content))


def test_a_table_in_hdf5_that_declares_much(tmp_path):
    path = tmp_path / "whole.hdf5"
    from fuzz.readers import small_galaxy
    from stargas.simulations.particle_table import write_galaxy

    write_galaxy(small_galaxy(), path)
    with h5py.File(path, "r+") as file:
        del file["stars/position_kpc"]
        file["stars"].create_dataset("position_kpc", shape=(10**11, 3), dtype="f8", chunks=True)
    assert judge("particle-table", tmp_path, "galaxy.hdf5", path.read_bytes())


@pytest.mark.parametrize(
    ("reader", "name"), [("subfind", "Subhalo"), ("snapshot-gadget", "PartType0"), ("particle-table", "gas")]
)
def test_data_sets_that_stand_where_groups_do(reader, name, tmp_path):
    READERS[reader].make(tmp_path)
    path = next((tmp_path / "0").iterdir())
    with h5py.File(path, "r+") as file:
        del file[name]
        file.create_dataset(name, shape=(10**11,), dtype="f8", chunks=True)
    assert f"{name} is a data set" in judge(reader, tmp_path, path.name, path.read_bytes())
