from dataclasses import replace

import numpy as np
import pytest
import torch
from toy import toy_dataset

from stargas.batch import Batch
from stargas.config import ModelConfig, StarMapConfig, TrainingConfig, replace_settings
from stargas.errors import InputError
from stargas.features.star_features import measure_stars
from stargas.model.inputs import prepare
from stargas.model.layout import InputLayout
from stargas.model.standardization import fit_scaling
from stargas.randomness import rng_for
from stargas.sample import MAPS, STAR_SET
from stargas.sky.channels import CHANNELS, make_channels
from stargas.sky.star_maps import scaled_stars
from stargas.tracers import STARS_AND_GAS, TRACER_SETS, TRACERS
from stargas.training.augmentation import Augmentation, Symmetry, apply_symmetries
from stargas.training.examples import load_examples

PAPER = ModelConfig()
ANY = ModelConfig(tracers="any", features=True, baseline="scalars", priors=("bursty", "smooth"))
LAYOUT = InputLayout.of(ANY)
COLUMNS = (*LAYOUT.features, *LAYOUT.flags)
BOTH = STARS_AND_GAS.index
SIZE = 16


@pytest.fixture(scope="module")
def data():
    return toy_dataset(200, no_gas=0.3)


@pytest.fixture(scope="module")
def fitted(data):
    """Scaling of the inputs, and target."""
    return fit_scaling(data, ANY)


@pytest.fixture(scope="module")
def examples(data, fitted):
    return load_examples(data, *fitted, memory_gb=1.0)


def augmented(examples, fitted, model=ANY, seed=0, **training):
    return Augmentation(*fitted, model, TrainingConfig(**training)).apply(examples, rng_for(seed, "test"))


def tracer_sets_of(features):
    """What the flags among the features state is known, as indices into `TRACER_SETS`."""
    names = COLUMNS
    stars, gas, sized = (features[:, names.index(name)].numpy() > 0.5 for name in ("stars", "gas", "R_hl"))
    return np.where(stars, np.where(gas, 3, 0), np.where(sized, 2, 1))


def vary(maps, rng, channels=CHANNELS):
    return apply_symmetries(maps, torch.zeros(len(maps), 0, 0), channels, rng)[0]


class TestSymmetries:
    @staticmethod
    def patterned(n=64):
        """Maps without symmetry, whose HI moments follow each other pixel by pixel."""
        maps = torch.randn(n, 5, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
        maps[:, 3] = maps[:, 2] ** 3
        maps[:, 4] = maps[:, 2].abs()
        maps[:, 0] = maps[:, 2] + 1
        return maps

    @pytest.mark.parametrize("seed", range(5))
    def test_maps_of_one_sample_stay_together(self, seed):
        varied = vary(self.patterned(), np.random.default_rng(seed))
        assert torch.equal(varied[:, 3].abs(), (varied[:, 2] ** 3).abs())
        assert torch.equal(varied[:, 4], varied[:, 2].abs())
        assert torch.equal(varied[:, 0], varied[:, 2] + 1)
        assert not torch.equal(varied[:, 1], varied[:, 1].transpose(1, 2))

    def test_all_eight_symmetries_of_the_square_occur_and_no_other(self):
        maps = self.patterned()
        symmetric = [torch.rot90(m, k, dims=(2, 3)) for m in (maps, maps.flip(3)) for k in range(4)]
        met = set()
        for seed in range(40):
            varied = vary(maps, np.random.default_rng(seed))
            for i in range(len(maps)):
                own = [k for k, one in enumerate(symmetric) if torch.equal(varied[i, 2], one[i, 2])]
                assert len(own) == 1
                met.update(own)
        assert met == set(range(8))

    def test_reversed_velocities_negate_moment_1_and_reflect_the_r_v_map(self):
        maps, met = self.patterned(), set()
        for seed in range(20):
            varied = vary(maps, np.random.default_rng(seed))
            reverse = varied[:, 3].sum((1, 2)).sign() != maps[:, 3].sum((1, 2)).sign()
            for i, is_reverse in enumerate(reverse.tolist()):
                expected = maps[i, 1].flip(0) if is_reverse else maps[i, 1]  # rows are velocities
                assert torch.equal(varied[i, 1], expected)
                sign = -1 if is_reverse else 1
                assert torch.equal(varied[i, 3], sign * varied[i, 2] ** 3)
                met.add(is_reverse)
        assert met == {False, True}

    @pytest.mark.parametrize("tracer", TRACERS)
    def test_maps_of_one_tracer_alone_vary_as_with_the_other(self, tracer):
        channels = [i for i in range(5) if CHANNELS[i].tracer == tracer]
        maps = self.patterned()
        expected = vary(maps, np.random.default_rng(3))[:, channels]
        assert torch.equal(vary(maps[:, channels], np.random.default_rng(3), [CHANNELS[i] for i in channels]), expected)

    def test_no_pixel_is_lost_and_the_maps_that_are_passed_do_not_change(self):
        maps = self.patterned()
        before = maps.clone()
        varied = vary(maps, np.random.default_rng(1))
        assert torch.equal(maps, before)
        assert not torch.equal(varied, maps)
        assert torch.equal(varied.abs().flatten(2).sort(dim=2).values, maps.abs().flatten(2).sort(dim=2).values)

    @pytest.mark.parametrize("n", [1, 2, 3])
    def test_few_samples(self, n):
        assert vary(self.patterned(n), np.random.default_rng(0)).shape == (n, 5, SIZE, SIZE)


class TestSymmetriesOfStars:
    """The stars turn with the maps that are made of them, and nothing that is measured on them as a set changes."""

    SYMMETRIES = tuple(Symmetry(k, m, r) for k in range(4) for m in (False, True) for r in (False, True))

    @staticmethod
    def stars(n_galaxies=1, n_stars=400):
        """Stars without symmetry: a flat, turning galaxy with a companion on one side."""
        rng = np.random.default_rng(4)
        x, y = rng.normal(0.2, 1.0, (n_galaxies, n_stars)), rng.normal(-0.1, 0.4, (n_galaxies, n_stars))
        v = 0.6 * x + 0.3 * y + rng.normal(0, 1, x.shape)
        return torch.from_numpy(np.stack([x, y, v - np.median(v), 0.1 + rng.random(x.shape)], axis=1).astype("f4"))

    @staticmethod
    def maps_of(stars):
        config = replace(StarMapConfig(), n_pixels=SIZE, xy_limit=2.0, radius_limit=3.0, velocity_scale="sigma")
        scaled = scaled_stars(*stars[0, :3].double().numpy(), 1.0, config)
        return torch.from_numpy(make_channels("stars", scaled, config))[None]

    @pytest.mark.parametrize("symmetry", SYMMETRIES)
    def test_maps_of_turned_stars_are_the_turned_maps(self, symmetry):
        stars = self.stars()
        maps, turned = self.maps_of(stars), self.maps_of(symmetry.of_stars(stars))
        assert torch.allclose(turned, symmetry.of_maps(maps, CHANNELS[:2]), atol=1e-4 * float(maps.max()))
        if symmetry != Symmetry(0, False, False):
            assert not torch.allclose(turned, maps, atol=0.02 * float(maps.max()))

    @pytest.mark.parametrize("symmetry", [*SYMMETRIES, Symmetry(0.3, False, False), Symmetry(2.7, True, True)])
    def test_features_of_turned_stars_are_those_of_the_stars(self, symmetry):
        stars = self.stars()
        features = [measure_stars(*one[0, :3].numpy(), 1.0) for one in (stars, symmetry.of_stars(stars))]
        assert np.allclose(*features, atol=2e-3, equal_nan=True)
        stretched = stars.clone()
        stretched[:, 0] *= 1.1
        assert not np.allclose(features[0], measure_stars(*stretched[0, :3].numpy(), 1.0), atol=2e-3, equal_nan=True)

    def test_errors_stay_and_what_is_no_star_stays_none(self):
        stars = self.stars()
        stars[:, :, -7:] = torch.nan
        turned = Symmetry(1.2, True, True).of_stars(stars)
        assert torch.equal(turned[:, 3].nan_to_num(), stars[:, 3].nan_to_num())
        assert torch.equal(turned.isnan(), stars.isnan())

    def test_beside_maps_they_turn_by_right_angles_with_them_and_alone_by_any_angle(self):
        stars = self.stars(64)
        maps = TestSymmetries.patterned()
        angles = {"with maps": [], "alone": []}
        for seed in range(20):
            rng = np.random.default_rng(seed)
            turned_maps, with_maps = apply_symmetries(maps, stars, CHANNELS, rng)
            alone = apply_symmetries(torch.zeros(64, 0, 0, 0), stars, (), np.random.default_rng(seed))[1]
            for name, turned in (("with maps", with_maps), ("alone", alone)):
                radii = [torch.hypot(*one[:, :2].unbind(1)) for one in (stars, turned)]
                assert torch.allclose(*radii, atol=1e-5)
                angles[name].append(float(torch.atan2(turned[0, 1, 0].abs(), turned[0, 0, 0].abs())))
            for i in (0, 63):
                own = [s for s in self.SYMMETRIES if torch.equal(s.of_maps(maps, CHANNELS)[i], turned_maps[i])]
                assert len(own) == 1
                assert torch.allclose(own[0].of_stars(stars)[i], with_maps[i], atol=1e-5)
        assert len({round(angle, 3) for angle in angles["with maps"]}) == 2
        assert len({round(angle, 3) for angle in angles["alone"]}) > 10


@pytest.fixture(scope="module")
def with_stars():
    return toy_dataset(60, no_gas=0.3, n_kept=20)


class TestStarsOfAModel:
    """A model that receives the stars themselves, of samples that keep some."""

    MODEL = replace_settings(
        ModelConfig(tracers="any", network="residual"), {"residual.filters": (), "residual.stars.width": 8}
    )

    def test_stars_are_hidden_with_their_tracer_and_else_as_they_were(self, with_stars):
        fitted = fit_scaling(with_stars, self.MODEL)
        examples = load_examples(with_stars, *fitted, memory_gb=1.0)
        assert examples.stars.shape == (240, len(STAR_SET), 20)
        batch = Augmentation(*fitted, self.MODEL, TrainingConfig()).condition(examples, rng_for(0, "test"))
        hidden = np.isin(batch.tracer_set.numpy(), [one.index for one in TRACER_SETS if not one.knows(("stars",))])
        assert 0 < hidden.sum() < len(hidden)
        assert batch.stars[hidden].isnan().all()
        assert torch.equal(batch.stars[~hidden].nan_to_num(), examples.stars[~hidden].nan_to_num())
        assert batch.of_network[-1] is batch.stars

    def test_they_vary_in_training_and_not_in_validation(self, with_stars):
        fitted = fit_scaling(with_stars, self.MODEL)
        examples = load_examples(with_stars, *fitted, memory_gb=1.0)
        augmentation = Augmentation(*fitted, self.MODEL, TrainingConfig(augment=True))
        plain = augmentation.validation_batch(examples, 0, 0).stars
        first, again, second = (augmentation.training_batch(examples, epoch, 0).stars for epoch in (0, 0, 1))
        assert torch.equal(first.nan_to_num(), again.nan_to_num())
        assert not torch.equal(first.nan_to_num(), second.nan_to_num())
        assert torch.equal(plain.nan_to_num(), augmentation.validation_batch(examples, 1, 0).stars.nan_to_num())

    def test_samples_that_keep_none_are_refused(self):
        bare = toy_dataset(20)
        with pytest.raises(
            InputError, match=r"these samples keep none: build the data set with data\.stars\.kept above"
        ):
            load_examples(bare, *fit_scaling(bare, self.MODEL), memory_gb=1.0)

    def test_a_network_that_does_not_receive_them_is_not_given_any(self, with_stars):
        model = replace_settings(self.MODEL, {"residual.stars.width": 0})
        fitted = fit_scaling(with_stars, model)
        batch = Augmentation(*fitted, model, TrainingConfig()).condition(
            load_examples(with_stars, *fitted, memory_gb=1.0), rng_for(0, "test")
        )
        assert batch.of_network == (batch.maps, batch.features)


def test_a_model_of_the_paper_is_trained_on_samples_as_they_are(data):
    fitted = fit_scaling(data, PAPER)
    examples = load_examples(data, *fitted, memory_gb=1.0)
    augmentation = Augmentation(*fitted, PAPER, TrainingConfig())
    assert not augmentation.is_random
    batch = augmentation.apply(examples, np.random.default_rng(0))
    assert torch.equal(batch.maps, examples.maps)
    assert torch.equal(batch.features, examples.features)
    expected = (data.batch().log10_mass - fitted[1].constant) / fitted[1].spread
    assert np.allclose(batch.theta, expected, atol=1e-5)


@pytest.mark.parametrize("complete_fraction", [0.0, 0.5, 1.0])
def test_each_tracer_set_occurs_as_often_as_the_settings_say(examples, fitted, complete_fraction):
    own = examples.tracer_set.numpy()
    drawn = tracer_sets_of(augmented(examples, fitted, complete_fraction=complete_fraction).features)
    complete = own == BOTH
    assert (drawn[~complete] == own[~complete]).all()  # of a sample without gas nothing more is hidden
    assert np.mean(drawn[complete] == BOTH) == pytest.approx(complete_fraction, abs=0.07)
    for number in range(BOTH):
        assert np.mean(drawn[complete] == number) == pytest.approx((1 - complete_fraction) / 3, abs=0.07)


def test_what_is_hidden_is_zero_and_the_rest_is_as_it_was(examples, fitted):
    batch = augmented(examples, fitted)
    drawn = tracer_sets_of(batch.features)
    n_flags = len(LAYOUT.flags)
    known = torch.from_numpy(LAYOUT.visible_columns[drawn])
    assert not batch.features[:, :-n_flags][~known[:, :-n_flags]].any()
    assert torch.equal(batch.features[:, :-n_flags], (examples.features * known)[:, :-n_flags])
    stars, gas = np.isin(drawn, (0, 3)), np.isin(drawn, (1, 2, 3))
    for channel in range(len(MAPS)):
        seen = {"stars": stars, "gas": gas}[CHANNELS[channel].tracer]
        assert not batch.maps[~seen, channel].any()
        assert torch.equal(batch.maps[seen, channel], examples.maps[seen, channel])


def test_a_hidden_tracer_is_like_one_that_the_galaxy_lacks(data, examples, fitted):
    """Training and inference see the same bits: of a galaxy without stars, and of one whose stars were hidden."""
    batch = augmented(examples, fitted, prior_probability=0.0)
    drawn = tracer_sets_of(batch.features)
    for i in np.flatnonzero(examples.tracer_set.numpy() == BOTH)[:40]:
        sample = data[int(i)]
        stars, gas = drawn[i] in {0, 3}, drawn[i] != 0
        scalars = sample.scalars * np.array([drawn[i] != 1, stars, gas, gas, gas])
        alone = replace(sample, scalars=scalars, tracers=np.array([stars, gas]))
        inputs = prepare(Batch.stack([alone]), fitted[0])
        assert torch.equal(inputs.maps[0], batch.maps[i])
        assert torch.equal(inputs.features[0], batch.features[i])
        theta = fitted[1].standardize(sample.log10_mass[None], inputs.tracer_sets, inputs.log_scalars)
        assert np.allclose(batch.theta[i], theta[0], atol=1e-4)


@pytest.mark.parametrize("prior_probability", [0.0, 0.5, 1.0])
def test_priors_are_given_as_often_as_the_settings_say_and_never_wrongly(data, examples, fitted, prior_probability):
    features = augmented(examples, fitted, prior_probability=prior_probability).features
    names, suites = COLUMNS, np.asarray(data.catalogue["suite"])
    flags = {prior: features[:, names.index(f"prior {prior}")].numpy() > 0.5 for prior in ANY.priors}
    for prior, flag in flags.items():
        assert not flag[suites != prior].any()
        assert flag[suites == prior].mean() == pytest.approx(prior_probability, abs=0.1)
    assert (suites == "made up").any()  # a suite that is no prior of the model


def test_validation_draws_tracers_and_priors_alone(examples, fitted):
    training = TrainingConfig(augment=True, feature_noise=0.3)
    augmentation = Augmentation(*fitted, ANY, training)
    assert augmentation.is_random
    plain = augmented(examples, fitted)
    validation = augmentation.condition(examples, rng_for(0, "test"))
    for name, tensor in validation.tensors().items():
        assert torch.equal(tensor.nan_to_num(), plain.tensors()[name].nan_to_num())
    batch = augmentation.apply(examples, rng_for(0, "test"))
    assert not torch.equal(batch.maps, plain.maps)
    assert not torch.equal(batch.features, plain.features)


def test_epochs_and_batches_of_training_differ_and_those_of_validation_do_not(examples, fitted):
    augmentation = Augmentation(*fitted, ANY, TrainingConfig(augment=True), seed=3)

    def features(make, *numbers):
        return make(examples, *numbers).features

    training, validation = augmentation.training_batch, augmentation.validation_batch
    assert torch.equal(features(training, 1, 2), features(training, 1, 2))
    assert not torch.equal(features(training, 1, 2), features(training, 2, 2))
    assert not torch.equal(features(training, 1, 2), features(training, 1, 3))
    assert not torch.equal(features(training, 1, 2), features(replace(augmentation, seed=4).training_batch, 1, 2))
    assert torch.equal(features(validation, 1, 2), features(validation, 2, 2))
    assert not torch.equal(features(validation, 1, 2), features(validation, 1, 3))


def test_the_examples_do_not_change(examples, fitted):
    before = {name: tensor.clone() for name, tensor in examples.tensors().items()}
    augmented(examples, fitted, augment=True, prior_probability=1.0, feature_noise=0.3)
    for name, tensor in examples.tensors().items():
        assert torch.equal(tensor.nan_to_num(), before[name].nan_to_num())


class TestNoise:
    """Noise on the features; no tracer is hidden, so that the features are those of the examples."""

    STATED = 0.3
    N_FLAGS = len(LAYOUT.flags)
    COMPLETE = TrainingConfig(complete_fraction=1.0, prior_probability=0.0, feature_noise=STATED)

    def added(self, examples, fitted):
        config = self.COMPLETE
        without = Augmentation(*fitted, ANY, replace(config, feature_noise=0.0))
        one, other = (a.apply(examples, rng_for(0, "test")) for a in (without, Augmentation(*fitted, ANY, config)))
        return one.features, other.features - one.features

    def test_features_that_are_not_zero_move_by_the_stated_deviation(self, examples, fitted):
        features, added = self.added(examples, fitted)
        known = features[:, : -self.N_FLAGS] != 0
        own = added[:, : -self.N_FLAGS][known]
        assert own.std().item() == pytest.approx(self.STATED, rel=0.02)
        assert own.mean().item() == pytest.approx(0, abs=0.01)
        assert (own != 0).float().mean() > 0.999
        for column, one in zip(added[:, : -self.N_FLAGS].T, known.T, strict=True):
            if one.sum() > 100:  # some do not vary in this data set
                assert column[one].std().item() == pytest.approx(self.STATED, rel=0.2)

    def test_what_is_unknown_or_hidden_stays_zero(self, examples, fitted):
        features, added = self.added(examples, fitted)
        zero = features[:, : -self.N_FLAGS] == 0
        assert zero.any()  # galaxies without gas, and star features that are NaN
        assert not added[:, : -self.N_FLAGS][zero].any()
        reduced = augmented(examples, fitted, complete_fraction=0.0, feature_noise=self.STATED).features
        known = torch.from_numpy(LAYOUT.visible_columns[tracer_sets_of(reduced)])
        assert not reduced[:, : -self.N_FLAGS][~known[:, : -self.N_FLAGS]].any()

    def test_flags_never_move(self, examples, fitted):
        _, added = self.added(examples, fitted)
        assert not added[:, -self.N_FLAGS :].any()
        flags = augmented(examples, fitted, prior_probability=1.0, feature_noise=self.STATED).features
        assert set(flags[:, -self.N_FLAGS :].unique().tolist()) == {0.0, 1.0}

    def test_it_is_new_each_time_and_follows_the_seed(self, examples, fitted):
        augmentation = Augmentation(*fitted, ANY, self.COMPLETE)
        rng = rng_for(0, "test")
        first, second = (augmentation.apply(examples, rng).features for _ in range(2))
        again = augmentation.apply(examples, rng_for(0, "test")).features
        assert torch.equal(first, again)
        assert not torch.equal(first[:, 0], second[:, 0])

    def test_targets_and_maps_are_left_alone(self, examples, fitted):
        without, with_noise = (
            Augmentation(*fitted, ANY, replace(self.COMPLETE, feature_noise=noise)).apply(examples, rng_for(0, "test"))
            for noise in (0.0, self.STATED)
        )
        for name in ("maps", "theta", "cos_inclination"):
            one, other = without.tensors()[name], with_noise.tensors()[name]
            assert torch.equal(one.nan_to_num(), other.nan_to_num())

    def test_a_model_of_fixed_tracers_has_it_too(self, data):
        model = ModelConfig(features=True)
        fitted = fit_scaling(data, model)
        examples = load_examples(data, *fitted, memory_gb=1.0)
        batch = Augmentation(*fitted, model, self.COMPLETE).apply(examples, rng_for(0, "test"))
        added = batch.features - examples.features
        assert added[examples.features != 0].std().item() == pytest.approx(self.STATED, rel=0.02)
        assert not added[examples.features == 0].any()


def test_the_suite_is_known_in_training_whether_or_not_the_network_is_told(examples, fitted):
    never, always = (augmented(examples, fitted, prior_probability=share) for share in (0.0, 1.0))
    assert torch.equal(never.suite, examples.prior)
    assert torch.equal(always.suite, examples.prior)
    assert len(torch.unique(never.suite)) > 1
    assert not torch.equal(never.features, always.features)
