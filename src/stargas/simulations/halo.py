"""One galaxy's place in a snapshot, as a halo catalog has it."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Halo:
    """One galaxy to cut out of a snapshot.

    Parameters
    ----------
    id
        Its name in the catalog.
    center_kpc
        Its center in the snapshot's box [kpc, physical], shape (3,).
    radius_kpc
        What lies within this belongs to it [kpc, physical].
    host_id
        Name of the halo that it lives in; its own for a central galaxy.
    properties
        What the catalog knows besides, for the galaxy's properties.
    """

    id: str
    center_kpc: tuple[float, float, float]
    radius_kpc: float
    host_id: str = ""
    properties: dict[str, float] = field(default_factory=dict)


NO_HOST = ("", "0", "-1", "nan", "none", "null", "--")
"""What catalogs write, in lower case, for the host of a central galaxy."""


def has_host(host_id: str) -> bool:
    """Whether a catalog's entry names a host.

    Examples
    --------
    >>> has_host("17"), has_host("-1"), has_host("")
    (True, False, False)
    """
    return host_id.strip().lower().removesuffix(".0") not in NO_HOST


def outermost_host(halo_id: str, host_of: dict[str, str]) -> str:
    """Follow hosts outward: a satellite of a satellite belongs to the central's halo."""
    seen = {halo_id}
    while has_host(host := host_of.get(halo_id, "")) and host in host_of and host not in seen:
        halo_id = host
        seen.add(halo_id)
    return halo_id
