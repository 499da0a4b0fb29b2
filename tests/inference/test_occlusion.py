from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
from models_for_tests import untrained
from toy import N_PIXELS, toy_dataset

from stargas.batch import Batch
from stargas.features.star_features import STAR_FEATURES
from stargas.inference.occlusion import PATCH, group_of, occlude
from stargas.model.layout import GROUP_OF
from stargas.randomness import rng_for
from stargas.sample import MAPS, without_tracer

CORNER = PATCH + 1


@pytest.fixture(scope="module")
def data():
    return toy_dataset(10)


@pytest.fixture(scope="module")
def posterior(data):
    return untrained(data, tracers="any", features=True, baseline="scalars", priors=("bursty",))


def ignoring(posterior, channel):
    """The same model, the branch of one map silenced."""
    silent = replace(posterior, network=deepcopy(posterior.network))
    for parameter in silent.network.branches[channel].parameters():
        parameter.data.zero_()
    return silent


def test_a_network_that_ignores_a_map_has_a_zero_occlusion_map_for_it(data):
    posterior = untrained(data, tracers="any")
    whole, deaf = occlude(posterior, data[0]), occlude(ignoring(posterior, 2), data[0])
    assert whole.maps == deaf.maps == MAPS
    for channel, name in enumerate(MAPS):
        size, silenced = np.abs(whole.patches[channel]).max(), np.abs(deaf.patches[channel]).max()
        assert size > 1e-5
        if channel == 2:
            assert silenced < 1e-6
            assert np.abs(deaf.whole_maps[name]).max() < 1e-6
        else:
            assert silenced > 1e-5


def test_a_patch_outside_the_galaxy_changes_nothing(posterior, data):
    sample = data[0]
    maps = sample.maps.copy()
    maps[:, :CORNER, :CORNER] = 0
    found = occlude(posterior, replace(sample, maps=maps))
    np.testing.assert_array_equal(found.patches[:, 0, 0], 0)
    assert np.abs(found.patches[:, 1, 1]).min() > 0


def test_a_patch_is_what_the_model_says_without_it(data):
    """Of a model without numbers, which sees the map alone: the changed sample gives the same."""
    posterior = untrained(data, tracers="any")
    sample, seed, n_draws = data[5], 3, 40
    found = occlude(posterior, sample, seed=seed, n_draws=n_draws)
    i, j, channel = 1, 0, MAPS.index("moment1")
    maps = sample.maps.copy()
    row, column = found.starts[i], found.starts[j]
    maps[channel, row : row + PATCH, column : column + PATCH] = 0

    def median(sample):
        half = rng_for(seed, "occlusion").standard_normal((1, n_draws // 2, 10), dtype=np.float32)
        inputs = posterior.inputs(Batch.stack([sample]))
        noise = np.concatenate([half, -half], axis=1)
        return np.median(posterior.draw(posterior.context(inputs), inputs, noise)[0], axis=0)

    expected = median(replace(sample, maps=maps)) - median(sample)
    np.testing.assert_allclose(found.patches[channel, i, j], expected, atol=1e-5)
    assert np.abs(expected).max() > 1e-4
    assert np.abs(found.patches[channel, j, i] - expected).max() > 1e-5  # rows are rows
    maps[channel] = 0
    blank = median(replace(sample, maps=maps)) - median(sample)
    np.testing.assert_allclose(found.whole_maps["moment1"], blank, atol=1e-5)
    assert np.abs(blank - expected).max() > 1e-5


def test_patches_cover_the_map_to_its_edges(posterior, data):
    found = occlude(posterior, data[0], patch=6, stride=4)
    np.testing.assert_array_equal(found.starts, [0, 4, 8, 10])
    assert found.starts[-1] + 6 == N_PIXELS
    pixels = found.on_pixels()
    assert pixels.shape == (5, N_PIXELS, N_PIXELS)
    change = found.patches.mean(axis=-1)
    np.testing.assert_allclose(pixels[:, 0, 0], change[:, 0, 0])
    np.testing.assert_allclose(pixels[:, 0, 5], change[:, 0, :2].mean(axis=1))
    np.testing.assert_allclose(pixels[:, -1, 0], change[:, -1, 0])
    np.testing.assert_allclose(found.on_pixels(3)[:, 0, 0], found.patches[:, 0, 0, 3])


def test_only_what_is_known_is_taken_away(posterior, data):
    found = occlude(posterior, without_tracer(data[0], "gas"))
    assert found.maps == MAPS[:2]
    assert set(found.features) == {"R_hl and σ", "features of the stars", "quality of the data"}
    assert occlude(posterior.conditioned_on("stars"), data[0]).maps == MAPS[:2]
    assert occlude(untrained(data, tracers="gas"), data[0]).maps == MAPS[2:]


def test_every_number_belongs_to_a_group(posterior):
    found = {name: group_of(name) for name in posterior.scaling.layout.features}
    assert found["log_R_hl_kpc"] == found["log_sigma_kms"] == "R_hl and σ"
    assert found["log_v_cold_kms"] == "R_HI, v and σ of the HI"
    assert {found[name] for name in ("log_n_stars", "log_noise")} == {"quality of the data"}
    assert {found[name] for name in STAR_FEATURES} == {"features of the stars"}
    assert {group for name, group in found.items() if name.startswith("HI_")} == {"features of the HI maps"}
    assert set(occlude(posterior, toy_dataset(5)[0]).features) == set(found.values())


def test_a_group_of_the_training_set_s_mean_is_not_missed(posterior, data):
    """Where the mean is that of the galaxy itself, and the negative control: any other galaxy misses its own."""
    sample = data[0]
    found = occlude(posterior, sample).features
    assert all(np.abs(change).max() > 1e-5 for change in found.values())
    scaling = posterior.scaling
    columns = [i for i, name in enumerate(scaling.layout.features) if GROUP_OF[name].kind == "quality"]
    own = posterior.inputs(Batch.stack([sample])).features[0].numpy()
    mean = scaling.feature_mean.copy()
    mean[columns] += own[columns] * scaling.feature_std[columns]
    moved = replace(posterior, scaling=replace(scaling, feature_mean=mean))
    assert np.abs(occlude(moved, sample).features["quality of the data"]).max() < 1e-5


def test_scalars_are_taken_from_the_baseline_too(data):
    """With Wolf-like slopes σ and R_hl carry the mass, which the network alone does not know of."""
    with_slopes, plain = (untrained(data, tracers="any", baseline=kind) for kind in ("scalars", "mean"))
    far = max(data, key=lambda sample: sample.scalars[1])
    assert np.abs(occlude(with_slopes, far).features["R_hl and σ"]).mean() > 0.2
    target = with_slopes.target
    flat = replace(with_slopes, target=replace(target, slopes=np.zeros_like(target.slopes)))
    change = np.abs(occlude(flat, far).features["R_hl and σ"]).mean()
    assert change < np.abs(occlude(with_slopes, far).features["R_hl and σ"]).mean()
    assert np.abs(occlude(plain, far).features["R_hl and σ"]).mean() > 0


def test_the_seed_and_the_prior_count(posterior, data):
    one, again, other = (occlude(posterior, data[0], seed=seed).patches for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
    assert not np.array_equal(one, occlude(posterior.with_prior("bursty"), data[0]).patches)
