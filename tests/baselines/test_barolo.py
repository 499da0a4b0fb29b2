"""Rotation curves of 3DBarolo: what is read, and what mass they give. A script stands for the program."""

import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from stargas.baselines.barolo import RingGeometry, RotationCurve, fit_rings, read_rings
from stargas.constants import G
from stargas.errors import InputError

RINGS = """#RAD(Kpc) RAD(arcs) VROT(km/s) DISP(km/s) INC(deg) E_VROT1 E_VROT2
0.5 10.0 30.0 8.0 60.0 -2.0 4.0
1.5 30.0 50.0 8.0 60.0 -1.0 1.0
2.5 50.0 60.0 8.0 60.0 -1.0 1.0
"""
DRIFT = """#  RAD(arcs)  VCIRC(km/s)  ASYMDRIFT_SQ(km/s)2
10.0 40.0 700.0
30.0 55.0 525.0
50.0 65.0 625.0
"""
GEOMETRY = RingGeometry((150.0, 20.0), 500.0, 20.0, 3, 0.05)


def curve(drift=0.0, error=0.0):
    return RotationCurve(
        r_kpc=np.array([1.0, 2.0]),
        rotation_kms=np.array([30.0, 40.0]),
        error_kms=np.full(2, error),
        drift_squared=np.full(2, drift),
        inclination_deg=np.full(2, 60.0),
        seconds=1.0,
    )


def mass(of, r, n=1, **more):
    return of.log10_mass(r, n, np.random.default_rng(0), **more)


def written(folder, rings=RINGS, drift=DRIFT, name="rings_final1.txt"):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(rings)
    if drift:
        (folder / "asymdrift.txt").write_text(drift)
    return folder


def program(folder, lines):
    """Write a program that stands for 3DBarolo."""
    path = folder / "BBarolo"
    path.write_text("#!/bin/sh\n" + lines)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_rings_are_read_with_their_errors(tmp_path):
    found = read_rings(written(tmp_path), 0.05)
    assert found.r_kpc == pytest.approx([0.5, 1.5, 2.5])
    assert found.rotation_kms.tolist() == [30, 50, 60]
    assert found.error_kms.tolist() == [3, 1, 1]
    assert found.drift_squared.tolist() == [700, 525, 625]


def test_the_second_stage_counts_where_there_is_one(tmp_path):
    written(tmp_path)
    written(tmp_path, RINGS.replace("50.0 8.0", "55.0 8.0"), name="rings_final2.txt")
    assert read_rings(tmp_path, 0.05).rotation_kms.tolist() == [30, 55, 60]


def test_a_ring_without_drift_has_none(tmp_path):
    found = read_rings(written(tmp_path, drift=DRIFT.replace("30.0 55.0", "31.0 55.0")), 0.05)
    assert np.isnan(found.drift_squared).tolist() == [False, True, False]
    assert np.isnan(read_rings(written(tmp_path / "none", drift=None), 0.05).drift_squared).all()


def test_too_few_rings_are_named(tmp_path):
    with pytest.raises(InputError, match="found 1 rings"):
        read_rings(written(tmp_path, "\n".join(RINGS.splitlines()[:2])), 0.05)
    with pytest.raises(InputError, match="found 0 rings"):
        read_rings(tmp_path / "nothing", 0.05)


def test_the_mass_is_that_of_a_sphere():
    r, speed = np.array([1.0, 2.0, 4.0]), np.array([30.0, 40.0, 40.0])
    assert mass(curve(), r)[0] == pytest.approx(np.log10(r * speed**2 / G))


def test_between_rings_the_rotation_rises_steadily():
    r = np.linspace(0.1, 2.0, 50)
    speed = np.sqrt(G * 10 ** mass(curve(), r)[0] / r)
    assert (np.diff(speed) > 0).all()
    assert np.interp(1.5, r, speed) > 35


def test_drift_adds_to_the_square():
    assert mass(curve(700.0), [2.0], corrected=True)[0, 0] == pytest.approx(np.log10(2 * (1600 + 700) / G))
    assert mass(curve(700.0), [2.0])[0, 0] == pytest.approx(np.log10(2 * 1600 / G))


def test_errors_become_a_width():
    drawn = mass(curve(error=2.0), [2.0], n=20_000)
    assert drawn.std() == pytest.approx(2 / np.log(10) * 2 / 40, rel=0.05)
    assert mass(curve(), [2.0], n=10).std() == 0


def test_the_given_inclination_is_not_fitted():
    free, known = (one.parameters(Path("c"), Path("o")) for one in (GEOMETRY, replace(GEOMETRY, inclination_deg=50.0)))
    assert "INC" in free["FREE"].split()
    assert "INC" not in free
    assert "INC" not in known["FREE"].split()
    assert known["INC"] == 50.0


def test_a_fit_is_what_the_program_wrote(tmp_path):
    written(tmp_path / "made")
    copy = program(tmp_path, f"cp {tmp_path}/made/* . && grep -c NRADII $2 > count\n")
    assert len(fit_rings(copy, tmp_path / "c.fits", GEOMETRY, tmp_path / "out").r_kpc) == 3
    assert (tmp_path / "out" / "count").read_text() == "1\n"


def test_a_program_that_fails_is_named(tmp_path):
    with pytest.raises(InputError, match="ended with code 3"):
        fit_rings(program(tmp_path, "exit 3\n"), tmp_path / "c.fits", GEOMETRY, tmp_path / "out")
    with pytest.raises(InputError, match="found 0 rings"):
        fit_rings(program(tmp_path, "exit 0\n"), tmp_path / "c.fits", GEOMETRY, tmp_path / "out")
    with pytest.raises(InputError, match="ended with code -11"):
        fit_rings(program(tmp_path, "kill -SEGV $$\n"), tmp_path / "c.fits", GEOMETRY, tmp_path / "out")
    with pytest.raises(ChildProcessError, match="ended by signal 15"):
        fit_rings(program(tmp_path, "kill -TERM $$\n"), tmp_path / "c.fits", GEOMETRY, tmp_path / "out")
    with pytest.raises(InputError, match="there is no program"):
        fit_rings(tmp_path / "nothing", tmp_path / "c.fits", GEOMETRY, tmp_path / "out")
