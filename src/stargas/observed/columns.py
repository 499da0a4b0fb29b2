"""Names of columns: which column of a table of stars holds which quantity.

A column is found by its name, in upper or lower case. Where several could hold a quantity, or the name alone does not
say (``V`` is a magnitude in most tables), the table is refused with the candidates, and the user names the column. Two
columns of one name are one where they hold the same.
"""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from stargas.errors import InputError, did_you_mean
from stargas.text_tables import name_and_unit, namesakes

if TYPE_CHECKING:
    from astropy.table import Table

PositionKind = Literal["sky_deg", "offset_arcmin", "offset_kpc"]

_ERROR_FORMS = ("{}_error", "{}_err", "e_{}", "e{}", "{}_e", "{}err", "sigma_{}", "{}_unc", "err_{}", "{}_sigma")
_VELOCITIES = (
    *("v_los", "vlos", "v_los_kms", "vlos_kms", "hrv", "rv", "hv", "cz", "vrad", "v_rad", "rvel", "vr", "v_r"),
    *("vhelio", "v_helio", "vhel", "v_hel", "vhelio_avg", "velocity", "vel", "radial_velocity", "rad_vel", "radvel"),
    *("rv_helio", "helio_rv", "rv_kms", "vrad_kms", "v_kms", "heliocentric_velocity", "rv_nospec", "target_rv"),
    *(
        "line_of_sight_velocity",
        "los_velocity",
        "velocity_los",
        "vel_los",
        "dr2_radial_velocity",
        "dr3_radial_velocity",
    ),
)

ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ra": (
            *("ra", "raj2000", "ra_icrs", "ra_deg", "radeg", "_ra", "_raj2000", "alpha", "target_ra"),
            *("right_ascension", "ra_j2000", "alpha_j2000"),
        ),
        "dec": (
            *("dec", "dej2000", "decj2000", "de_icrs", "dec_icrs", "dec_deg", "dedeg", "decdeg", "_de", "_dej2000"),
            *("delta", "target_dec", "declination", "dec_j2000", "delta_j2000"),
        ),
        "xi": ("xi", "xi_arcmin", "dx_arcmin", "x_arcmin"),
        "eta": ("eta", "eta_arcmin", "dy_arcmin", "y_arcmin"),
        "x_kpc": ("x_kpc",),
        "y_kpc": ("y_kpc",),
        "v_los": _VELOCITIES,
        "v_los_error": (
            *(form.format(name) for name in _VELOCITIES for form in _ERROR_FORMS),
            *("verr", "v_err", "v_error", "verror", "v_los_error_kms", "vlos_error_kms"),
        ),
        "p_member": (
            *("p_member", "pmember", "p_mem", "pmem", "prob", "p", "membership", "member_probability", "prob_member"),
            *("mem_prob", "membership_probability", "pmemb", "member", "p_memb", "probability", "mprob"),
        ),
    }
)
"""Quantity → names of columns by which it is found, upper or lower case; the first is the default."""

UNITS: Mapping[str, str] = MappingProxyType(
    {
        "ra": "deg",
        "dec": "deg",
        "xi": "arcmin",
        "eta": "arcmin",
        "x_kpc": "kpc",
        "y_kpc": "kpc",
        "v_los": "km/s",
        "v_los_error": "km/s",
        "p_member": "",
    }
)
"""Quantity → its unit in a catalogue, and that of a column which states none."""

POSITIONS: Mapping[PositionKind, tuple[str, str]] = MappingProxyType(
    {"sky_deg": ("ra", "dec"), "offset_arcmin": ("xi", "eta"), "offset_kpc": ("x_kpc", "y_kpc")}
)
"""Kind of positions → its two quantities; where a table has several kinds, the first is taken."""

AMBIGUOUS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"v_los": ("v",), "v_los_error": ("e_v", "ev", "v_e", "sigma_v", "sig_v")}
)
"""Quantity → names that are magnitudes in other tables: they count only where the unit is one of velocity, or where the
name is in lower case and the table has no photometry."""

_BANDS = frozenset("ubvgrizyjhk") - {"v"}


def find_columns(
    table: "Table", wanted: Mapping[str, str], path: Path, *, velocities: bool = True
) -> tuple[PositionKind, dict[str, str]]:
    """Find the columns of a table of stars.

    Parameters
    ----------
    table
        Its names and units are read.
    wanted
        Quantity to the name of its column, for those that the user names.
    path
        For messages.
    velocities
        Whether velocities are needed. If False, they are not looked for.

    Returns
    -------
    kind
        Of the positions: one that is named, else the first of `POSITIONS` that is found.
    names
        Quantity to the name of its column: two positions, ``v_los``, and ``v_los_error`` and ``p_member`` if found.

    Raises
    ------
    InputError
        If a quantity or column is not known, positions or velocities are missing, or several columns may be meant.
    """
    unknown = [name for name in wanted if name not in ALIASES]
    if unknown:
        near = did_you_mean(unknown[0], ALIASES)
        raise InputError(f"there is no quantity {unknown[0]!r} to name a column for{near}: use {', '.join(ALIASES)}.")
    kind = _position_kind(table, wanted, path)
    found = {
        quantity: _column_name(table, quantity, wanted, path)
        for quantity in (*POSITIONS[kind], *(("v_los", "v_los_error") if velocities else ()), "p_member")
    }
    names = {quantity: name for quantity, name in found.items() if name is not None}
    if velocities and "v_los" not in names:
        raise InputError(
            f"{path} has no column that is certain to hold line-of-sight velocities, found {listed(table.colnames)}"
            f"{_candidates(table)}: name the column, as columns v_los=NAME."
        )
    return kind, names


def recognized_columns(names: Collection[str], wanted: Mapping[str, str]) -> dict[str, str]:
    """Return quantity to column for those that one and only one column of these names is certain to hold."""
    used = dict(wanted)
    for quantity in ALIASES:
        fitting = _fitting(names, quantity, wanted)
        if quantity not in used and len(fitting) == 1:
            used[quantity] = fitting[0]
    kinds = [pair for pair in POSITIONS.values() if set(pair) <= set(used)]
    other = {quantity for pair in POSITIONS.values() for quantity in pair} - set(kinds[0] if kinds else ())
    return {quantity: column for quantity, column in used.items() if quantity not in other}


def listed(names: Collection[str]) -> str:
    """Names for a message, the first twenty of them."""
    short = [str(name)[:40] for name in names]
    return ", ".join(short[:20]) + (f" and {len(short) - 20} more" if len(short) > 20 else "")


def _fitting(names: Collection[str], quantity: str, wanted: Mapping[str, str]) -> list[str]:
    """Columns whose name stands for a quantity: the default name alone, else all aliases; named columns are taken."""
    free = [name for name in names if name not in set(wanted.values())]
    if quantity in free:
        return [quantity]
    found = [name for name in free if name_and_unit(name)[0].lower() in ALIASES[quantity]]
    if not found and quantity in AMBIGUOUS and not _has_photometry(names):
        found = [name for name in free if name_and_unit(name)[0] in AMBIGUOUS[quantity]]
    return found


def _column_name(table: "Table", quantity: str, wanted: Mapping[str, str], path: Path) -> str | None:
    """Name of the column that holds a quantity; None if there is none."""
    if quantity in wanted:
        if wanted[quantity] not in table.colnames:
            near = did_you_mean(wanted[quantity], table.colnames)
            raise InputError(
                f"{path} has no column {wanted[quantity]!r} for {quantity}{near}, found {listed(table.colnames)}."
            )
        return wanted[quantity]
    found = _fitting(table.colnames, quantity, wanted)
    if not found and quantity in AMBIGUOUS:
        found = [name for name in _with_velocity_unit(table) if name.lower() in AMBIGUOUS[quantity]]
    found = [name for name in namesakes(table, found) if name in found or name not in wanted.values()]
    if len(found) > 1:
        raise InputError(
            f"{path} has several columns that may be {quantity}: {', '.join(found)}; name the one that is meant, as "
            f"columns {quantity}={found[0]}."
        )
    return found[0] if found else None


def _position_kind(table: "Table", wanted: Mapping[str, str], path: Path) -> PositionKind:
    kinds = [kind for kind, pair in POSITIONS.items() if any(quantity in wanted for quantity in pair)]
    if len(kinds) > 1:
        raise InputError(
            f"columns are named for {' and '.join(', '.join(POSITIONS[kind]) for kind in kinds)}: name one kind of "
            "positions."
        )
    for kind in kinds or POSITIONS:
        if all(_column_name(table, quantity, wanted, path) is not None for quantity in POSITIONS[kind]):
            return kind
    pairs = [POSITIONS[kind] for kind in kinds or POSITIONS]
    raise InputError(
        f"{path} has no columns of positions: expected {' or '.join(' and '.join(pair) for pair in pairs)}, found "
        f"{listed(table.colnames)}; name them, as columns ra=NAME,dec=NAME."
    )


def _has_photometry(names: Collection[str]) -> bool:
    """Whether other columns are magnitudes or colors, so that a ``v`` is likely one too."""
    lower = [name.lower() for name in names]
    return any(name in _BANDS or "mag" in name or "-" in name for name in lower)


def _with_velocity_unit(table: "Table") -> Iterator[str]:
    from astropy import units as u

    for name in table.colnames:
        unit = getattr(table[name], "unit", None)
        if getattr(unit, "physical_type", None) == u.get_physical_type("speed"):
            yield str(name)


def _candidates(table: "Table") -> str:
    """Columns that may hold velocities, for the question which one does."""
    likely = [
        name
        for name in table.colnames
        if name.lower() in AMBIGUOUS["v_los"] or any(part in name.lower() for part in ("vel", "rv", "vr", "vh", "vlos"))
    ]
    return f" (perhaps {', '.join(map(str, likely[:5]))})" if likely else ""
