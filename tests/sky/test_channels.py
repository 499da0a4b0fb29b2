"""Channels against the laws that their entries state: maps of the same galaxy turned, mirrored or reversed."""

import numpy as np
import pytest
import torch
from analytic import star_gas_galaxy
from sources_for_tests import TINY

from stargas.sample import MAPS, make_sample
from stargas.sky.channels import CHANNELS, channels_of
from stargas.sky.hi_particles import SkyGas
from stargas.sky.projection import SkyGalaxy, SkyStars, project
from stargas.sky.view import View


@pytest.fixture(scope="module")
def sky():
    return project(star_gas_galaxy(500, 800), View(55.0))


def changed(sky, matrix=((1, 0), (0, 1)), sign=1.0):
    """The galaxy with its sky transformed by a matrix and its velocities multiplied by a sign."""
    (xx, xy), (yx, yy) = matrix

    def moved(x, y, v):
        return xx * x + xy * y, yx * x + yy * y, sign * v

    stars, gas = sky.stars, sky.gas
    return SkyGalaxy(
        SkyStars(*moved(stars.x_kpc, stars.y_kpc, stars.v_los_kms)),
        SkyGas(*moved(gas.x_kpc, gas.y_kpc, gas.v_los_kms), gas.mHI_msun, gas.temperature_K, gas.hsm_kpc),
        sky.R_hl_kpc,
    )


def tensors(sky):
    rng = np.random.default_rng(0)
    return torch.from_numpy(make_sample(sky, rng, TINY, np.arange(500)).maps)


def distance(one, other):
    """Largest difference of each channel over its largest value."""
    return [(float((a - b).abs().max()) / float(a.abs().max())) for a, b in zip(one, other, strict=True)]


def test_reversed_velocities(sky):
    maps, reverse = tensors(sky), tensors(changed(sky, sign=-1.0))
    expected = [channel.reverse(image) for channel, image in zip(CHANNELS, maps, strict=True)]
    assert max(distance(expected, reverse)) < 1e-4
    # control: the maps that hold velocities do change
    moved = {name for name, d in zip(MAPS, distance(maps, reverse), strict=True) if d > 0.01}
    assert moved == {"Rv", "moment1"}


@pytest.mark.parametrize(
    ("matrix", "on_array"),
    [
        (((-1, 0), (0, 1)), lambda image: image.flip(1)),
        (((0, -1), (1, 0)), lambda image: torch.rot90(image, -1)),  # rows rise with y
    ],
    ids=["mirrored", "turned"],
)
def test_a_mirrored_or_turned_sky(sky, matrix, on_array):
    maps, after = tensors(sky), tensors(changed(sky, matrix))
    expected = [on_array(image) if channel.on_sky else image for channel, image in zip(CHANNELS, maps, strict=True)]
    assert max(distance(expected, after)) < 1e-4
    moved = {name for name, d in zip(MAPS, distance(maps, after), strict=True) if d > 0.01}
    assert moved == {channel.name for channel in CHANNELS if channel.on_sky}


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.name)
def test_compression_keeps_zero_and_order_and_is_of_order_one(channel):
    values = torch.tensor([[0.0, 1e-3, 1.0, 30.0, 300.0]])
    found = channel.compress(values)
    assert found[0, 0] == 0
    assert (found.diff() > 0).all()
    assert found.max() < 20
    assert torch.isfinite(channel.compress(-values)).all()


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.name)
def test_signs_of_velocities_survive_compression(channel):
    """Noise below zero of a density counts as none; a velocity keeps its sign."""
    found = channel.compress(torch.tensor([[-20.0]]))
    assert (found < 0) == channel.name.startswith(("moment1", "moment2"))


def test_names_by_tracer():
    assert channels_of("stars") == ("xy", "Rv")
    assert channels_of("stars") + channels_of("gas") == MAPS
