"""Halo catalogs: plain tables, AHF, SUBFIND, each in its own units."""

from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from astropy.table import Table

from stargas.config import SnapshotConfig
from stargas.errors import DamagedFileError, InputError
from stargas.simulations.halos import read_halos

CONFIG = SnapshotConfig(radius_fraction=0.2, min_stars=100)
SNAPSHOT = SimpleNamespace(
    path=Path("snap.hdf5"), family="arepo", redshift=1.0, hubble=0.5, box_kpc=8000.0, code_units=(1000.0, 2e10)
)
"""z = 1 and h = 1/2: comoving Mpc/h are 1000 physical kpc, 10¹⁰ Msun/h are 2e10 Msun."""


def test_a_plain_table(tmp_path):
    path = tmp_path / "halos.ecsv"
    path.write_text(
        "# %ECSV 1.0\n# ---\n# datatype:\n"
        "# - {name: id, datatype: string}\n# - {name: x_kpc, datatype: float64}\n# - {name: y_kpc, datatype: float64}\n"
        "# - {name: z_kpc, datatype: float64}\n# - {name: radius_kpc, datatype: float64}\n"
        "# - {name: host_id, datatype: string}\n# - {name: halo_mass_msun, datatype: float64}\n"
        "id x_kpc y_kpc z_kpc radius_kpc host_id halo_mass_msun\na 1 2 3 20 a 1e11\nb 5 6 7 8 a 1e10\n"
    )
    first, second = read_halos(path, SNAPSHOT, CONFIG)
    assert (first.id, first.center_kpc, first.radius_kpc, first.host_id) == ("a", (1.0, 2.0, 3.0), 20.0, "a")
    assert second.host_id == "a"
    assert second.properties == {"halo_mass_msun": 1e10}


def test_names_are_text_and_what_is_left_out_is_empty(tmp_path):
    path = tmp_path / "halos.csv"
    path.write_text(
        "id,x_kpc,y_kpc,z_kpc,radius_kpc,host_id,is_satellite,halo_mass_msun,snapshot\n"
        "007,1,2,3,20,,False,1e11,00100\n1e5,5,6,7,8,007,True,,00100.hdf5\n3,5,6,7,8,007,True,,00200\n"
    )
    first, second = read_halos(path, SNAPSHOT, CONFIG, only="00100")
    assert [first.id, second.id] == ["007", "1e5"]
    assert [first.host_id, second.host_id] == ["", "007"]
    assert [halo.properties["is_satellite"] for halo in (first, second)] == [0, 1]
    assert first.properties["halo_mass_msun"] == 1e11
    assert np.isnan(second.properties["halo_mass_msun"])


def test_faults_of_plain_tables(tmp_path):
    path = tmp_path / "halos.csv"
    head = "id,x_kpc,y_kpc,z_kpc,radius_kpc\n"
    for text, message in (
        ("id,x_kpc,y_kpc,z_kpc\n1,2,3,4\n", "no column 'radius_kpc'"),
        (head + "1,2,3,4,-5\n", "expected finite kpc"),
        (head + "1,nan,3,4,5\n", "expected finite kpc"),
        (head + "1,2,3,4,5\n1,2,3,4,5\n", "names halo '1' twice"),
        (head + "1,2,3,4,5\n,2,3,4,5\n", "row 2 has no id"),
    ):
        path.write_text(text)
        with pytest.raises(InputError, match=message):
            read_halos(path, SNAPSHOT, CONFIG)
    path.write_text(head + "1,far,3,4,5\n")
    with pytest.raises(InputError, match="'x_kpc' must hold numbers"):
        read_halos(path, SNAPSHOT, CONFIG)
    path.write_text(head + "1,2,3\n")
    with pytest.raises(InputError, match="expected finite kpc"):
        read_halos(path, SNAPSHOT, CONFIG)
    path.write_text(head + "1,2,3,4,5,6,7,8\n")
    with pytest.raises(DamagedFileError, match="is damaged or is not a table of halos"):
        read_halos(path, SNAPSHOT, CONFIG)
    with pytest.raises(InputError, match="there is no halo catalog"):
        read_halos(tmp_path / "none.csv", SNAPSHOT, CONFIG)
    (tmp_path / "halos.txt").write_text("1 2 3")
    with pytest.raises(InputError, match="no line with the names of its columns"):
        read_halos(tmp_path / "halos.txt", SNAPSHOT, CONFIG)
    (tmp_path / "halos.xyz").write_text("1 2 3")
    with pytest.raises(InputError, match=r"expected \*\.ecsv"):
        read_halos(tmp_path / "halos.xyz", SNAPSHOT, CONFIG)


AHF = """#ID(1)\thostHalo(2)\tMvir(4)\tXc(6)\tYc(7)\tZc(8)\tRvir(12)\tfMhires(38)\tn_star(64)
10\t0\t1e11\t1000\t2000\t3000\t100\t1.0\t5000
11\t10\t1e10\t1050\t2000\t3000\t40\t0.97\t300
12\t11\t1e9\t1060\t2000\t3000\t20\t0.9\t150
13\t0\t1e8\t100\t200\t300\t10\t1.0\t99
"""


def test_ahf_is_in_comoving_kpc_over_h(tmp_path):
    path = tmp_path / "run.z1.000.AHF_halos"
    path.write_text(AHF)
    halos = read_halos(path, SNAPSHOT, CONFIG)
    assert [halo.id for halo in halos] == ["10", "11", "12"]
    assert halos[0].center_kpc == (1000.0, 2000.0, 3000.0)
    assert halos[0].radius_kpc == pytest.approx(0.2 * 100)
    assert halos[0].properties["halo_mass_msun"] == pytest.approx(2e11)
    assert [halo.properties["is_satellite"] for halo in halos] == [0, 1, 1]
    assert [halo.host_id or halo.id for halo in halos] == ["10", "10", "10"]
    assert halos[2].properties["high_resolution_fraction"] == 0.9


def test_ahf_counts_from_a_corner_and_tipsy_from_the_middle(tmp_path):
    path = tmp_path / "run.AHF_halos"
    path.write_text(AHF)
    tipsy = SimpleNamespace(**{**vars(SNAPSHOT), "family": "tipsy"})
    assert read_halos(path, tipsy, CONFIG)[0].center_kpc == (-3000.0, -2000.0, -1000.0)


def test_a_broken_ahf_file_says_so(tmp_path):
    path = tmp_path / "run.AHF_halos"
    path.write_text(AHF.replace("Rvir(12)", "R200(12)"))
    with pytest.raises(InputError, match="does not name the column"):
        read_halos(path, SNAPSHOT, CONFIG)
    path.write_text(AHF + "14\t0\n")
    with pytest.raises(DamagedFileError, match="line 5 of the halos has not 9 columns"):
        read_halos(path, SNAPSHOT, CONFIG)


def write_subfind(path, part=slice(None), n_files=1):
    with h5py.File(path, "w") as file:
        file.create_group("Header").attrs["NumFiles"] = n_files
        file["Group/GroupFirstSub"] = np.array([0, 3])[: 2 if part.start is None else 1] if part.start != 2 else [3]
        file["Subhalo/SubhaloPos"] = np.array([[1.0, 2, 3], [1.1, 2, 3], [1.2, 2, 3], [5, 5, 5]])[part]
        file["Subhalo/SubhaloMass"] = np.array([10.0, 1, 0.1, 5])[part]
        file["Subhalo/SubhaloGrNr"] = np.array([0, 0, 0, 1])[part]
        counts = np.zeros((4, 6), dtype=int)
        counts[:, 4] = [5000, 200, 20, 1000]
        file["Subhalo/SubhaloLenType"] = counts[part]


def check_subfind(halos):
    assert [halo.id for halo in halos] == ["0", "1", "3"]
    assert halos[0].center_kpc == (1000.0, 2000.0, 3000.0)
    assert [halo.host_id for halo in halos] == ["0", "0", "3"]
    assert [halo.properties["is_satellite"] for halo in halos] == [0, 1, 0]
    assert halos[0].properties["halo_mass_msun"] == pytest.approx(2e11)
    # 200 times the critical density inside: rho_c = 3 H²/(8πG), H² = H0² (Ωm 8 + ΩΛ).
    rho = 3 * (0.05**2 * (0.3175 * 8 + 0.6824)) / (8 * np.pi * 4.300917e-6)
    radius = halos[0].properties["virial_radius_kpc"]
    assert 2e11 / (4 / 3 * np.pi * radius**3) == pytest.approx(200 * rho, rel=1e-4)
    assert halos[0].radius_kpc == pytest.approx(0.2 * radius)


def test_subfind(tmp_path):
    write_subfind(tmp_path / "fof_subhalo_tab_099.hdf5")
    check_subfind(read_halos(tmp_path / "fof_subhalo_tab_099.hdf5", SNAPSHOT, CONFIG))


def test_subfind_in_several_files(tmp_path):
    write_subfind(tmp_path / "tab.0.hdf5", slice(0, 2), 2)
    write_subfind(tmp_path / "tab.1.hdf5", slice(2, 4), 2)
    check_subfind(read_halos(tmp_path / "tab.0.hdf5", SNAPSHOT, CONFIG))


def test_another_hdf5_file_is_no_catalog(tmp_path):
    with h5py.File(tmp_path / "x.hdf5", "w") as file:
        file["a"] = [1]
    with pytest.raises(InputError, match="no SUBFIND catalog"):
        read_halos(tmp_path / "x.hdf5", SNAPSHOT, CONFIG)


def test_ahf_files_joined_from_several_ranks_are_one_catalog(tmp_path):
    """Each rank writes the line of names again."""
    path = tmp_path / "run.AHF_halos"
    names, first, *others = AHF.splitlines()
    path.write_text("\n".join([names, first, names, *others, "", names]))
    assert [halo.id for halo in read_halos(path, SNAPSHOT, CONFIG)] == ["10", "11", "12"]
    path.write_text(names.replace("Rvir(12)", "R200(12)") + "\n")
    with pytest.raises(InputError, match="does not name the column Rvir or Rhalo"):
        read_halos(path, SNAPSHOT, CONFIG)


def test_ahf_files_of_another_order_joined_are_refused(tmp_path):
    path = tmp_path / "run.AHF_halos"
    names, *rows = AHF.splitlines()
    other = names.replace("Xc(6)\tYc(7)", "Yc(6)\tXc(7)")
    path.write_text("\n".join([names, *rows[:2], other, *rows[2:]]))
    with pytest.raises(DamagedFileError, match="names other columns in its line 4"):
        read_halos(path, SNAPSHOT, CONFIG)


def test_ahf_names_of_mass_and_radius_by_version(tmp_path):
    path = tmp_path / "run.AHF_halos"
    path.write_text(AHF)
    expected = read_halos(path, SNAPSHOT, CONFIG)
    path.write_text(AHF.replace("Mvir(4)", "Mhalo(4)").replace("Rvir(12)", "Rhalo(12)"))
    assert read_halos(path, SNAPSHOT, CONFIG) == expected


@pytest.mark.parametrize("wrong", ["nan", "1+2j", "-5", "inf", "wide", "1e400"])
def test_ahf_numbers_that_cannot_be_are_one_sentence(tmp_path, wrong):
    path = tmp_path / "run.AHF_halos"
    for column in (AHF.replace("\t100\t1.0", f"\t{wrong}\t1.0"), AHF.replace("1e11", wrong)):
        path.write_text(column)
        with pytest.raises((DamagedFileError, InputError), match=r"run\.AHF_halos"):
            read_halos(path, SNAPSHOT, CONFIG)


@pytest.mark.parametrize("nobody", ["-1", "-1.0", "", "0", "nan"])
def test_a_host_of_nobody_makes_each_halo_its_own(tmp_path, nobody):
    """-1 stands for it in Rockstar's catalogs, 0 in AHF's."""
    path = tmp_path / "halos.csv"
    path.write_text(f"id,x_kpc,y_kpc,z_kpc,radius_kpc,host_id\n1,1,2,3,20,{nobody}\n2,5,6,7,8,{nobody}\n3,5,6,7,8,1\n")
    assert [halo.host_id for halo in read_halos(path, SNAPSHOT, CONFIG)] == ["", "", "1"]


@pytest.mark.parametrize(("ids", "hosts"), [(("1", "2"), ("", "1.0")), (("1.0", "2.0"), ("", "1"))])
def test_a_host_as_a_number_with_a_point_is_the_halo_of_that_number(tmp_path, ids, hosts):
    """Columns of whole numbers with blanks become such; a host of its own would let views of one halo leak."""
    path = tmp_path / "halos.csv"
    rows = [f"{name},{number},2,3,20,{host}" for number, (name, host) in enumerate(zip(ids, hosts, strict=True))]
    path.write_text("\n".join(["id,x_kpc,y_kpc,z_kpc,radius_kpc,host_id", *rows]))
    assert [halo.host_id for halo in read_halos(path, SNAPSHOT, CONFIG)] == ["", ids[0]]


def test_lengths_of_halos_in_another_unit_are_refused(tmp_path):
    path = tmp_path / "halos.ecsv"
    table = Table({"id": ["1"], **{key: [1.0] for key in ("x_kpc", "y_kpc", "z_kpc", "radius_kpc")}})
    table["x_kpc"].unit = "kpc"
    table.write(path)
    assert read_halos(path, SNAPSHOT, CONFIG)[0].center_kpc == (1.0, 1.0, 1.0)
    table["x_kpc"].unit = "Mpc"
    table.write(path, overwrite=True)
    with pytest.raises(InputError, match="the column 'x_kpc' has the unit 'Mpc', expected physical kpc"):
        read_halos(path, SNAPSHOT, CONFIG)


def test_a_halo_called_0_may_be_a_host(tmp_path):
    path = tmp_path / "halos.csv"
    path.write_text("id,x_kpc,y_kpc,z_kpc,radius_kpc,host_id\n0,1,2,3,20,0\n2,5,6,7,8,0\n")
    assert [halo.host_id for halo in read_halos(path, SNAPSHOT, CONFIG)] == ["0", "0"]


ROWS = [
    ("id", "x_kpc", "y_kpc", "z_kpc", "radius_kpc", "host_id"),
    ("007", 1, 2, 3, 20, "007"),
    ("8", 5, 6, 7, 8, "007"),
]


def lines_of(delimiter, mark=""):
    return mark + "\n".join(delimiter.join(map(str, row)) for row in ROWS) + "\n"


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        (".csv", lines_of(",").encode("utf-8-sig")),
        (".csv", lines_of(",", "# ").encode()),
        (".csv", ("# caf\u00e9\n" + lines_of(",")).encode("latin-1")),
        (".csv", lines_of(";").encode()),
        (".dat", lines_of(" ").encode()),
        (".dat", lines_of("   ", "# of a finder\n#").encode()),
        (".txt", lines_of("\t").encode("utf-8-sig")),
        (".txt", lines_of(",", "# made by a finder\n# ").encode()),
    ],
)
def test_plain_tables_as_programs_write_them(tmp_path, suffix, content):
    """With a mark of byte order, names behind #, in Latin-1, and with any usual delimiter."""
    path = tmp_path / f"halos{suffix}"
    path.write_bytes(content)
    first, second = read_halos(path, SNAPSHOT, CONFIG)
    assert (first.id, first.center_kpc, first.radius_kpc) == ("007", (1.0, 2.0, 3.0), 20.0)
    assert [first.host_id, second.host_id] == ["007", "007"]


def test_two_columns_of_one_name_are_refused_where_they_differ(tmp_path):
    path = tmp_path / "halos.csv"
    path.write_text("id,x_kpc,y_kpc,z_kpc,radius_kpc,x_kpc,mass,mass\n7,1,2,3,20,1,5,6\n8,5,6,7,8,5,5,6\n")
    assert [halo.center_kpc[0] for halo in read_halos(path, SNAPSHOT, CONFIG)] == [1.0, 5.0]
    path.write_text(path.read_text().replace("8,5,5,6", "8,4,5,6"))
    with pytest.raises(InputError, match="has several columns 'x_kpc' that differ: leave in the one"):
        read_halos(path, SNAPSHOT, CONFIG)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Subhalo/SubhaloMass", np.ones((4, 2))),
        ("Subhalo/SubhaloMass", np.array([1.0, np.nan, 1, 1])),
        ("Subhalo/SubhaloMass", np.array([1.0, -1, 1, 1])),
        ("Subhalo/SubhaloPos", np.ones(4)),
        ("Subhalo/SubhaloPos", np.full((4, 3), np.nan)),
        ("Subhalo/SubhaloGrNr", np.array([0, 0, 0, 7])),
        ("Subhalo/SubhaloGrNr", np.array([0, 0, 0, -1])),
        ("Subhalo/SubhaloLenType", np.full((4, 3), 500)),
        ("Subhalo/SubhaloLenType", np.full((4, 6), b"many")),
        ("Group/GroupFirstSub", np.zeros((2, 2))),
        ("Subhalo/SubhaloPos", None),
        ("Subhalo/SubhaloMass", None),
        ("Subhalo/SubhaloLenType", None),
        ("Subhalo/SubhaloGrNr", None),
        ("Group/GroupFirstSub", None),
    ],
)
def test_faults_of_subfind_are_one_sentence(tmp_path, name, values):
    path = tmp_path / "tab.hdf5"
    write_subfind(path)
    with h5py.File(path, "a") as file:
        del file[name]
        if values is not None:
            file[name] = values
    with pytest.raises((DamagedFileError, InputError), match=r"tab\.hdf5"):
        read_halos(path, SNAPSHOT, CONFIG)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("\t100\t", "\t1e30\t"), r"the radius \d\.?\d*e\+29; expected finite kpc"),
        (("\t1000\t", "\t1e30\t"), "expected finite kpc, within 1e.09"),
        (("\n11", "\n\0"), "a halo without a name"),
        (("\t2000\t", "\t1e300\t"), "expected finite kpc, within 1e.09"),
    ],
)
def test_halos_that_cannot_be_are_refused(tmp_path, change, message):
    path = tmp_path / "run.AHF_halos"
    path.write_text(AHF.replace(*change, 1))
    with pytest.raises(DamagedFileError, match=message):
        read_halos(path, SNAPSHOT, CONFIG)


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("value", [np.nan, np.inf, -1e300])
def test_a_center_that_is_none_on_one_axis_is_refused(tmp_path, axis, value):
    write_subfind(tmp_path / "tab.hdf5")
    with h5py.File(tmp_path / "tab.hdf5", "a") as file:
        file["Subhalo/SubhaloPos"][1, axis] = value
    with pytest.raises(DamagedFileError, match="halo 1 has the center"):
        read_halos(tmp_path / "tab.hdf5", SNAPSHOT, CONFIG)
