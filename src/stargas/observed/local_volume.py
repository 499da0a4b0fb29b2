"""What the literature knows of galaxies of the Local Volume, by name.

The values are those of the Local Volume Database (Pace 2025, Open Journal of Astrophysics 8, 142), which is in the
public domain (CC0). A table of the columns that are used comes with the package, so no network is needed. One command
replaces it by that of today:

    python -m stargas.observed.local_volume

>>> find_galaxy("fornax dSph").name, find_galaxy("And II").name, find_galaxy("DDO 221").name
('Fornax', 'Andromeda II', 'WLM')
"""

import argparse
import csv
import difflib
import io
import math
import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from stargas.errors import InputError, StargasError
from stargas.notation import RADIANS, distance_kpc
from stargas.representation import Described
from stargas.storage import sha256_of, write_atomically

SOURCE = "https://raw.githubusercontent.com/apace7/local_volume_database/main/data/dwarf_all.csv"
"""Where the database publishes its table of dwarf galaxies."""

TABLE = Path(__file__).with_name("local_volume.csv")
"""The table that comes with the package."""

COLUMNS = (
    "key",
    "name",
    "ra",
    "dec",
    "distance_modulus",
    "distance_modulus_em",
    "distance_modulus_ep",
    "distance_measurement_method",
    "ref_distance",
    "rhalf",
    "rhalf_em",
    "rhalf_ep",
    "ellipticity",
    "ellipticity_em",
    "ellipticity_ep",
    "position_angle",
    "position_angle_em",
    "position_angle_ep",
    "ref_structure",
)
"""Columns of the database that are kept, under its names."""

MAX_BYTES = 50_000_000
"""Largest table that is read; that of today has half a megabyte."""

LIKENESS = 0.8
"""Ratio of ``difflib`` from which a name may be a misspelling of another."""

MAX_R_MAJOR_KPC = 8.0
"""Larger half-light radii are slips of arcseconds and arcminutes in the database: that of the LMC has 2.8 kpc."""

SECONDS = 30
"""How long a download may stand still."""

TYPE_WORDS = re.compile(r"\b(dsph|dirr|dig|dwarf|spheroidal|irregular|galaxy)\b")
"""Words that may follow a name."""

CONSTELLATIONS = {
    "and": "andromeda",
    "ant": "antlia",
    "aqr": "aquarius",
    "boo": "bootes",
    "car": "carina",
    "cet": "cetus",
    "com": "coma berenices",
    "cvn": "canes venatici",
    "dra": "draco",
    "eri": "eridanus",
    "for": "fornax",
    "her": "hercules",
    "hyi": "hydrus",
    "lac": "lacerta",
    "lmi": "leo minor",
    "peg": "pegasus",
    "per": "perseus",
    "phe": "phoenix",
    "psc": "pisces",
    "ret": "reticulum",
    "scl": "sculptor",
    "seg": "segue",
    "sex": "sextans",
    "sgr": "sagittarius",
    "sag": "sagittarius",
    "tri": "triangulum",
    "tuc": "tucana",
    "uma": "ursa major",
    "umi": "ursa minor",
    "wil": "willman",
}
"""Abbreviations at the beginning of a name."""

ALIASES = {
    "Barnard's galaxy": "ngc_6822",
    "DDO 3": "ngc_0147",
    "DDO 8": "ic_1613",
    "DDO 69": "leo_a",
    "DDO 70": "sextans_b",
    "DDO 74": "leo_1",
    "DDO 75": "sextans_a",
    "DDO 93": "leo_2",
    "DDO 199": "ursa_minor_1",
    "DDO 208": "draco_1",
    "DDO 209": "ngc_6822",
    "DDO 210": "aquarius_1",
    "DDO 216": "pegasus_dirr",
    "DDO 221": "wlm",
    "DDO 236": "ngc_3109",
    "Large Magellanic Cloud": "lmc",
    "M 110": "ngc_0205",
    "NGC 221": "m_032",
    "Pegasus": "pegasus_dirr",
    "Sag DIG": "sagittarius_dirr",
    "SagDIG": "sagittarius_dirr",
    "Small Magellanic Cloud": "smc",
    "VV 124": "ugc_04879",
    "Wolf-Lundmark-Melotte": "wlm",
}
"""Further names → key of the database."""


@dataclass(frozen=True, repr=False)
class KnownGalaxy(Described):
    """A galaxy of the Local Volume Database.

    Parameters
    ----------
    name
        Name in the database.
    center
        Right ascension and declination [deg].
    distance_modulus, distance_modulus_error
        [mag].
    distance_from
        Reference of the distance.
    R_major_arcmin, R_major_error_arcmin
        Half-light radius along the major axis [arcmin]; None where it is not known.
    ellipticity, ellipticity_error
        1 − b/a; 0 where it is not known.
    position_angle_deg, position_angle_error_deg
        Of the major axis, from north through east [deg]; None where it is not known. It has no receding side.
    structure_from
        Reference of size, ellipticity and position angle.

    Notes
    -----
    Errors are standard errors, the mean of those to both sides, and 0 where the database has none.

    Examples
    --------
    >>> find_galaxy("Carina").ellipticity
    0.36
    """

    name: str
    center: tuple[float, float]
    distance_modulus: float
    distance_modulus_error: float
    distance_from: str
    R_major_arcmin: float | None
    R_major_error_arcmin: float
    ellipticity: float
    ellipticity_error: float
    position_angle_deg: float | None
    position_angle_error_deg: float
    structure_from: str

    def _facts(self) -> Mapping[str, str]:
        facts = {
            "name": self.name,
            "center": f"{self.center[0]:g}, {self.center[1]:g} deg",
            "distance": f"{self.distance_kpc:.4g} ± {self.distance_error_kpc:.2g} kpc ({self.distance_from})",
        }
        if (size := self.R_major_kpc(self.distance_kpc)) is not None:
            facts["R_hl along the major axis"] = f"{size[0]:.3g} ± {size[1]:.2g} kpc"
            facts["ellipticity"] = f"{self.ellipticity:g} ± {self.ellipticity_error:.2g} ({self.structure_from})"
        if self.position_angle_deg is not None:
            facts["position angle"] = f"{self.position_angle_deg:g} ± {self.position_angle_error_deg:.2g} deg"
        return facts

    @property
    def distance_kpc(self) -> float:
        """Distance [kpc].

        >>> round(find_galaxy("Fornax").distance_kpc)
        143
        """
        return distance_kpc(f"{self.distance_modulus} mag")

    @property
    def distance_error_kpc(self) -> float:
        """Standard error of the distance [kpc]."""
        return self.distance_kpc * self.distance_modulus_error * math.log(10) / 5

    def R_major_kpc(self, distance: float) -> tuple[float, float] | None:  # noqa: N802 (the field's own name)
        """Half-light radius along the major axis and its standard error [kpc] at a distance [kpc]."""
        if self.R_major_arcmin is None:
            return None
        kpc = RADIANS["arcmin"] * distance
        return self.R_major_arcmin * kpc, self.R_major_error_arcmin * kpc


def find_galaxy(name: str) -> KnownGalaxy:
    """Return what the Local Volume Database knows of a galaxy.

    Parameters
    ----------
    name
        In upper or lower case, with or without blanks, with Roman or Arabic numbers, perhaps abbreviated or one of
        `ALIASES`.

    Raises
    ------
    InputError
        If there is none of that name. The nearest names are suggested.

    Examples
    --------
    >>> find_galaxy("Fornx")
    Traceback (most recent call last):
    stargas.errors.InputError: the Local Volume Database has no galaxy 'Fornx': did you mean Fornax?
    """
    key = _key_of(name)
    if key is None:
        suggested = near_names(name)
        meant = f"did you mean {' or '.join(suggested)}?" if suggested else "give its distance, center and R_hl."
        raise InputError(f"the Local Volume Database has no galaxy {name!r}: {meant}")
    return _database()[0][key]


def galaxy_names() -> list[str]:
    """Return the names of all galaxies of the database, in the order of the alphabet.

    >>> len(galaxy_names()) > 700, "Fornax" in galaxy_names()
    (True, True)
    """
    return sorted(galaxy.name for galaxy in _database()[0].values())


def near_names(name: str) -> list[str]:
    """Return names of galaxies that a name, which is none of them, is likely a misspelling of."""
    galaxies, names = _database()
    near = [] if _key_of(name) else difflib.get_close_matches(_normal(name), names, n=3, cutoff=LIKENESS)
    return list(dict.fromkeys(galaxies[names[one]].name for one in near))


def is_known(name: str) -> bool:
    """Whether the database has a galaxy of that name.

    >>> is_known("Leo 1"), is_known("my galaxy")
    (True, False)
    """
    return _key_of(name) is not None


def _key_of(name: str) -> str | None:
    _, names = _database()
    return names.get(_normal(name)) or names.get(_normal(TYPE_WORDS.sub(" ", name.lower())))


def _normal(name: str) -> str:
    """Return a name without case, accents, blanks, signs and leading zeros, its Roman number in digits."""
    plain = unicodedata.normalize("NFKD", name[:100]).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z0-9]+", " ", plain).strip()
    found = re.match(r"([a-z]{3})(?=[ivx]+$|\d|\s|$)", plain)
    if found and found[1] in CONSTELLATIONS:
        plain = f"{CONSTELLATIONS[found[1]]} {plain[3:].strip()}"
    number = re.search(r"\s(x{0,3})(ix|iv|v?i{0,3})$", plain)
    if number and number[0].strip():
        units = {"": 0, "i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9}
        plain = f"{plain[: number.start()]} {10 * len(number[1]) + units[number[2]]}"
    return re.sub(r"(?<!\d)0+(?=\d)", "", plain).replace(" ", "")


@cache
def _database() -> tuple[Mapping[str, KnownGalaxy], Mapping[str, str]]:
    """Key → galaxy, and name as `_normal` makes it → key."""
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    rows = list(csv.DictReader(lines))
    names = {_normal(alias): key for alias, key in ALIASES.items()}
    for column in ("key", "name"):
        names |= {_normal(row[column]): row["key"] for row in rows}
    return {row["key"]: _galaxy(row) for row in rows}, names


def _galaxy(row: Mapping[str, str]) -> KnownGalaxy:
    distance_from = row["ref_distance"]
    if row["distance_measurement_method"] == "host":
        distance_from = f"{distance_from} (that of its host)".lstrip()
    size = float(row["rhalf"] or 0.0)
    kpc = size * RADIANS["arcmin"] * distance_kpc(f"{row['distance_modulus']} mag")
    return KnownGalaxy(
        name=row["name"],
        center=(float(row["ra"]), float(row["dec"])),
        distance_modulus=float(row["distance_modulus"]),
        distance_modulus_error=_error(row, "distance_modulus"),
        distance_from=distance_from,
        R_major_arcmin=size if 0 < kpc <= MAX_R_MAJOR_KPC else None,
        R_major_error_arcmin=_error(row, "rhalf"),
        ellipticity=float(row["ellipticity"] or 0.0),
        ellipticity_error=_error(row, "ellipticity"),
        position_angle_deg=float(row["position_angle"]) if row["position_angle"] else None,
        position_angle_error_deg=_error(row, "position_angle"),
        structure_from=row["ref_structure"],
    )


def _error(row: Mapping[str, str], name: str) -> float:
    """Mean of the errors to both sides, 0 where there are none."""
    return (float(row[f"{name}_em"] or 0.0) + float(row[f"{name}_ep"] or 0.0)) / 2


def select_columns(lines: Iterable[str], remarks: Iterable[str]) -> str:
    """Return the text of the package's table, from the lines of that of the database.

    Parameters
    ----------
    lines
        Of ``dwarf_all.csv``.
    remarks
        Lines of the head: source, version and license.

    Raises
    ------
    InputError
        If a column is missing, or a number is none.
    """
    rows = list(csv.DictReader(lines))
    missing = sorted({*COLUMNS, "confirmed_real"} - set(rows[0] if rows else ()))
    if missing:
        raise InputError(f"the table of the Local Volume Database lacks {', '.join(missing)}: give its dwarf_all.csv.")
    kept = [row for row in rows if row["confirmed_real"] == "1" and row["distance_modulus"]]
    try:
        for row in kept:
            _galaxy(row)
    except ValueError as error:
        raise InputError(f"the table of the Local Volume Database is damaged: {error}.") from error
    text = io.StringIO()
    text.writelines(f"# {remark}\n" for remark in remarks)
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(kept)
    return text.getvalue()


def refresh(path: Path | None = None) -> int:
    """Replace the package's table by that of a file, or of the network, and return its number of galaxies.

    Parameters
    ----------
    path
        A ``dwarf_all.csv`` of the database; it is downloaded if None.

    Raises
    ------
    InputError
        If there is no network, the table cannot be read, or the package cannot be written to.
    """
    text = _downloaded() if path is None else path.read_text(encoding="utf-8")
    remarks = (
        "Local Volume Database: Pace 2025, Open Journal of Astrophysics 8, 142, doi:10.33232/001c.144859.",
        "License: CC0 1.0, public domain. Please cite the references of the values too.",
        f"Source: {SOURCE}",
        f"Version: taken on {datetime.now(UTC):%Y-%m-%d}, SHA-256 of the whole table {sha256_of(text.encode())}.",
        "Confirmed systems with a distance, and the columns that stargas uses, as they are in the database.",
    )
    table = select_columns(text.splitlines(), remarks)
    try:
        write_atomically(TABLE, table.encode())
    except OSError as error:
        raise InputError(f"{TABLE} cannot be replaced: {error.strerror or error}.") from error
    _database.cache_clear()
    return len(_database()[0])


def _downloaded() -> str:
    from urllib.error import URLError
    from urllib.request import urlopen

    try:
        with urlopen(SOURCE, timeout=SECONDS) as answer:
            return str(answer.read(MAX_BYTES).decode("utf-8"))
    except (URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        raise InputError(
            f"the Local Volume Database cannot be reached ({reason}), so the table stays as it is: connect to the "
            "network, or give a dwarf_all.csv that you have."
        ) from error


def main(arguments: list[str] | None = None) -> int:
    """Refresh the table and report it."""
    parser = argparse.ArgumentParser(prog="python -m stargas.observed.local_volume", description="Refresh the table.")
    parser.add_argument("table", type=Path, nargs="?", help="dwarf_all.csv of the database (default: download it)")
    try:
        n_galaxies = refresh(parser.parse_args(arguments).table)
    except (StargasError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{TABLE}: {n_galaxies} galaxies.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
