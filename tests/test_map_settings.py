import subprocess
import sys
from dataclasses import replace

import pytest

from stargas.config import (
    DataConfig,
    DegradationConfig,
    HIMapConfig,
    SelectionConfig,
    SplitConfig,
    StarMapConfig,
    ViewConfig,
)
from stargas.errors import InputError
from stargas.map_settings import map_differences, pretrained_settings, require_same_maps, settings_for_inference

FREE = DataConfig(
    views=ViewConfig(n_views=3),
    stars=StarMapConfig(min_stars=50, max_stars=500),
    gas=HIMapConfig(engine="martini"),
    degradation=DegradationConfig(share=0.5),
    selection=SelectionConfig(min_gas=7),
    split=SplitConfig(test=0.3),
    galaxies_per_shard=2,
)
"""Differs from the defaults in all that leaves the maps what they are."""


def test_what_does_not_change_the_maps_may_differ():
    assert list(map_differences(DataConfig(), FREE)) == []
    require_same_maps(FREE, DataConfig())


@pytest.mark.parametrize(
    ("block", "name", "value"),
    [
        ("stars", "xy_limit", 2.4),
        ("stars", "velocity_scale", "sigma"),
        ("stars", "bandwidth_factor", 0.5),
        ("gas", "half_width", 1.5),
        ("gas", "mask_cm2", 1e20),
        ("gas", "scalars", "intrinsic"),
        ("gas", "beam_fwhm_kpc", 0.1),
        ("truth", "radii", (1.0, 2.0)),
    ],
)
def test_each_setting_of_maps_and_radii_counts(block, name, value):
    changed = replace(FREE, **{block: replace(getattr(FREE, block), **{name: value})})
    (found,) = map_differences(changed, DataConfig())
    assert found == (f"data.{block}.{name}", value, getattr(getattr(DataConfig(), block), name))
    with pytest.raises(
        InputError, match=rf"^the sample was made with data\.{block}\.{name} .*: make it with the settings"
    ):
        require_same_maps(changed, DataConfig())


def test_settings_for_inference_degrade_nothing_and_take_as_few_stars_as_were_learned():
    degraded = DataConfig(degradation=DegradationConfig(share=0.5, min_stars=30))
    found = settings_for_inference([DataConfig(), degraded])
    assert found.stars.min_stars == 30
    assert found.degradation == DegradationConfig()
    assert settings_for_inference([DataConfig()]) == DataConfig()


def test_settings_of_the_pretrained_model_are_read_without_its_weights():
    assert pretrained_settings().stars.xy_limit == 2.4  # the preset "default"; the paper's maps end at 0.5 R_hl
    code = (
        "import sys; from stargas.map_settings import pretrained_settings; pretrained_settings(); "
        "sys.exit(bool({'torch', 'astropy', 'numba', 'scipy'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_they_are_those_of_the_model():
    from stargas.model.files import load_model

    assert pretrained_settings() == load_model().data_config
