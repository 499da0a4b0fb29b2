"""Features of analytic maps have known values, and nothing of a withheld tracer enters them."""

import numpy as np
import pytest
from hi_for_tests import SIZE, disk, gaussian
from toy import toy_dataset

from stargas.baselines.tree_features import feature_names, hand_features
from stargas.batch import Batch
from stargas.config import ModelConfig
from stargas.errors import InputError
from stargas.features.hi_features import HI_FEATURES
from stargas.features.star_features import STAR_FEATURES
from stargas.features.star_map_features import N_BINS

NODE = np.linspace(-1, 1, SIZE)
STAR, GAS, BOTH = (ModelConfig(tracers=tracers) for tracers in ("star", "gas", "stargas"))
KNOWING = ModelConfig(tracers="gas", gas_knows_R_hl=True)


def batch_of(tracers=(True, True), n=1, scalars=(1.5, 12.0, 4.0, 30.0, 9.0), **maps):
    """Samples whose maps are given by name, the others zero."""
    stack = np.zeros((n, 5, SIZE, SIZE), np.float32)
    for i, name in enumerate(("xy", "Rv", "moment0", "moment1", "moment2")):
        stack[:, i] = maps.get(name, 0.0)
    present = np.tile(tracers, (n, 1))
    values = np.where(present[:, [0, 0, 1, 1, 1]], np.tile(scalars, (n, 1)), 0.0)
    of_the_set = np.zeros((n, len(STAR_FEATURES)), np.float32)
    return Batch(
        maps=stack,
        scalars=values,
        tracers=present,
        star_features=of_the_set,
        star_set=np.zeros((n, 4, 0), np.float32),
        quality=np.zeros((n, 4)),
        r_kpc=np.ones((n, 10)),
        log10_mass=np.zeros((n, 10), np.float32),
    )


def named(batch, config=BOTH):
    return dict(zip(feature_names(config), hand_features(batch, config).T, strict=True))


def test_light_inside_apertures_of_a_round_gaussian():
    found = named(batch_of(xy=gaussian(1.0, place=NODE), Rv=1.0))
    inside = [1 - np.exp(-0.5 * (r / 0.25) ** 2) for r in (0.25, 0.5, 0.75, 1.0)]
    shares = [found[f"xy_share_{r}"][0] for r in (25, 50, 75)]
    assert shares == pytest.approx(np.array(inside[:3]) / inside[3], abs=0.015)
    assert found["xy_quadrupole"] == pytest.approx(0, abs=1e-3)
    assert found["xy_log_total"] == pytest.approx(
        np.log10(2 * np.pi * 0.25**2 * (SIZE - 1) ** 2 / (4 * SIZE**2)), abs=0.01
    )


def test_velocity_widths_of_a_known_distribution():
    """Normal velocities with σ rising from 0.1 to 0.25 of the scale: kurtosis 3, a positive slope."""
    radius = (NODE + 1) / 2
    sigma = 0.1 + 0.15 * radius
    rising = np.exp(-0.5 * (NODE[:, None] / sigma) ** 2) / sigma
    found = named(batch_of(xy=1.0, Rv=rising))
    edges = np.linspace(0, 1, N_BINS + 1)
    for k in range(N_BINS):
        expected = 0.1 + 0.15 * (edges[k] + edges[k + 1]) / 2
        assert found[f"Rv_sigma_{k + 1}"] == pytest.approx(expected, rel=0.02)
        assert found[f"Rv_kurtosis_{k + 1}"] == pytest.approx(3, abs=0.15)
        assert found[f"Rv_mean_{k + 1}"] == pytest.approx(0, abs=1e-6)
    assert found["Rv_slope"] > 0.5
    falling = named(batch_of(xy=1.0, Rv=rising[:, ::-1]))
    assert falling["Rv_slope"] == pytest.approx(-found["Rv_slope"][0], rel=1e-3)
    moving = named(batch_of(xy=1.0, Rv=np.roll(rising, 3, axis=0)))
    assert moving["Rv_mean_1"] == pytest.approx(3 * 2 / (SIZE - 1), rel=0.01)


def test_physical_features_are_the_formulas():
    found = named(batch_of(xy=1.0, Rv=1.0, **disk()))
    G = 4.300917270e-6
    assert found["wolf"] == pytest.approx(np.log10(4 * 12**2 * 1.5 / G), abs=1e-5)
    assert found["log_R_HI_over_R_hl"] == pytest.approx(np.log10(4 / 1.5), abs=1e-6)
    assert found["log_v_over_sigma"] == pytest.approx(np.log10(30 / 12), abs=1e-6)


def test_features_of_hi_maps_are_among_them():
    names = feature_names(GAS)
    assert set(names) >= {f"HI_{name}" for name in HI_FEATURES}
    found = named(batch_of(**disk()), GAS)
    assert found["HI_hi"] == pytest.approx(np.log10(30**2 * 4 / 4.300917270e-6), abs=1e-5)
    assert 10 ** found["HI_log_amplitude_ring_3"] == pytest.approx(40 * np.sin(np.radians(60)), rel=0.02)


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_a_turn_on_the_sky_changes_nothing(quarter_turns):
    rng = np.random.default_rng(3)
    maps = {**disk(angle_deg=20), "xy": gaussian(0.7, 20, 0.6, NODE)}
    maps["moment1"] = maps["moment1"] + rng.normal(0, 2, (SIZE, SIZE))
    turned = {name: np.rot90(image, quarter_turns) for name, image in maps.items()}
    one, other = (hand_features(batch_of(Rv=1.0, **images), BOTH) for images in (maps, turned))
    assert np.allclose(one, other, rtol=1e-3, atol=1e-3, equal_nan=True)
    mirrored = hand_features(batch_of(Rv=1.0, **{**maps, "moment1": np.rot90(maps["moment1"])}), BOTH)
    assert not np.allclose(one, mirrored, rtol=1e-3, atol=1e-3, equal_nan=True)


def noisy_batch(n=3):
    data = toy_dataset(n_galaxies=n, n_views=1, n_pixels=16)
    return data.batch()


def perturbed(batch, maps=(), scalars=(), tracers=()):
    changed = {name: getattr(batch, name).copy() for name in Batch.__dataclass_fields__}
    for i in maps:
        changed["maps"][:, i] = np.random.default_rng(1).uniform(0, 9, changed["maps"][:, i].shape)
    for i in scalars:
        changed["scalars"][:, i] *= 3
    for i in tracers:
        changed["tracers"][:, i] = False
    return Batch(**changed)


WITHHELD = {
    "star": (STAR, (2, 3, 4), (2, 3, 4), (1,)),
    "gas": (GAS, (0, 1), (0, 1), (0,)),
    "gas that knows R_hl": (KNOWING, (0, 1), (1,), ()),
}


@pytest.mark.parametrize("name", WITHHELD)
def test_nothing_withheld_enters_a_feature(name):
    config, maps, scalars, tracers = WITHHELD[name]
    batch = noisy_batch()
    features = hand_features(batch, config)
    assert np.array_equal(features, hand_features(perturbed(batch, maps, scalars, tracers), config), equal_nan=True)
    for i in set(range(5)) - set(maps):
        assert not np.array_equal(features, hand_features(perturbed(batch, maps=[i]), config), equal_nan=True)
    for i in set(range(5)) - set(scalars):
        assert not np.array_equal(features, hand_features(perturbed(batch, scalars=[i]), config), equal_nan=True)


def test_gas_knows_the_half_light_radius_only_by_its_setting():
    assert set(feature_names(KNOWING)) - set(feature_names(GAS)) == {"log_R_hl_kpc", "log_R_HI_over_R_hl"}
    assert not set(feature_names(STAR)) & set(feature_names(GAS))


def test_an_absent_tracer_is_nan_and_the_other_unharmed():
    whole = batch_of(n=2, xy=gaussian(0.8, place=NODE), Rv=1.0, **disk())
    stars_alone = batch_of(n=2, tracers=(True, False), xy=gaussian(0.8, place=NODE), Rv=1.0)
    names = feature_names(BOTH)
    of_stars = np.isin(names, feature_names(STAR))
    with_gas, without = hand_features(whole, BOTH), hand_features(stars_alone, BOTH)
    assert np.array_equal(with_gas[:, of_stars], without[:, of_stars])
    assert np.isnan(without[:, ~of_stars]).all()
    assert np.isfinite(hand_features(whole, STAR)).all()


def test_empty_maps_have_no_features_and_raise_nothing():
    features = hand_features(batch_of(n=2), BOTH)
    assert features.shape == (2, len(feature_names(BOTH)))
    assert not np.isinf(features).any()


def test_a_sample_of_a_present_tracer_needs_positive_scalars():
    with pytest.raises(InputError, match="v_cold_kms of sample 0"):
        hand_features(batch_of(scalars=(1.5, 12, 4, 0, 9), **disk()), GAS)


def test_a_map_that_is_not_finite_is_named_if_it_is_seen():
    batch = batch_of(moment1=np.nan, **{**{k: v for k, v in disk().items() if k != "moment1"}, "Rv": 1.0, "xy": 1.0})
    with pytest.raises(InputError, match="not finite"):
        hand_features(batch, GAS)
    assert np.isfinite(hand_features(batch, STAR)).all()
