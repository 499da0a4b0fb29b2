"""Binary snapshots of Gadget-1 and Gadget-2, from those in HDF5 that `snapshot_writers` writes."""

import struct

import h5py
import numpy as np

NAMES = {
    "POS ": "Coordinates",
    "VEL ": "Velocities",
    "ID  ": "ParticleIDs",
    "MASS": "Masses",
    "U   ": "InternalEnergy",
    "RHO ": "Density",
    "NE  ": "ElectronAbundance",
    "NH  ": "NeutralHydrogenAbundance",
    "HSML": "SmoothingLength",
}


def write_gadget_binary(path, hdf5, *, named=True, order="<", cooling=True, part=slice(None), n_files=1):
    """Write the particles of a snapshot in HDF5 as a binary one.

    ``named`` for format 2; without ``cooling`` the abundances are left out; ``part`` selects particles for one of
    ``n_files`` files.
    """
    with h5py.File(hdf5) as file:
        header = file["Header"].attrs
        groups = {kind: file[f"PartType{kind}"] for kind in range(6) if f"PartType{kind}" in file}
        counts = [len(groups[kind]["Masses"][part]) if kind in groups else 0 for kind in range(6)]
        head = struct.pack(f"{order}6I6d", *counts, *np.ravel(header["MassTable"])[:6])
        head += struct.pack(f"{order}2d2i", header["Time"], header["Redshift"], 0, 0)
        head += struct.pack(f"{order}6I2i", *counts, int(cooling), n_files)
        head += struct.pack(f"{order}4d", header["BoxSize"], header["Omega0"], 0.7, header["HubbleParam"])
        content = record("HEAD", head.ljust(256, b"\0"), named, order)
        for name, dataset in NAMES.items():
            if name in ("NE  ", "NH  ") and not cooling:
                continue
            kind = "u4" if name == "ID  " else "f4"
            parts = [np.ravel(group[dataset][part]) for group in groups.values() if dataset in group]
            content += record(name, np.concatenate(parts).astype(f"{order}{kind}").tobytes(), named, order)
    path.write_bytes(content)


def record(name, data, named, order):
    size = struct.pack(f"{order}i", len(data))
    label = struct.pack(f"{order}i4sii", 8, name.encode(), len(data) + 8, 8) if named else b""
    return label + size + data + size
