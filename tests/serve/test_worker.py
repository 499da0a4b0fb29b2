"""What becomes of real files in a worker: looks at them, sentences for wrong ones, and the fence around it."""

import json
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from cube_files import disc_cube, header_of, in_jy_per_beam, write_cube
from stars_for_tests import star_table, write

import stargas as sg
from stargas.config import ModelConfig
from stargas.constants import G
from stargas.model.files import load_model
from stargas.report.dark_matter import dark_matter_table, describe_dark_matter
from stargas.serve.examples import EXAMPLES, FOLDER
from stargas.serve.settings import STAGES, ServeConfig
from stargas.serve.worker import InferenceWorker, _answer, archive

pytestmark = pytest.mark.usefixtures("blank_figures")

WORKER = InferenceWorker(ServeConfig(), None, None)


class FlatPosterior:
    """Mass of a flat rotation curve of v² = 3 σ², with a scatter of 0.05 dex."""

    def __init__(self, tracers="stargas", **share):
        self.config = ModelConfig(tracers=tracers)
        self.about = {"tracer_share": share}

    def sample(self, samples, n=1000, seed=0):
        noise = 0.05 * np.random.default_rng(seed).standard_normal((len(samples), n, 1))
        mass = np.array([3 * s.scalars[1] ** 2 * s.r_kpc / G for s in samples])
        return np.log10(mass)[:, None] + noise


def infer(folder, values, model=None, **files):
    shutil.rmtree(folder / "result", ignore_errors=True)  # the server gives each inference a folder of its own
    payload = {
        "folder": str(folder),
        "files": {role: (str(path), f"my_{role}{Path(path).suffix}") for role, path in files.items()},
        "values": values,
        "name": "galaxy",
        "out": str(folder / "result"),
    }
    desk = InferenceWorker(ServeConfig(n_draws=64, n_realizations=4), model or FlatPosterior(), None)
    phases = []
    status, answer = _answer(desk.infer, payload, phases.append)
    assert str(folder) not in json.dumps(answer)
    return answer, phases, status


@pytest.fixture(scope="module")
def cube():
    return in_jy_per_beam(disc_cube()[0])


@pytest.fixture(autouse=True)
def fence(monkeypatch):
    """The audit hook cannot be taken out of this process again, so that tests of it have one of their own."""
    from stargas import sandbox

    monkeypatch.setattr(sandbox._fence, "installed", True)
    monkeypatch.setattr(sandbox._fence, "folder", None)
    monkeypatch.setattr(sandbox._fence, "closed", False)


def preview(folder, values=None, **files):
    payload = {
        "folder": str(folder),
        "files": {role: (str(path), f"my_{role}{Path(path).suffix}") for role, path in files.items()},
        "values": values or {},
        "name": "galaxy",
    }
    status, answer = _answer(WORKER.preview, payload, lambda _: None)
    assert str(folder) not in json.dumps(answer)
    return answer if status == "done" else {"failed": answer}


def test_stars_are_drawn_in_arcmin_until_there_is_a_distance(tmp_path):
    path = write(star_table(interlopers=20), tmp_path, ".csv")
    found = preview(tmp_path, stars=path)["stars"]
    assert found["error"] is None
    chart = found["chart"]
    assert {len(chart[name]) for name in ("x", "y", "v", "v_error", "p")} == {200}
    facts = dict(found["facts"])
    assert facts["stars"] == "220"
    assert facts["members"] == "200"
    in_arcmin = float(facts["R_hl of these stars"].split()[0])
    near = dict(preview(tmp_path, {"distance_kpc": 105.0}, stars=path)["stars"]["facts"])
    in_kpc, unit = near["R_hl of these stars"].split()
    assert (unit, chart["unit"]) == ("kpc", "arcmin")
    assert "arcmin" in preview(tmp_path, stars=path)["stars"]["warnings"][0]
    assert float(in_kpc) == pytest.approx(np.radians(in_arcmin / 60) * 105, rel=0.01)
    assert found["used"] == {name: name for name in ("ra", "dec", "v_los", "v_los_error", "p_member")}


def test_a_cube_and_moment_maps_are_drawn(tmp_path, cube):
    found = preview(tmp_path, hi_cube=write_cube(tmp_path / "c.fits", cube))["hi"]
    assert dict(found["facts"])["cube"] == "32 × 32 pixels, 48 channels"
    chart = found["chart"]
    assert chart["unit"] == "arcmin"
    assert np.shape(chart["moments"])[0] == 3
    maps = [write_map(tmp_path / f"m{k}.fits", unit) for k, unit in enumerate(("Jy/beam km/s", "km/s"))]
    found = preview(tmp_path, moment0=maps[0], moment1=maps[1])["hi"]
    assert dict(found["facts"])["dispersion"] == "not given, 10 km/s assumed"


def write_map(path, unit, n=32, **cards):
    header = header_of((3, n, n), **cards)
    for name in ("CTYPE3", "CRVAL3", "CDELT3", "CUNIT3", "CRPIX3"):
        del header[name]
    header["BUNIT"] = unit
    y, x = np.mgrid[:n, :n]
    data = np.where(np.hypot(x - n / 2, y - n / 2) < n / 3, 1.0 + x, np.nan)
    fits.PrimaryHDU(data.astype(np.float32), header).writeto(path, overwrite=True)
    return path


def changed(**columns):
    table = star_table()
    for name, values in columns.items():
        if values is None:
            del table[name]
        else:
            table[name] = values
    return table


WRONG_TABLES = {
    "no velocity column": (lambda: changed(v_los=None, v_los_error=None), "has no column that is certain to hold"),
    "m/s": (lambda: changed(v_los=1e3 * star_table()["v_los"] - 2e5), "they look like m/s"),
    "few stars": (lambda: star_table(20), "at least 30 are needed"),
    "equal velocities": (lambda: changed(v_los=np.full(200, 220.0)), "all 200 velocities are 220 km/s"),
    "text": (lambda: changed(v_los=["fast"] * 200), "does not hold numbers only"),
}


@pytest.mark.parametrize("case", WRONG_TABLES)
def test_each_wrong_table_is_one_sentence(tmp_path, case):
    make, words = WRONG_TABLES[case]
    found = preview(tmp_path, stars=write(make(), tmp_path, ".csv"))["stars"]
    assert words in found["error"]
    assert found["error"].count("\n") == 0
    assert "ra" in found["columns"]  # so that another column can be chosen


def test_a_column_of_another_name_can_be_chosen(tmp_path):
    table = star_table()
    table.rename_column("v_los", "speed")
    path = write(table, tmp_path, ".csv")
    assert preview(tmp_path, stars=path)["stars"]["error"]
    found = preview(tmp_path, {"columns": {"v_los": "speed"}}, stars=path)["stars"]
    assert found["error"] is None
    assert found["used"]["v_los"] == "speed"


WRONG_CUBES = {
    "no spectral axis": ({"CTYPE3": "LINEAR"}, "has no spectral axis"),
    "no beam": ({"BMAJ": "absent", "BMIN": "absent", "BPA": "absent"}, "beam"),
}


@pytest.mark.parametrize("case", WRONG_CUBES)
def test_each_wrong_cube_is_one_sentence(tmp_path, cube, case):
    cards, words = WRONG_CUBES[case]
    path = tmp_path / "c.fits"
    fits.PrimaryHDU(cube.astype(np.float32), header_of(cube.shape, **cards)).writeto(path)
    assert words in preview(tmp_path, hi_cube=path)["hi"]["error"]


def test_other_wrong_hi_is_one_sentence(tmp_path, cube):
    blank = write_cube(tmp_path / "nan.fits", np.full(cube.shape, np.nan))
    assert "are blank" in preview(tmp_path, hi_cube=blank)["hi"]["error"]
    m0, m1 = write_map(tmp_path / "m0.fits", "K km/s"), write_map(tmp_path / "m1.fits", "km/s", n=20)
    assert "maps of the same pixels" in preview(tmp_path, moment0=m0, moment1=m1)["hi"]["error"]
    assert "add moment 1" in preview(tmp_path, moment0=m0)["hi"]["error"]
    assert "add moment 0" in preview(tmp_path, moment1=m1)["hi"]["error"]
    assert "remove one" in preview(tmp_path, hi_cube=blank, moment0=m0)["hi"]["error"]
    for name, content in (("page.fits", b"<html>"), ("cut.fits", blank.read_bytes()[:4000]), ("text.fits", b"ra,dec")):
        (tmp_path / name).write_bytes(content)
        assert "my_hi_cube.fits" in preview(tmp_path, hi_cube=tmp_path / name)["hi"]["error"]


@pytest.mark.parametrize(
    ("suffix", "content"), [(".csv", b"SIMPLE  = "), (".vot", b"ra,dec\n1,2"), (".fits", b"\x89PNG")]
)
def test_a_table_that_is_not_what_its_name_says(tmp_path, suffix, content):
    path = tmp_path / f"stars{suffix}"
    path.write_bytes(content + bytes(100) * (suffix == ".fits"))
    assert f"my_stars{suffix} is named like" in preview(tmp_path, stars=path)["stars"]["error"]


FENCED = """
import sys
from pathlib import Path
from stargas.sandbox import install, only
from stargas.serve.worker import InferenceWorker, _answer
from stargas.constants import G
from stargas.serve.examples import FOLDER
from stargas.serve.settings import ServeConfig
install()
folder = Path(sys.argv[1])
payload = {"folder": str(folder / "job"), "files": {"stars": (str(folder / "job" / "stars.vot"), "s.vot")},
           "values": {}, "name": "x"}
print(_answer(InferenceWorker(ServeConfig(), None, None).preview, payload, lambda _: None)[1]["stars"]["error"])
def attempt(action):
    try:
        action()
    except PermissionError:
        return "refused"
    return "done"
import os, socket, subprocess
secret, link = folder / "secret", folder / "job" / "link"
link.symlink_to(secret)
tries = [secret.read_bytes, link.read_bytes, lambda: os.open(secret, os.O_RDONLY), lambda: subprocess.run(["true"]),
         lambda: socket.create_connection(("127.0.0.1", 9), timeout=1), (folder / "job" / "stars.vot").read_bytes]
with only(folder / "job"):
    print(*map(attempt, tries))
print(attempt(secret.read_bytes))
"""


@pytest.mark.parametrize("address", ["file://{secret}", "http://127.0.0.1:9/x"])
def test_a_table_that_points_to_another_file_does_not_get_it(tmp_path, address):
    (tmp_path / "job").mkdir()
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(8000))
    fields = "".join(f'<FIELD name="{name}" datatype="double"/>' for name in ("ra", "dec", "v_los"))
    (tmp_path / "job" / "stars.vot").write_text(
        '<?xml version="1.0"?><VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE><TABLE>'
        f'{fields}<DATA><BINARY><STREAM href="{address.format(secret=secret)}"/></BINARY></DATA></TABLE></RESOURCE>'
        "</VOTABLE>"
    )
    done = subprocess.run(
        [sys.executable, "-c", FENCED, str(tmp_path)], capture_output=True, text=True, check=True, timeout=300
    )
    said, tried, after = done.stdout.splitlines()
    assert said.startswith("s.vot")  # one sentence that names the file
    assert "VOTable" in said
    assert tried == "refused refused refused refused refused done"
    assert after == "done"  # outside the fence the process is free again


def test_an_inference_writes_what_the_page_lists_and_shows_no_path(tmp_path):
    table = star_table()
    table["v_los"][3] = np.nan  # which makes a warning that names the file
    path = write(table, tmp_path, ".csv")
    given = {"distance_kpc": 105.0, "distance_error_kpc": 5.0, "center": (100.4065, -50.9593)}
    result, phases, status = infer(tmp_path, given, stars=path)
    assert status == "done"
    assert [phase["stage"] for phase in phases] == list(STAGES)
    assert phases[2]["answer"]["quantiles"] == result["quantiles"]  # before the report is written
    assert phases[2]["answer"]["files"] == []
    assert result["verdict"]["mood"] in ("good", "care", "bad")
    assert result["limits"][0].startswith("The 68 % interval")
    assert not set(result["limits"]) & set(result["warnings"])
    assert "figures/profile.pdf" in result["files"]
    out = tmp_path / "result"
    assert {"report.html", "profile.ecsv", "stargas.zip", "settings.yaml"} <= set(result["files"])
    assert all((out / name).is_file() for name in result["files"])
    assert np.shape(result["quantiles"]) == (5, len(result["r_kpc"]))
    assert any(text.startswith("my_stars.csv: 1 of 200 rows") for text in result["warnings"])
    for name in ("report.html", "settings.yaml", "inference.json"):
        assert str(tmp_path) not in (out / name).read_text()
    assert "stars: my_stars.csv" in (out / "settings.yaml").read_text()
    again, *_ = infer(tmp_path, given, stars=path)
    assert again["quantiles"] == result["quantiles"]


def test_a_stellar_mass_brings_the_dark_matter_of_the_report(tmp_path):
    """Page, report and Python have the same numbers, and the figure of the velocities that are predicted."""
    model = load_model(None)
    files = {"stars": FOLDER / "mock_dwarf_stars.csv", "hi_cube": FOLDER / "mock_dwarf_hi.fits"}
    given = {"distance_kpc": 950.0, "R_hl_kpc": 1.4}
    page, _, status = infer(tmp_path, given | {"stellar_mass": "6e7 0.1dex"}, model, **files)
    assert status == "done"
    stored = json.loads((tmp_path / "result" / "inference.json").read_text())
    seen = {"stars": files["stars"], "hi": files["hi_cube"]}
    result = sg.infer(model=model, n_draws=64, n_realizations=4, occlusion=False, **seen, **given)
    dark = sg.dark_matter(result, "6e7 0.1dex")
    assert page["dark"]["rows"] == dark_matter_table(dark).rows
    assert list(page["dark"]["warnings"]) == list(dark.warnings)
    assert not dark.gas_warnings  # a beam of 0.5 kpc, and a galaxy that is not near edge-on
    assert stored["dark_matter"]["quantiles"] == describe_dark_matter(dark)["quantiles"]
    assert "--stellar-mass '6e+07 0.1dex'" in stored["command"]
    drawn = {f"figures/{name}.png" for name in ("dark_matter", "predictive", "velocity_field")}
    assert drawn | {"dark_matter.ecsv", "velocity_field.fits"} <= set(page["files"])
    for name, one in (("predictive", result.predictive), ("velocity_field", result.predictive.velocity_field)):
        assert page[name]["alt"].endswith(one.sentence)
        assert one.sentence in page["limits"]
    without, *_ = infer(tmp_path, given, model, **files)
    assert without["dark"] is None
    assert "dark_matter.ecsv" not in without["files"]
    edge_on = given | {"inclination_deg": 75.0, "inclination_error_deg": 20.0}
    turned, *_ = infer(tmp_path, edge_on | {"stellar_mass": "6e7 0.1dex"}, model, **files)
    assert "The inclination is 75°, and above 70°" in turned["dark"]["warnings"][-1]
    heavy, _, status = infer(tmp_path, given | {"stellar_mass": "1e12 0.1dex"}, model, **files)
    assert status == "done"
    assert heavy["dark"] is None
    assert heavy["verdict"]["title"] == "With care"
    assert "check the stellar mass" in heavy["verdict"]["text"]
    assert "check the stellar mass" not in without["verdict"]["text"]


def test_a_photometric_catalog_is_described_and_gives_the_radius(tmp_path):
    stars, light = star_table(), star_table(1500, seed=2)["ra", "dec"]
    paths = {"stars": write(stars, tmp_path, ".csv"), "photometry": tmp_path / "light.csv"}
    light.write(paths["photometry"])
    found = preview(tmp_path, **paths)["photometry"]
    assert dict(found["facts"])["stars"] == "1,500"
    assert found["error"] is None
    result, _, status = infer(tmp_path, {"distance_kpc": 105.0}, **paths)
    assert status == "done"
    assert any("of the photometric catalog" in text for text in result["observed"])
    assert "photometry: my_photometry.csv" in (tmp_path / "result" / "settings.yaml").read_text()
    alone, *_ = infer(tmp_path, {"distance_kpc": 105.0}, stars=paths["stars"])
    assert alone["R_hl_kpc"] != result["R_hl_kpc"]
    only = preview(tmp_path, photometry=paths["photometry"])
    assert (only["stars"], only["hi"]) == (None, None)
    refused, _, status = infer(tmp_path, {"distance_kpc": 105.0}, photometry=paths["photometry"])
    assert status == "failed"
    assert "give a table" in refused


def test_a_center_in_degrees_is_not_taken_for_an_offset(tmp_path):
    table = star_table()
    xi, eta = (1e3 * (table[name] - np.mean(table[name])) / 60 for name in ("ra", "dec"))
    table = Table({"xi": xi, "eta": eta, "v_los": table["v_los"]})
    path = write(table, tmp_path, ".csv")
    free, *_ = infer(tmp_path, {"distance_kpc": 105.0}, stars=path)
    given, *_ = infer(tmp_path, {"distance_kpc": 105.0, "center": (100.4, -50.9)}, stars=path)
    assert given["quantiles"] == free["quantiles"]
    assert any("center in degrees was not used" in text for text in given["warnings"])


def test_a_model_that_needs_both_says_so_before_it_computes(tmp_path):
    path = write(star_table(), tmp_path, ".csv")
    said, phases, status = infer(tmp_path, {"distance_kpc": 105.0}, FlatPosterior(stars=1.0, gas=1.0), stars=path)
    assert (status, phases) == ("failed", [])
    assert "galaxies with HI only, which this one lacks" in said


def test_a_mistake_of_the_program_is_a_sentence_and_shows_no_path(tmp_path, capsys):
    def stumble(payload, _):
        raise KeyError(payload["folder"])

    status, said = _answer(stumble, {"folder": str(tmp_path), "files": {}}, print)
    assert status == "failed"
    assert "KeyError" in said
    assert str(tmp_path) not in said
    assert "Traceback" in capsys.readouterr().err


def test_a_forecast_has_tables_and_a_figure(tmp_path):
    worker = InferenceWorker(ServeConfig(), load_model(None), None)
    plan = {"stellar_mass_msun": 1e7, "R_hl_kpc": 0.5, "n_stars": 100, "n_galaxies": 8}
    payload = {"folder": str(tmp_path), "files": {}, "values": plan}
    status, answer = _answer(worker.forecast, payload, lambda _: None)
    assert status == "done"
    assert answer["planned"].startswith("100 stars")
    assert [len(row) for row in answer["tables"][0]["rows"]] == [4] * 5
    assert answer["figure"].startswith("data:image/png;base64,")
    assert "twice the stars" in [row[0] for row in answer["tables"][2]["rows"]]
    payload["values"] = plan | {"R_hl_kpc": 100.0}
    assert _answer(worker.forecast, payload, lambda _: None)[1].startswith("only 0 of")


def test_everything_is_packed(tmp_path):
    import zipfile

    (tmp_path / "figures").mkdir()
    for name in ("a.ecsv", "figures/b.png"):
        (tmp_path / name).write_bytes(b"x")
    archive(tmp_path)
    with zipfile.ZipFile(tmp_path / "stargas.zip") as packed:
        assert sorted(packed.namelist()) == ["stargas/a.ecsv", "stargas/figures/b.png"]


def test_the_examples_are_small_and_fit_to_read(tmp_path):
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 300_000
    files = {"stars": FOLDER / "mock_dwarf_stars.csv", "hi_cube": FOLDER / "mock_dwarf_hi.fits"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = preview(tmp_path, dict(EXAMPLES["both"].values), **files)
    assert found["stars"]["error"] is None
    assert found["stars"]["warnings"] == []
    assert found["hi"]["chart"]["unit"] == "kpc"
    assert len(Table.read(files["stars"], format="ascii.csv")) == 344
