import numpy as np
import pytest

from stargas.config import ModelConfig
from stargas.features.table import FEATURES
from stargas.model.layout import InputLayout, received
from stargas.sample import MAPS
from stargas.tracers import TRACER_SETS

ANY = ModelConfig(tracers="any", features=True, priors=("bursty", "smooth"))
CONFIGS = (ANY, ModelConfig(features=True), ModelConfig(), ModelConfig(tracers="gas", features=True))


@pytest.mark.parametrize(
    ("tracers", "maps", "features"),
    [
        ("star", ("xy", "Rv"), ("log_R_hl_kpc", "log_sigma_kms")),
        (
            "gas",
            ("moment0", "moment1", "moment2"),
            ("log_R_HI_kpc", "log_v_cold_kms", "log_sigma_cold_kms"),
        ),
        (
            "stargas",
            MAPS,
            ("log_R_hl_kpc", "log_sigma_kms", "log_R_HI_kpc", "log_v_cold_kms", "log_sigma_cold_kms"),
        ),
    ],
)
def test_a_model_receives_its_tracers_as_in_the_paper(tracers, maps, features):
    layout = InputLayout.of(ModelConfig(tracers=tracers))
    assert (layout.maps, layout.features, layout.flags) == (maps, features, ())


def test_a_gas_model_receives_the_size_of_the_stars_only_on_demand():
    layout = InputLayout.of(ModelConfig(tracers="gas", gas_knows_R_hl=True))
    assert "log_R_hl_kpc" in layout.features
    assert "log_sigma_kms" not in layout.features
    assert "log_R_hl_kpc" not in InputLayout.of(ModelConfig(tracers="gas")).features


def test_a_network_without_convolutions_receives_no_maps():
    config = ModelConfig(network="residual")
    assert InputLayout.of(config).maps == MAPS
    assert InputLayout.of(ModelConfig(network="custom")).maps == MAPS
    without = ModelConfig(network="residual", residual=type(config.residual)(filters=()))
    assert InputLayout.of(without).maps == ()


def test_a_model_with_features_receives_all_that_its_tracers_have():
    whole = [name for group in FEATURES for name in group.names]
    assert list(InputLayout.of(ANY).features) == whole
    star = InputLayout.of(ModelConfig(tracers="star", features=True)).features
    assert set(star) == {name for group in FEATURES for name in group.names if "gas" not in group.needs}


@pytest.mark.parametrize("config", CONFIGS)
def test_columns_and_sizes_follow_from_the_names(config):
    layout = InputLayout.of(config)
    n_columns = len(layout.features) + len(layout.flags)
    assert layout.network_sizes(64, 10) == (len(layout.maps), 64, n_columns, 10)
    assert layout.visible_columns.shape == (len(TRACER_SETS), n_columns)
    assert layout.visible_maps.shape == (len(TRACER_SETS), len(layout.maps))
    assert [one for group in layout.groups for one in group.names] == list(layout.features)


def test_what_is_visible_is_what_the_tracer_set_knows():
    layout = InputLayout.of(ANY)
    for one, maps, columns in zip(TRACER_SETS, layout.visible_maps, layout.visible_columns, strict=True):
        assert dict(zip(layout.maps, maps, strict=True))["xy"] == ("stars" in one.known)
        assert dict(zip(layout.maps, maps, strict=True))["moment1"] == ("gas" in one.known)
        seen = dict(zip((*layout.features, *layout.flags), columns, strict=True))
        assert seen["log_R_hl_kpc"] == ("R_hl" in one.known)
        assert seen["log_sigma_kms"] == ("stars" in one.known)
        assert seen["HI_inclination"] == ("gas" in one.known)
        assert all(seen[flag] for flag in layout.flags)


def test_flags_state_what_is_known_and_which_prior_is_chosen():
    layout = InputLayout.of(ANY)
    assert layout.flags == ("stars", "gas", "R_hl", "prior bursty", "prior smooth")
    flags = layout.flag_values(np.arange(len(TRACER_SETS)), np.array([-1, 0, 1, 1]))
    known = [[name in one.known for name in ("stars", "gas", "R_hl")] for one in TRACER_SETS]
    assert flags[:, :3].tolist() == known
    assert flags[:, 3:].tolist() == [[0, 0], [1, 0], [0, 1], [0, 1]]
    assert InputLayout.of(ModelConfig()).flag_values(np.arange(4), np.full(4, -1)).shape == (4, 0)


def test_the_flow_is_conditioned_on_the_quality_of_the_data_and_the_flags():
    layout = InputLayout.of(ANY)
    names = (*layout.features, *layout.flags)
    quality = [name for group in FEATURES if group.kind == "quality" for name in group.names]
    assert [names[i] for i in layout.context_columns] == [*quality, *layout.flags]
    assert InputLayout.of(ModelConfig()).context_columns == ()


def test_the_tracers_of_a_model_are_those_that_it_can_receive():
    expected = {"star": ("stars",), "gas": ("gas",), "stargas": ("stars", "gas"), "any": ("stars", "gas")}
    for tracers, names in expected.items():
        assert received(ModelConfig(tracers=tracers)).tracers == names
