import json
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import yaml
from models_for_tests import untrained
from toy import toy_dataset

from stargas.cli import main
from stargas.cli.settings import UsageError, read_settings
from stargas.config import ModelConfig, TrainingConfig, settings_from
from stargas.errors import DamagedFileError, InputError
from stargas.model.conversion import convert_model, convert_settings, convert_settings_file
from stargas.model.files import load_model
from stargas.sample import MAPS
from stargas.storage import sha256_of

FUSION = {
    "network": "residual",
    "tracers": "any",
    "features": True,
    "baseline": "scalars",
    "priors": ("bursty", "smooth"),
    "calibrate": True,
}
OLD_WEIGHTS = {
    "flow.density.": "flow.maf.",
    "flow.context_mean": "flow.feature_mean",
    "flow.context_std": "flow.feature_std",
    "flow.scale": "flow.stretch",
}


@pytest.fixture(scope="module")
def data():
    return toy_dataset(10)


def old_settings(config):
    """Settings of a model as format 2 had them."""
    design = config.residual if config.network == "residual" else config.convolutional
    dense = [design.width] * design.n_blocks if config.network == "residual" else design.dense
    shared = {name: getattr(config, name) for name in ("tracers", "whiten", "gas_knows_R_hl", "baseline", "calibrate")}
    return {
        **shared,
        "design": {"residual": "fusion", "convolutional": "paper"}[config.network],
        "filters": design.filters,
        "kernel_size": 3,
        "first_stride": 2,
        "dense": dense,
        "n_features": design.embedding_size,
        "members": getattr(design, "ensemble_size", 1),
        "dropout": design.dropout,
        "flow_transforms": config.maf.transforms,
        "flow_hidden": config.maf.hidden,
        "numbers": config.features,
        "priors": config.priors,
    }


def save_as_format_2(posterior, folder):
    """Write a model as an earlier stargas did."""
    folder.mkdir()
    modules = {"network": posterior.network, "flow": posterior.flow}
    weights = {f"{part}.{name}": w for part, module in modules.items() for name, w in module.state_dict().items()}
    for name, old in OLD_WEIGHTS.items():
        weights = {key.replace(name, old): w for key, w in weights.items()}
    content = safetensors.torch.save({name: w.contiguous() for name, w in weights.items()})
    scaling, target = posterior.scaling, posterior.target
    rms = dict(zip(scaling.layout.maps, scaling.map_rms, strict=True))
    config = asdict(posterior.data_config)
    config["effects"] = config.pop("degradation")
    config["effects"]["least_limit_cm2"] = config["effects"].pop("min_limit_cm2")
    config["effects"]["most_limit_cm2"] = config["effects"].pop("max_limit_cm2")
    config["truth"] = {"n_radii": 10, "r_min": 0.6, "r_max": 2.4}
    training = asdict(TrainingConfig())
    training |= {"told_prior": training.pop("prior_probability"), "all_tracers": training.pop("complete_fraction")}
    training |= {"number_noise": training.pop("feature_noise"), "auxiliary": training.pop("inclination_weight")}
    settings = {
        "model": old_settings(posterior.config),
        "training": training,
        "seed": 3,
        "data": [{"data_sets": [{"config": config}]}],
    }
    described = {
        "format": "stargas model",
        "format_version": 2,
        "stargas_version": "0.1.0",
        "weights_sha256": sha256_of(content),
        "model": settings["model"],
        "scaling": {
            "map_rms": [float(rms.get(name, 1.0)) for name in MAPS],
            "number_mean": scaling.feature_mean.tolist(),
            "number_std": scaling.feature_std.tolist(),
            "mass_mean": target.constant.tolist(),
            "mass_slope": target.slopes.tolist(),
            "mass_std": target.spread.tolist(),
        },
        "about": {
            **settings,
            "n_pixels": posterior.about["n_pixels"],
            "radii_R_hl": np.linspace(0.6, 2.4, 10).tolist(),
        },
    }
    (folder / "model.safetensors").write_bytes(content)
    (folder / "model.json").write_text(json.dumps(described))
    (folder / "training.json").write_text(json.dumps(settings))
    (folder / "history.json").write_text("{}")


@pytest.mark.parametrize("changes", [{}, FUSION], ids=["paper", "fusion"])
def test_a_converted_model_gives_the_same_draws(data, tmp_path, changes):
    posterior = untrained(data, changes)
    save_as_format_2(posterior, tmp_path / "old")
    with pytest.raises(InputError, match="stargas convert"):
        load_model(tmp_path / "old")
    convert_model(tmp_path / "old", tmp_path / "new")
    new = load_model(tmp_path / "new")
    assert np.array_equal(new.sample(data, 20), posterior.sample(data, 20))
    assert np.array_equal(
        new.log_prob(data, data.batch().log10_mass), posterior.log_prob(data, data.batch().log10_mass)
    )
    assert new.data_config == posterior.data_config
    assert new.scaling.layout == posterior.scaling.layout
    settings = json.loads((tmp_path / "new" / "training.json").read_text())
    assert settings_from(ModelConfig, settings["model"]) == new.config
    assert settings_from(TrainingConfig, settings["training"]) == TrainingConfig()
    assert (tmp_path / "new" / "history.json").read_text() == "{}"


def test_only_models_of_format_2_are_converted_and_nothing_is_written_over(data, tmp_path):
    save_as_format_2(untrained(data), tmp_path / "old")
    convert_model(tmp_path / "old", tmp_path / "new")
    with pytest.raises(InputError, match="already holds a model"):
        convert_model(tmp_path / "old", tmp_path / "new")
    with pytest.raises(InputError, match="reads version 2"):
        convert_model(tmp_path / "new", tmp_path / "newer")
    with pytest.raises(InputError, match="holds no model"):
        convert_model(tmp_path, tmp_path / "newer")
    assert not (tmp_path / "newer").exists()


def test_damaged_models_are_refused(data, tmp_path):
    save_as_format_2(untrained(data), tmp_path / "old")
    described = json.loads((tmp_path / "old" / "model.json").read_text())
    (tmp_path / "old" / "model.json").write_text(json.dumps({**described, "scaling": {}}))
    with pytest.raises(DamagedFileError, match="damaged"):
        convert_model(tmp_path / "old", tmp_path / "new")
    (tmp_path / "old" / "model.safetensors").write_bytes(b"")
    with pytest.raises(DamagedFileError, match="truncated"):
        convert_model(tmp_path / "old", tmp_path / "new")


OLD_PRESET = {
    "data": {
        "truth": {"n_radii": 4, "r_min": 0.6, "r_max": 2.4},
        "stars": {"xy_limit": 2.4},
        "effects": {"share": 0.5},
    },
    "model": {
        "tracers": "any",
        "design": "fusion",
        "filters": [],
        "dense": [64, 64],
        "n_features": 16,
        "members": 2,
        "numbers": True,
        "flow_transforms": 8,
    },
    "training": {"epochs": 3, "auxiliary": 0.1, "number_noise": 0.2},
    "local": {"workers": 1},
}


def test_a_settings_file_is_renamed_and_read(tmp_path):
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(yaml.safe_dump(OLD_PRESET))
    with pytest.raises(UsageError, match="let 'stargas convert FILE --out NEW' change the file"):
        read_settings(["--config", str(old)])
    convert_settings_file(old, new)
    settings = read_settings(["--config", str(new)])
    assert settings.data.truth.radii == pytest.approx((0.6, 1.2, 1.8, 2.4))
    assert settings.data.stars.xy_limit == 2.4
    assert settings.data.degradation.share == 0.5
    assert (settings.model.network, settings.model.features) == ("residual", True)
    residual = settings.model.residual
    assert (residual.filters, residual.width, residual.n_blocks) == ((), 64, 2)
    assert (residual.embedding_size, residual.ensemble_size) == (16, 2)
    assert settings.model.maf.transforms == 8
    assert (settings.training.inclination_weight, settings.training.feature_noise) == (0.1, 0.2)
    assert settings.local.workers == 1


def test_new_names_are_left_as_they_are():
    new = {"model": asdict(ModelConfig()), "training": asdict(TrainingConfig()), "data": {"stars": {"xy_limit": 2.0}}}
    assert convert_settings(new) == new


def test_files_that_are_no_settings_are_refused(tmp_path):
    for content in ("[1, 2", "- 1\n- 2\n"):
        (tmp_path / "odd.yaml").write_text(content)
        with pytest.raises(InputError, match="give a settings file or the folder of a model"):
            convert_settings_file(tmp_path / "odd.yaml", tmp_path / "new.yaml")
    (tmp_path / "odd.yaml").write_text("model: {}\n")
    with pytest.raises(InputError, match="exists already"):
        convert_settings_file(tmp_path / "odd.yaml", tmp_path / "odd.yaml")


def test_the_command_converts_models_and_settings(data, tmp_path, capsys):
    save_as_format_2(untrained(data), tmp_path / "old")
    (tmp_path / "old.yaml").write_text(yaml.safe_dump(OLD_PRESET))
    assert main(["convert", str(tmp_path / "old"), "--out", str(tmp_path / "new")]) == 0
    assert main(["convert", str(tmp_path / "old.yaml"), "--out", str(tmp_path / "new.yaml")]) == 0
    assert Path(tmp_path / "new" / "model.json").exists()
    assert Path(tmp_path / "new.yaml").exists()
    shutil.rmtree(tmp_path / "old")
    assert main(["convert", str(tmp_path / "old"), "--out", str(tmp_path / "other")]) == 1
    assert "holds no model" in capsys.readouterr().err
