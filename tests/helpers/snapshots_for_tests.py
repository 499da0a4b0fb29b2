"""Snapshots of one galaxy in the formats of many codes, read around it; halo tables."""

import dataclasses

from snapshot_writers import CENTER_KPC, TIPSY_CENTER_KPC

from stargas.config import SnapshotConfig
from stargas.simulations.snapshots import read_snapshot_galaxy

CONFIG = SnapshotConfig(molecular="none")
RADIUS_KPC = 100.0


def read(folder, name, **options):
    path, center = folder / f"{name}.hdf5", CENTER_KPC
    if name == "tipsy":
        path, center = folder / "tipsy" / "run.00100", TIPSY_CENTER_KPC
    config = options.pop("config", CONFIG)
    return read_snapshot_galaxy(path, center_kpc=center, radius_kpc=RADIUS_KPC, config=config, **options)


def near(galaxy):
    """Reference galaxy inside the radius that is cut, in its own frame."""
    from stargas import to_own_frame

    def cut(part):
        inside = part.radius_kpc < RADIUS_KPC
        return dataclasses.replace(
            part, **{field.name: getattr(part, field.name)[inside] for field in dataclasses.fields(part)}
        )

    return to_own_frame(
        dataclasses.replace(galaxy, stars=cut(galaxy.stars), gas=cut(galaxy.gas), dark=cut(galaxy.dark))
    )


def damage(path, keep):
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content))])


def plain_table(path, rows, columns="id,x_kpc,y_kpc,z_kpc,radius_kpc,host_id,is_satellite"):
    path.write_text("\n".join([columns, *rows, ""]))
    return path
