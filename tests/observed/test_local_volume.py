"""Galaxies by name: spellings, what is not known, and the table that is replaced."""

import io

import pytest

from stargas.errors import InputError
from stargas.observed import local_volume
from stargas.observed.local_volume import find_galaxy, is_known, main, near_names, refresh


@pytest.fixture
def own_table(tmp_path, monkeypatch):
    """The package's table as a file that may be replaced."""
    path = tmp_path / "table.csv"
    path.write_bytes(local_volume.TABLE.read_bytes())
    monkeypatch.setattr(local_volume, "TABLE", path)
    local_volume._database.cache_clear()
    yield path
    local_volume._database.cache_clear()


def whole_table(**changes):
    """Two rows as the database publishes them, with a column that is not used."""
    row = dict.fromkeys(local_volume.COLUMNS, "") | {"key": "dream_1", "name": "Dream", "ra": "10", "dec": "-5"}
    row |= {"distance_modulus": "20", "rhalf": "10", "confirmed_real": "1", "M_V": "-9", **changes}
    rumor = row | {"key": "rumor_1", "name": "Rumor", "confirmed_real": "0"}
    return "\n".join(",".join(values) for values in (row, row.values(), rumor.values()))


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Fornax", "Fornax"),
        ("fornax dSph", "Fornax"),
        ("FORNAX I", "Fornax"),
        ("For", "Fornax"),
        ("leo1", "Leo I"),
        ("Leo V", "Leo V"),
        ("CVnI", "Canes Venatici I"),
        ("Boötes 3", "Bootes III"),
        ("And XVI", "Andromeda XVI"),
        ("ic1613", "IC 1613"),
        ("DDO 210", "Aquarius"),
        ("SagDIG", "Sagittarius dIrr"),
        ("Sgr dSph", "Sagittarius"),
        ("Sculptor dwarf spheroidal galaxy", "Sculptor"),
    ],
)
def test_a_name_in_many_spellings(words, name):
    assert find_galaxy(words).name == name


def test_every_name_key_and_alias_is_found_and_no_two_galaxies_share_one():
    galaxies, _ = local_volume._database()
    for key, galaxy in galaxies.items():
        assert find_galaxy(galaxy.name) is galaxy
        assert find_galaxy(key) is galaxy
    assert set(local_volume.ALIASES.values()) <= set(galaxies)


def test_what_is_no_name_is_refused_with_the_nearest_ones():
    with pytest.raises(InputError, match=r"no galaxy 'Fornxa': did you mean Fornax\?"):
        find_galaxy("Fornxa")
    with pytest.raises(InputError, match="no galaxy 'my galaxy': give its distance"):
        find_galaxy("my galaxy")
    assert not is_known("my galaxy")
    assert near_names("Fornxa") == ["Fornax"]
    assert near_names("Fornax") == near_names("mock_dwarf") == []


def test_values_are_in_their_ranges_and_have_references():
    for galaxy in local_volume._database()[0].values():
        assert 0 <= galaxy.center[0] <= 360
        assert 8 < galaxy.distance_kpc < 60_000
        assert galaxy.distance_error_kpc >= 0
        assert 0 <= galaxy.ellipticity < 1
        assert galaxy.R_major_arcmin is None or 0.001 < galaxy.R_major_kpc(galaxy.distance_kpc)[0] <= 8
        assert galaxy.R_major_arcmin is None or galaxy.structure_from


def test_the_table_is_replaced_by_that_of_a_file(own_table, tmp_path, capsys):
    path = tmp_path / "dwarf_all.csv"
    path.write_text(whole_table())
    assert main([str(path)]) == 0
    assert "1 galaxies" in capsys.readouterr().out
    assert find_galaxy("dream").distance_kpc == 100.0
    assert not is_known("Fornax")
    assert not is_known("Rumor")
    head = own_table.read_text()
    assert "CC0" in head
    assert "M_V" not in head


@pytest.mark.usefixtures("own_table")
def test_a_size_that_no_galaxy_has_is_not_used(tmp_path):
    path = tmp_path / "dwarf_all.csv"
    path.write_text(whole_table(rhalf="275"))
    refresh(path)
    assert find_galaxy("dream").R_major_arcmin is not None
    path.write_text(whole_table(rhalf="276"))
    refresh(path)
    assert find_galaxy("dream").R_major_arcmin is None


def test_a_download_replaces_it_and_no_network_leaves_it(own_table, monkeypatch, capsys):
    monkeypatch.setattr("urllib.request.urlopen", lambda *_args, **_words: io.BytesIO(whole_table().encode()))
    assert main([]) == 0
    assert is_known("Dream")
    before = own_table.read_bytes()

    def unplugged(*_args, **_words):
        raise OSError("no route to host")

    monkeypatch.setattr("urllib.request.urlopen", unplugged)
    assert main([]) == 1
    assert "cannot be reached (no route to host), so the table stays as it is" in capsys.readouterr().err
    assert own_table.read_bytes() == before


@pytest.mark.usefixtures("own_table")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "lacks confirmed_real, dec"),
        ("", "lacks"),
        (whole_table(ra="east"), "damaged: could not convert"),
    ],
)
def test_another_table_is_refused(tmp_path, text, message):
    path = tmp_path / "dwarf_all.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        refresh(path)
    assert is_known("Fornax")
