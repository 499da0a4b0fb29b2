from dataclasses import replace

import numpy as np
import pytest
import torch
from toy import toy_dataset

from stargas.batch import Batch
from stargas.config import ModelConfig, TrainingConfig
from stargas.model.inputs import TRACER_SETS, flag_names, measure_scaling, number_names, prepare, visible
from stargas.randomness import rng_for
from stargas.sample import MAPS, TRACER_OF_MAP
from stargas.training.augmentation import ROW, Augmentation, turn
from stargas.training.batches import training_rows

PAPER = ModelConfig()
ANY = ModelConfig(tracers="any", numbers=True, baseline="scalars", priors=("bursty", "smooth"))
BOTH = TRACER_SETS.index("stars and gas")
SIZE = 16


@pytest.fixture(scope="module")
def data():
    return toy_dataset(200, no_gas=0.3)


@pytest.fixture(scope="module")
def scaling(data):
    return measure_scaling(data, ANY)


@pytest.fixture(scope="module")
def rows(data, scaling):
    taken = training_rows(data, scaling, ANY, 1.0).take(np.arange(len(data)))
    assert len(taken) == len(ROW)
    return taken


def named(rows):
    return dict(zip(ROW, rows, strict=True))


def shown(rows, scaling, model=ANY, seed=0, **training):
    augmentation = Augmentation(scaling, model, TrainingConfig(**training))
    maps, numbers, _, target = augmentation.show(rows, rng_for(seed, "show"))
    return maps, numbers, target


def cases_of(numbers):
    """What the flags of shown samples say is known, as indices into `TRACER_SETS`."""
    names = number_names(ANY)
    stars, gas, sized = (numbers[:, names.index(name)].numpy() > 0.5 for name in ("stars", "gas", "R_hl"))
    return np.where(stars, np.where(gas, 3, 0), np.where(sized, 2, 1))


class TestTurn:
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
        turned = turn(self.patterned(), PAPER, np.random.default_rng(seed))
        assert torch.equal(turned[:, 3].abs(), (turned[:, 2] ** 3).abs())
        assert torch.equal(turned[:, 4], turned[:, 2].abs())
        assert torch.equal(turned[:, 0], turned[:, 2] + 1)
        assert not torch.equal(turned[:, 1], turned[:, 1].transpose(1, 2))

    def test_every_sample_is_shown_from_one_of_eight_sides(self):
        maps = self.patterned()
        sides = [torch.rot90(m, k, dims=(2, 3)) for m in (maps, maps.flip(3)) for k in range(4)]
        met = set()
        for seed in range(40):
            turned = turn(maps, PAPER, np.random.default_rng(seed))
            for i in range(len(maps)):
                own = [k for k, side in enumerate(sides) if torch.equal(turned[i, 2], side[i, 2])]
                assert len(own) == 1
                met.update(own)
        assert met == set(range(8))

    def test_reversed_velocities_negate_moment_1_and_mirror_the_r_v_map(self):
        maps, met = self.patterned(), set()
        for seed in range(20):
            turned = turn(maps, PAPER, np.random.default_rng(seed))
            reverse = turned[:, 3].sum((1, 2)).sign() != maps[:, 3].sum((1, 2)).sign()
            for i, is_reverse in enumerate(reverse.tolist()):
                expected = maps[i, 1].flip(0) if is_reverse else maps[i, 1]  # rows are velocities
                assert torch.equal(turned[i, 1], expected)
                sign = -1 if is_reverse else 1
                assert torch.equal(turned[i, 3], sign * turned[i, 2] ** 3)
                met.add(is_reverse)
        assert met == {False, True}

    @pytest.mark.parametrize("tracers", ["star", "gas"])
    def test_models_of_one_tracer_have_other_channels(self, tracers):
        model = ModelConfig(tracers=tracers)
        channels = [i for i in range(5) if TRACER_OF_MAP[i] == ("star", "gas").index(tracers)]
        maps = self.patterned()
        one = turn(maps, PAPER, np.random.default_rng(3))[:, channels]
        assert torch.equal(turn(maps[:, channels], model, np.random.default_rng(3)), one)

    def test_nothing_is_lost_and_the_given_maps_stay(self):
        maps = self.patterned()
        before = maps.clone()
        turned = turn(maps, PAPER, np.random.default_rng(1))
        assert torch.equal(maps, before)
        assert not torch.equal(turned, maps)
        assert torch.equal(turned.abs().flatten(2).sort(dim=2).values, maps.abs().flatten(2).sort(dim=2).values)

    @pytest.mark.parametrize("n", [1, 2, 3])
    def test_few_samples(self, n):
        assert turn(self.patterned(n), PAPER, np.random.default_rng(0)).shape == (n, 5, SIZE, SIZE)


def test_a_model_of_the_paper_is_shown_rows_as_they_are(data):
    scaling = measure_scaling(data, PAPER)
    rows = training_rows(data, scaling, PAPER, 1.0).take(np.arange(len(data)))
    augmentation = Augmentation(scaling, PAPER, TrainingConfig())
    assert not augmentation.varies
    maps, numbers, _, target = augmentation.show(rows, np.random.default_rng(0))
    assert torch.equal(maps, rows[0])
    assert torch.equal(numbers, rows[1])
    expected = (data.batch().log10_mass - scaling.mass_mean) / scaling.mass_std
    assert np.allclose(target, expected, atol=1e-5)


@pytest.mark.parametrize("complete_fraction", [0.0, 0.5, 1.0])
def test_each_case_is_shown_with_the_stated_share(rows, scaling, complete_fraction):
    _, numbers, _ = shown(rows, scaling, complete_fraction=complete_fraction)
    own, case = named(rows)["case"].numpy(), cases_of(numbers)
    whole = own == BOTH
    assert (case[~whole] == own[~whole]).all()  # what has no gas is shown as it is
    assert np.mean(case[whole] == BOTH) == pytest.approx(complete_fraction, abs=0.07)
    for number in range(BOTH):
        assert np.mean(case[whole] == number) == pytest.approx((1 - complete_fraction) / 3, abs=0.07)


def test_what_is_hidden_is_zero_and_what_is_shown_is_as_it_was(rows, scaling):
    maps, numbers, _ = shown(rows, scaling)
    given, case = named(rows), cases_of(numbers)
    n_flags = len(flag_names(ANY))
    known = torch.from_numpy(visible(ANY)[case])
    assert not numbers[:, :-n_flags][~known[:, :-n_flags]].any()
    assert torch.equal(numbers[:, :-n_flags], (given["numbers"] * known)[:, :-n_flags])
    stars, gas = np.isin(case, (0, 3)), np.isin(case, (1, 2, 3))
    for channel in range(len(MAPS)):
        seen = (stars, gas)[TRACER_OF_MAP[channel]]
        assert not maps[~seen, channel].any()
        assert torch.equal(maps[seen, channel], given["maps"][seen, channel])


def test_what_is_shown_is_what_a_sample_without_it_gives(data, rows, scaling):
    """Training and use must see the same bits: of a galaxy without stars, and of one whose stars were hidden."""
    maps, numbers, target = shown(rows, scaling, prior_probability=0.0)
    case = cases_of(numbers)
    for i in np.flatnonzero(named(rows)["case"].numpy() == BOTH)[:40]:
        sample = data[int(i)]
        stars, gas = case[i] in {0, 3}, case[i] != 0
        scalars = sample.scalars * np.array([case[i] != 1, stars, gas, gas, gas])
        alone = replace(sample, scalars=scalars, tracers=np.array([stars, gas]))
        inputs = prepare(Batch.stack([alone]), scaling, ANY)
        assert torch.equal(inputs.maps[0], maps[i])
        assert torch.equal(inputs.numbers[0], numbers[i])
        baseline = scaling.baseline(inputs.tracer_set, inputs.log_scalar)[0]
        expected = (sample.log10_mass - baseline) / scaling.spread(inputs.tracer_set)[0]
        assert np.allclose(target[i], expected, atol=1e-4)


@pytest.mark.parametrize("prior_probability", [0.0, 0.5, 1.0])
def test_priors_are_told_with_the_stated_share_and_never_wrongly(data, rows, scaling, prior_probability):
    _, numbers, _ = shown(rows, scaling, prior_probability=prior_probability)
    names, suites = number_names(ANY), np.asarray(data.catalogue["suite"])
    told = {prior: numbers[:, names.index(f"prior {prior}")].numpy() > 0.5 for prior in ANY.priors}
    for prior, flag in told.items():
        assert not flag[suites != prior].any()
        assert flag[suites == prior].mean() == pytest.approx(prior_probability, abs=0.1)
    assert (suites == "made up").any()  # a suite that is no prior of the model


def test_augmentation_is_for_training_alone(rows, scaling):
    augmentation = Augmentation(scaling, ANY, TrainingConfig(augment=True))
    assert augmentation.varies
    plain = shown(rows, scaling)[0]
    augmented = augmentation.show(rows, rng_for(0, "show"))[0]
    validation = augmentation.show(rows, rng_for(0, "show"), augment=False)[0]
    assert not torch.equal(augmented, plain)
    assert torch.equal(validation, plain)


def test_the_same_seed_shows_the_same(rows, scaling):
    one, same, other = (shown(rows, scaling, seed=seed, augment=True) for seed in (0, 0, 1))
    for a, b in zip(one, same, strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(one[1], other[1])


def test_rows_are_not_changed(rows, scaling):
    before = [tensor.clone() for tensor in rows]
    shown(rows, scaling, augment=True, prior_probability=1.0)
    for now, then in zip(rows, before, strict=True):
        assert torch.equal(torch.nan_to_num(now), torch.nan_to_num(then))


class TestNoise:
    """Noise on the numbers; nothing is hidden here, so that rows are shown as they are."""

    STATED = 0.3
    N_FLAGS = len(flag_names(ANY))

    def added(self, rows, scaling, *, augment=True, feature_noise=STATED, **training):
        config = TrainingConfig(complete_fraction=1.0, prior_probability=0.0, feature_noise=feature_noise, **training)
        plain = Augmentation(scaling, ANY, replace(config, feature_noise=0.0))
        noisy = Augmentation(scaling, ANY, config)
        one, other = (p.show(rows, rng_for(0, "show"), augment=augment)[1] for p in (plain, noisy))
        return one, other - one

    def test_numbers_that_are_not_zero_move_by_the_stated_deviation(self, rows, scaling):
        numbers, added = self.added(rows, scaling)
        known = numbers[:, : -self.N_FLAGS] != 0
        own = added[:, : -self.N_FLAGS][known]
        assert own.std().item() == pytest.approx(self.STATED, rel=0.02)
        assert own.mean().item() == pytest.approx(0, abs=0.01)
        assert (own != 0).float().mean() > 0.999
        for column, one in zip(added[:, : -self.N_FLAGS].T, known.T, strict=True):
            if one.sum() > 100:  # some do not vary in this data set
                assert column[one].std().item() == pytest.approx(self.STATED, rel=0.2)

    def test_what_is_unknown_or_hidden_stays_zero(self, rows, scaling):
        numbers, added = self.added(rows, scaling)
        zero = numbers[:, : -self.N_FLAGS] == 0
        assert zero.any()  # galaxies without gas, and star numbers that are NaN
        assert not added[:, : -self.N_FLAGS][zero].any()
        hidden = Augmentation(scaling, ANY, TrainingConfig(complete_fraction=0.0, feature_noise=self.STATED))
        _, numbers, *_ = hidden.show(rows, rng_for(0, "show"))
        known = torch.from_numpy(visible(ANY)[cases_of(numbers)])
        assert not numbers[:, : -self.N_FLAGS][~known[:, : -self.N_FLAGS]].any()

    def test_flags_are_never_moved(self, rows, scaling):
        _, added = self.added(rows, scaling)
        assert not added[:, -self.N_FLAGS :].any()
        told = Augmentation(scaling, ANY, TrainingConfig(prior_probability=1.0, feature_noise=self.STATED))
        flags_shown = told.show(rows, rng_for(0, "show"))[1][:, -self.N_FLAGS :]
        assert set(flags_shown.unique().tolist()) == {0.0, 1.0}

    def test_validation_has_none(self, rows, scaling):
        _, added = self.added(rows, scaling, augment=False)
        assert not added.any()

    def test_it_is_new_each_time_and_follows_the_seed(self, rows, scaling):
        augmentation = Augmentation(scaling, ANY, TrainingConfig(complete_fraction=1.0, feature_noise=self.STATED))
        rng = rng_for(0, "show")
        first, second = (augmentation.show(rows, rng)[1] for _ in range(2))
        again = augmentation.show(rows, rng_for(0, "show"))[1]
        assert torch.equal(first, again)
        assert not torch.equal(first[:, 0], second[:, 0])

    def test_masses_maps_and_rows_are_left_alone(self, rows, scaling):
        before = [tensor.clone() for tensor in rows]
        shows = []
        for noise in (0.0, self.STATED):
            config = TrainingConfig(complete_fraction=1.0, prior_probability=0.0, feature_noise=noise)
            shows.append(Augmentation(scaling, ANY, config).show(rows, rng_for(0, "show")))
        (maps, _, cos_i, target), (other_maps, _, other_cos_i, other_target) = shows
        assert torch.equal(maps, other_maps)
        assert torch.equal(cos_i.nan_to_num(), other_cos_i.nan_to_num())
        assert torch.equal(target, other_target)
        for now, then in zip(rows, before, strict=True):
            assert torch.equal(now.nan_to_num(), then.nan_to_num())

    def test_a_model_of_fixed_tracers_has_it_too(self, data):
        model = ModelConfig(numbers=True)
        scaling = measure_scaling(data, model)
        taken = training_rows(data, scaling, model, 1.0).take(np.arange(len(data)))
        augmentation = Augmentation(scaling, model, TrainingConfig(feature_noise=self.STATED))
        added = augmentation.show(taken, rng_for(0, "show"))[1] - taken[1]
        assert added[taken[1] != 0].std().item() == pytest.approx(self.STATED, rel=0.02)
        assert not added[taken[1] == 0].any()
        assert not (augmentation.show(taken, rng_for(0, "show"), augment=False)[1] - taken[1]).any()
