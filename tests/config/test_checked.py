"""Settings check themselves."""

import dataclasses
import math

import pytest

from stargas.cli.settings import BLOCKS
from stargas.config import DataConfig, StarMapConfig, settings_from
from stargas.storage import plain


@pytest.mark.parametrize(
    ("field", "bad", "good"),
    [
        ("data.views.n_views", 0, 1),
        ("data.views.n_views", 2.5, 2),
        ("data.views.n_views", 10**9, 1000),
        ("data.stars.max_stars", 10**12, 10_000_000),
        ("data.stars.xy_limit", -1.0, 1.0),
        ("data.stars.radius_limit", math.nan, 2),
        ("data.stars.bandwidth", "isj", "scott"),
        ("data.stars.bandwidth", 0.0, 0.3),
        ("data.stars.bandwidth_factor", 0.0, 0.5),
        ("data.stars.stars_in", "outside", "in_map"),
        ("data.stars.min_stars", 0, 50),
        ("data.stars.max_stars", 99, 100),
        ("data.gas.n_pixels", 32, 64),
        ("data.gas.channel_width_kms", 0.0, 2.0),
        ("data.gas.half_width", math.inf, 3.0),
        ("data.gas.half_width", 10**400, 3),
        ("data.gas.n_channels", 10**9, 1000),
        ("data.gas.channel_width_kms", 1e-9, 0.5),
        ("data.truth.radii", tuple(range(1, 10**5)), tuple(range(1, 101))),
        ("data.gas.line_width_kms", 0.0, None),
        ("data.gas.noise_msun_pc2", 0.1, 0.0),
        ("data.gas.clip_sigma", 3.0, 0.0),
        ("data.gas.widen_band", 1, False),
        ("data.truth.radii", (), (1.0,)),
        ("data.truth.radii", (2.0, 1.0), (1.0, 2.0)),
        ("data.selection.exclude", ("a", 3), ("a",)),
        ("data.selection.min_high_resolution_fraction", 1.1, 1.0),
        ("data.split.test", 0.85, 0.84),
        ("data.galaxies_per_shard", 0, 1),
        ("snapshots.unit_length_kpc", 0.0, 0.1),
        ("model.network", "dense", "residual"),
        ("model.convolutional.dropout", 2.0, 0.0),
        ("model.convolutional.filters", (8,), (4, 8)),
        ("model.convolutional.dense", (0,), ()),
        ("model.convolutional.kernel_size", 4, 5),
        ("model.residual.filters", (0,), ()),
        ("model.residual.ensemble_size", 0, 3),
        ("model.convolutional.dense", (4096,) * 64, (4096,) * 8),
        ("model.residual.width", 10**9, 1024),
        ("model.residual.n_blocks", 10**9, 8),
        ("model.residual.ensemble_size", 10**6, 64),
        ("model.maf.transforms", 10**9, 8),
        ("model.maf.transforms", 0, 1),
        ("model.maf.hidden", (4096,) * 8, (1024,) * 8),
        ("model.maf.hidden", (), (8,)),
        ("model.spline.bins", 1, 4),
        ("training.learning_rate", -1.0, 1e-4),
        ("training.epochs", 0, 1),
        ("training.epochs", True, 1),
        ("local.workers", 0, None),
        ("local.memory_gb", -1.0, 0.0),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(field, bad, good):
    *blocks, name = field.split(".")
    changed("/".join(blocks), name, good)
    with pytest.raises(ValueError, match=r"must be .*, got ") as caught:
        changed("/".join(blocks), name, bad)
    assert str(caught.value).startswith(".".join(blocks[:2]))


def changed(place, name, value):
    """Default settings of a block, itself within its parent, with one value changed."""
    block, *inner = place.split("/")
    default = BLOCKS[block]()
    if not inner:
        return dataclasses.replace(default, **{name: value})
    part = dataclasses.replace(getattr(default, inner[0]), **{name: value})
    return dataclasses.replace(default, **{inner[0]: part})


def test_settings_are_what_json_made_of_them():
    config = DataConfig(stars=StarMapConfig(xy_limit=2.4, bandwidth=0.3))
    assert settings_from(DataConfig, plain(dataclasses.asdict(config))) == config


def test_missing_fields_get_their_defaults_and_unknown_ones_are_refused():
    assert settings_from(DataConfig, {"stars": {"xy_limit": 2}}).gas == DataConfig().gas
    with pytest.raises(TypeError, match="colour"):
        settings_from(DataConfig, {"colour": 1})


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"effects": {"share": 0.5}},
            r"^data\.effects is now data\.degradation: change the name, or let 'stargas convert",
        ),
        ({"truth": {"n_radii": 3}}, r"^data\.truth\.n_radii is now data\.truth\.radii, the list of all radii in R_hl"),
    ],
)
def test_old_names_are_refused_with_the_new_ones(values, sentence):
    with pytest.raises(ValueError, match=sentence):
        settings_from(DataConfig, values)
