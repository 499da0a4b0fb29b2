import dataclasses

import numpy as np
import pytest
from analytic import star_gas_galaxy
from sources_for_tests import TINY

from stargas.config import DegradationConfig
from stargas.constants import HI_ATOMS_PER_CM2
from stargas.sample import QUALITY, make_sample, make_samples
from stargas.sky.binaries import binary_velocities
from stargas.sky.degradation import (
    CLEAR,
    ERROR_SCATTER_DEX,
    MEAN_NOISE,
    MIN_RESOLVED,
    WIDTH_NOISE,
    Degradation,
    angle_by_gradient,
    draw_degradation,
    hide_faint_hi,
    observe_stars,
    recentered_gas,
    turned,
)
from stargas.sky.hi_particles import SkyGas
from stargas.sky.projection import HIMaps, SkyGalaxy, SkyStars, project
from stargas.sky.view import View

CONFIG = DegradationConfig(share=1.0)
SIGMA = 12.0
R_HL = 0.5


def stars(n, rng):
    x, y = rng.normal(0, R_HL, (2, n))
    return SkyStars(x, y, rng.normal(0, SIGMA, n))


def drawn(config, n=4000, seed=0):
    rng = np.random.default_rng(seed)
    return [draw_degradation(config, rng) for _ in range(n)]


def column(effects, name):
    return np.array([getattr(one, name) for one in effects])


class TestDraw:
    def test_strengths_lie_in_their_ranges_and_fill_them(self):
        effects = drawn(dataclasses.replace(CONFIG, each=1.0))
        for name, most in (
            ("star_share", 1.0),
            ("velocity_error", 1.0),
            ("interlopers", CONFIG.interlopers),
            ("beam_pixels", CONFIG.beam_pixels),
        ):
            values = column(effects, name)
            assert 0 < values.min() < 0.01 * most
            assert 0.99 * most < values.max() <= most
            assert values.mean() == pytest.approx(0.5 * most, rel=0.05)
        limit = column(effects, "limit_cm2")
        assert CONFIG.min_limit_cm2 <= limit.min() < limit.max() <= CONFIG.max_limit_cm2
        middle = np.sqrt(CONFIG.min_limit_cm2 * CONFIG.max_limit_cm2)
        assert np.median(limit) == pytest.approx(middle, rel=0.15)

    @pytest.mark.parametrize(("share", "each"), [(1.0, 0.6), (0.5, 0.6), (0.3, 1.0)])
    def test_a_share_of_views_is_perfect(self, share, each):
        effects = drawn(dataclasses.replace(CONFIG, share=share, each=each))
        perfect = np.mean([one == Degradation() for one in effects])
        assert perfect == pytest.approx(1 - share + share * (1 - each) ** 5, abs=0.03)
        for name in ("star_share", "velocity_error", "interlopers", "beam_pixels", "limit_cm2"):
            assert np.mean(column(effects, name) > 0) == pytest.approx(share * each, abs=0.03)

    def test_photometry_is_drawn_only_where_it_can_be(self):
        without, certain = (drawn(dataclasses.replace(CONFIG, photometry=p)) for p in (0.0, 1.0))
        assert not any(column(without, "photometry"))
        assert all(column(certain, "photometry"))
        half = drawn(dataclasses.replace(CONFIG, photometry=0.5))
        assert np.mean(column(half, "photometry")) == pytest.approx(0.5, abs=0.03)

    def test_every_view_takes_the_same_random_numbers(self):
        states = []
        for share in (0.0, 0.5, 1.0):
            rng = np.random.default_rng(3)
            for _ in range(20):
                draw_degradation(dataclasses.replace(CONFIG, share=share), rng)
            states.append(rng.random())
        assert states[0] == states[1] == states[2]


class TestStars:
    @pytest.mark.parametrize("error", [0.3, 1.0])
    def test_the_dispersion_without_errors_is_unbiased(self, error):
        """In squares, where the errors are taken out; the scatter that errors leave in is not."""
        rng = np.random.default_rng(0)
        found = [
            observe_stars(stars(400, rng), R_HL, Degradation(velocity_error=error), CONFIG, rng) for _ in range(400)
        ]
        squares = np.array([sigma**2 for _, sigma, _ in found])
        scatter = np.array([np.var(seen.v_los_kms, ddof=1) for seen, _, _ in found])
        uncertainty = squares.std() / np.sqrt(len(squares))
        assert abs(squares.mean() - SIGMA**2) < 4 * uncertainty
        assert scatter.mean() - SIGMA**2 > 4 * uncertainty

    def test_the_stated_error_is_that_of_the_velocities(self):
        rng = np.random.default_rng(1)
        perfect = stars(20_000, rng)
        seen, _, rms = observe_stars(perfect, R_HL, Degradation(velocity_error=0.5), CONFIG, rng)
        added = seen.v_los_kms - perfect.v_los_kms
        assert added.std() == pytest.approx(rms, rel=0.03)
        log_scatter = ERROR_SCATTER_DEX * np.log(10)
        assert rms == pytest.approx(0.5 * CONFIG.velocity_error_kms * np.exp(log_scatter**2), rel=0.03)
        assert np.array_equal(seen.x_kpc, perfect.x_kpc)

    def test_errors_never_exceed_the_dispersion(self):
        """A cold galaxy: typical errors are its dispersion at most, and what is left of it is not below a floor."""
        rng = np.random.default_rng(2)
        cold = stars(5000, rng)
        cold = SkyStars(cold.x_kpc, cold.y_kpc, cold.v_los_kms * 0.1)
        _, sigma, rms = observe_stars(cold, R_HL, Degradation(velocity_error=1.0), CONFIG, rng)
        assert rms == pytest.approx(0.1 * SIGMA * np.exp((ERROR_SCATTER_DEX * np.log(10)) ** 2), rel=0.05)
        assert sigma == pytest.approx(0.1 * SIGMA, rel=0.1)
        for _ in range(50):
            few, sigma, _ = observe_stars(stars(5, rng), R_HL, Degradation(velocity_error=1.0), CONFIG, rng)
            assert sigma >= MIN_RESOLVED * np.std(few.v_los_kms, ddof=1) * 0.999

    def test_the_number_of_stars_lies_between_the_fewest_and_all(self):
        rng = np.random.default_rng(3)
        perfect = stars(3000, rng)
        counts = {}
        for share in (0.0, 0.5, 1.0):
            seen, _, _ = observe_stars(perfect, R_HL, Degradation(star_share=share), CONFIG, rng)
            counts[share] = len(seen)
            assert set(seen.v_los_kms) <= set(perfect.v_los_kms)
            assert len(set(seen.v_los_kms)) == len(seen)
        assert counts == {0.0: 3000, 0.5: 300, 1.0: CONFIG.min_stars}

    def test_fewer_stars_than_the_fewest_are_all_kept(self):
        rng = np.random.default_rng(4)
        seen, _, _ = observe_stars(stars(12, rng), R_HL, Degradation(star_share=1.0), CONFIG, rng)
        assert len(seen) == 12

    def test_few_stars_are_a_fair_choice(self):
        rng = np.random.default_rng(5)
        x = np.arange(300.0)
        chosen = [
            observe_stars(SkyStars(x, x, x), R_HL, Degradation(star_share=0.9), CONFIG, rng)[0].x_kpc
            for _ in range(400)
        ]
        assert np.mean(np.concatenate(chosen)) == pytest.approx(149.5, abs=3)

    @pytest.mark.parametrize("share", [0.02, 0.1])
    def test_interlopers_are_as_many_as_said_and_lie_everywhere(self, share):
        rng = np.random.default_rng(6)
        perfect = stars(20_000, rng)
        seen, _, _ = observe_stars(perfect, R_HL, Degradation(interlopers=share), CONFIG, rng)
        assert len(seen) == len(perfect)
        foreign = ~np.isin(seen.v_los_kms, perfect.v_los_kms)
        assert foreign.mean() == pytest.approx(share, abs=4 * np.sqrt(share / len(perfect)))
        radius = np.hypot(seen.x_kpc, seen.y_kpc)[foreign] / R_HL
        assert radius.max() < CONFIG.interloper_radius
        assert np.mean(radius < CONFIG.interloper_radius / 2) == pytest.approx(0.25, abs=0.08)
        v = seen.v_los_kms[foreign]
        assert np.abs(v).max() < 3.1 * SIGMA
        assert v.std() == pytest.approx(np.sqrt(3) * SIGMA, rel=0.1)

    def test_without_effects_all_stays_as_it_is(self):
        rng = np.random.default_rng(7)
        perfect = stars(100, rng)
        before = rng.bit_generator.state
        seen, sigma, rms = observe_stars(perfect, R_HL, Degradation(), CONFIG, rng)
        assert rng.bit_generator.state == before
        assert np.array_equal(seen.v_los_kms, perfect.v_los_kms)
        assert sigma == pytest.approx(np.std(perfect.v_los_kms, ddof=1))
        assert rms == 0


def flat_maps(column_msun_pc2, n=64, mean=30.0, sigma=9.0):
    return HIMaps(np.stack([np.full((n, n), value) for value in (column_msun_pc2, mean, sigma)]), 8.0)


LIMIT_CM2 = 1e20
LIMIT = LIMIT_CM2 / HI_ATOMS_PER_CM2


class TestFaintHI:
    def test_what_is_below_the_limit_is_blank_in_all_moments(self):
        faint = hide_faint_hi(flat_maps(0.1 * LIMIT), 0.0, LIMIT_CM2, np.random.default_rng(0)).moments
        bright = hide_faint_hi(flat_maps(10 * LIMIT), 0.0, LIMIT_CM2, np.random.default_rng(0)).moments
        half = hide_faint_hi(flat_maps(LIMIT), 0.0, LIMIT_CM2, np.random.default_rng(0)).moments
        assert np.mean(faint != 0) < 0.01  # 2.7 times the noise
        assert np.mean(bright[0] != 0) == 1
        assert np.mean(half[0] != 0) == pytest.approx(0.5, abs=0.06)
        for moments in (faint, bright, half):
            blank = moments[0] == 0
            assert not moments[1:, blank].any()
            assert (moments[0, ~blank] >= LIMIT * (1 - 1e-9)).all()
            assert (moments[2] >= 0).all()

    def test_the_noise_of_the_column_is_the_limit_over_three(self):
        moments = hide_faint_hi(flat_maps(20 * LIMIT, n=200), 0.0, LIMIT_CM2, np.random.default_rng(1)).moments
        assert moments[0].std() == pytest.approx(LIMIT / CLEAR, rel=0.05)
        assert moments[0].mean() == pytest.approx(20 * LIMIT, rel=0.01)

    def test_noise_is_correlated_over_the_beam(self):
        def neighbors(beam_kpc):
            moments = hide_faint_hi(flat_maps(20 * LIMIT, 200), beam_kpc, LIMIT_CM2, np.random.default_rng(2)).moments
            noise = moments[0] - moments[0].mean()
            return np.mean(noise[:, 4:] * noise[:, :-4]) / noise.var()

        pixel = 2 * 8.0 / 200
        assert neighbors(12 * pixel) > 0.5
        assert abs(neighbors(0.0)) < 0.05

    def test_noise_of_mean_and_width_is_that_of_a_line_in_channels(self):
        """Gaussian lines in noisy channels, summed over ±2.5 dispersions, against what the maps are given."""
        rng = np.random.default_rng(3)
        mean, sigma, width, column, n = 30.0, 9.0, 1.5, 25.0, 40_000
        v = np.arange(mean - 2.5 * sigma + width / 2, mean + 2.5 * sigma, width)
        line = np.exp(-0.5 * ((v - mean) / sigma) ** 2)
        line *= column / (line.sum() * width)
        noise = 0.02 * column  # of the column
        per_channel = noise / (width * np.sqrt(len(v)))
        spectra = line + rng.normal(0, per_channel, (n, len(v)))
        total = spectra.sum(axis=1) * width
        first = (spectra * v).sum(axis=1) * width / total
        second = np.sqrt((spectra * (v - first[:, None]) ** 2).sum(axis=1) * width / total)
        assert total.std() == pytest.approx(noise, rel=0.02)

        limit_cm2 = CLEAR * noise * HI_ATOMS_PER_CM2
        maps = hide_faint_hi(flat_maps(column, 200, mean, sigma), 0.0, limit_cm2, rng).moments
        assert maps[1].std() == pytest.approx(first.std(), rel=0.06)
        assert maps[1].std() == pytest.approx(MEAN_NOISE * sigma * noise / column, rel=0.03)
        assert maps[2].std() == pytest.approx(second.std(), rel=0.1)  # 7 %: the window cuts the wings of the line
        assert maps[2].std() == pytest.approx(WIDTH_NOISE * sigma * noise / column, rel=0.03)
        assert maps[1].mean() == pytest.approx(first.mean(), abs=0.1)

    def test_the_factors_are_those_of_a_uniform_window(self):
        u = np.linspace(-2.5, 2.5, 100_001)
        assert np.sqrt(np.mean(u**2)) == pytest.approx(MEAN_NOISE, abs=0.01)
        assert np.sqrt(np.mean((u**2 - 1) ** 2)) / 2 == pytest.approx(WIDTH_NOISE, abs=0.01)


def with_effects(**changes):
    return dataclasses.replace(TINY, degradation=DegradationConfig(**changes))


def only(monkeypatch, **strengths):
    """Let every view have the same effects."""
    monkeypatch.setattr("stargas.sample.observation.draw_degradation", lambda _config, _rng: Degradation(**strengths))
    return with_effects(share=1.0)


ARRAYS = ("maps", "scalars", "star_features", "quality", "log10_mass", "r_kpc")


class TestSamples:
    def test_a_share_of_zero_changes_nothing(self):
        galaxy = star_gas_galaxy(600, 400)
        plain = make_samples(galaxy, TINY, seed=5)
        none = make_samples(galaxy, with_effects(share=0.0, min_stars=5, interlopers=0.5), seed=5)
        some = make_samples(galaxy, with_effects(share=1.0, each=1.0), seed=5)
        for one, same, other in zip(plain, none, some, strict=True):
            for name in ARRAYS:
                assert np.array_equal(getattr(one, name), getattr(same, name), equal_nan=True), name
            for name in ("maps", "scalars", "star_features", "quality"):
                assert not np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True), name
            assert np.array_equal(one.log10_mass, other.log10_mass)  # the truth is that of the galaxy
            assert one.scalars[0] == other.scalars[0]

    def test_perfect_data_have_no_noise_to_tell_of(self):
        sample = make_samples(star_gas_galaxy(600, 400), TINY)[0]
        assert sample.quality.tolist() == [sample.row["n_stars"], 0, 0, 0]
        assert sample.row["interlopers"] == 0

    def test_quality_is_what_was_done(self, monkeypatch):
        config = only(monkeypatch, star_share=1.0, velocity_error=1.0, beam_pixels=3.0, limit_cm2=1e19)
        galaxy = star_gas_galaxy(600, 4000)
        sample = make_sample(project(galaxy, View(60.0)), np.random.default_rng(0), config)
        quality = dict(zip(QUALITY, sample.quality, strict=True))
        assert quality["n_stars"] == config.degradation.min_stars == sample.row["n_stars"]
        assert quality["velocity_error_kms"] > 0
        assert quality["noise_msun_pc2"] == pytest.approx(1e19 / HI_ATOMS_PER_CM2 / 3)
        assert quality["beam_fwhm_kpc"] > 0
        assert {name: sample.row[name] for name in QUALITY} == quality

    def test_a_beam_enlarges_the_radius_of_the_hi(self, monkeypatch):
        sky = project(star_gas_galaxy(600, 20_000), View(40.0))
        radius = []
        for pixels in (0.0, 3.0, 6.0):
            config = only(monkeypatch, beam_pixels=pixels)
            sample = make_sample(sky, np.random.default_rng(0), config)
            radius.append(sample.scalars[2])
            assert sample.quality[2] == pytest.approx(pixels * sample.quality[2] / max(pixels, 1e-9))
        assert radius[0] < radius[1] < radius[2] < 2 * radius[0]

    def test_a_limit_hides_the_outskirts_and_not_the_center(self, monkeypatch):
        sky = project(star_gas_galaxy(600, 20_000), View(40.0))
        plain, hidden = (
            make_sample(sky, np.random.default_rng(0), only(monkeypatch, limit_cm2=limit)).maps[2]
            for limit in (0.0, 2e20)
        )
        assert np.mean(hidden > 0) < 0.7 * np.mean(plain > 0)
        assert (hidden[7:9, 7:9] > 0).all()
        assert np.median(hidden[hidden > 0]) > 2e20 / HI_ATOMS_PER_CM2  # pixels at the edge are in part blank

    def test_hi_that_is_all_too_faint_is_no_gas(self, monkeypatch):
        config = only(monkeypatch, limit_cm2=1e24)
        sample = make_sample(project(star_gas_galaxy(600, 400), View(40.0)), np.random.default_rng(0), config)
        assert sample.tracers.tolist() == [True, False]
        assert not sample.maps[2:].any()
        assert not sample.scalars[2:].any()
        assert not sample.quality[2:].any()

    def test_observed_data_get_no_effects(self):
        """An observer's stars have errors of their own, which the sample tells of."""
        rng = np.random.default_rng(1)
        sky = SkyGalaxy(stars=stars(200, rng), R_hl_kpc=R_HL, sigma_kms=7.0, velocity_error_kms=2.5)
        sample = make_sample(sky, rng, with_effects(share=1.0, each=1.0))
        assert sample.scalars[1] == 7.0
        assert sample.quality.tolist() == [200, 2.5, 0, 0]

    def test_the_same_seed_gives_the_same_effects(self):
        galaxy, config = star_gas_galaxy(600, 400), with_effects(share=1.0, each=1.0)
        one, same, other = (make_samples(galaxy, config, seed)[0] for seed in (0, 0, 1))
        assert np.array_equal(one.maps, same.maps)
        assert np.array_equal(one.quality, same.quality)
        assert not np.array_equal(one.quality, other.quality)

    def test_samples_of_few_stars_are_wanted_only_with_effects(self):
        assert TINY.min_stars == TINY.stars.min_stars == 100
        assert with_effects(share=0.5, min_stars=20).min_stars == 20
        assert with_effects(share=0.0, min_stars=20).min_stars == 100


class TestStarSamples:
    """Samples of stars as observers have them."""

    ALL = dataclasses.replace(
        CONFIG,
        each=1.0,
        selection_radius_dex=0.5,
        error_range_dex=1.0,
        binaries=0.6,
        interloper_velocity=2.0,
        center_offset=0.15,
        velocity_offset=0.3,
        unknown_angle=0.5,
    )

    def observed(self, degradation, config=CONFIG, n=6000, sigma=SIGMA):
        rng = np.random.default_rng(1)
        x, y = rng.normal(0, R_HL, (2, n))
        return observe_stars(SkyStars(x, y, rng.normal(0, sigma, n)), R_HL, degradation, config, rng)

    def test_strengths_stay_in_their_ranges_and_are_off_by_default(self):
        effects = drawn(self.ALL)
        for name, most in (("selection_radius_dex", 0.5), ("error_range_dex", 1.0), ("binaries", 0.6)):
            values = np.abs(column(effects, name))
            assert 0.98 * most < values.max() <= most
        assert np.hypot(column(effects, "offset_x"), column(effects, "offset_y")).max() <= 0.15
        assert np.mean(column(effects, "unknown_angle")) == pytest.approx(0.5, abs=0.03)
        for one in drawn(CONFIG, 50):
            old = dataclasses.replace(
                Degradation(), **{name: getattr(one, name) for name in ("star_share", "velocity_error", "interlopers")}
            )
            assert dataclasses.replace(old, beam_pixels=one.beam_pixels, limit_cm2=one.limit_cm2) == one

    @pytest.mark.parametrize("center", [-0.5, 0.4])
    def test_stars_are_chosen_by_their_radius(self, center):
        seen, _, _ = self.observed(Degradation(star_share=0.5, selection_radius_dex=center))
        fair, _, _ = self.observed(Degradation(star_share=0.5))
        radius, usual = (np.median(np.hypot(s.x_kpc, s.y_kpc)) / R_HL for s in (seen, fair))
        assert np.log10(radius) == pytest.approx(center, abs=0.25)
        assert np.sign(center) * np.log10(radius / usual) > 0.1

    def test_fields_have_edges(self):
        effects = drawn(dataclasses.replace(self.ALL, edges=0.6), 4000)
        inner, outer = column(effects, "inner_edge"), column(effects, "outer_edge")
        assert np.mean((inner > 0) | np.isfinite(outer)) == pytest.approx(0.6, abs=0.03)
        assert not ((inner > 0) & np.isfinite(outer)).any()
        assert (inner[inner > 0].min() >= 0.5) & (outer.min() >= 0.3)
        assert max(inner.max(), outer[np.isfinite(outer)].max()) <= 1.5
        near, _, _ = self.observed(Degradation(outer_edge=0.8))
        far, _, _ = self.observed(Degradation(inner_edge=0.8))
        assert np.hypot(near.x_kpc, near.y_kpc).max() <= 0.8 * R_HL <= np.hypot(far.x_kpc, far.y_kpc).min()
        assert len(near.x_kpc) + len(far.x_kpc) == 6000

    def test_a_field_with_too_few_stars_has_no_edge(self):
        seen, _, _ = self.observed(Degradation(outer_edge=1e-3))
        assert len(seen.x_kpc) == 6000

    def test_edges_leave_the_random_numbers_of_other_effects(self):
        for seed in range(200):
            (without,), (with_edges,) = (drawn(dataclasses.replace(self.ALL, edges=p), 1, seed) for p in (0.0, 1.0))
            assert dataclasses.replace(with_edges, inner_edge=0.0, outer_edge=np.inf) == without

    def test_errors_of_single_stars_vary(self):
        rms = [self.observed(Degradation(velocity_error=0.5, error_range_dex=spread))[2] for spread in (0.0, 1.0)]
        # <10^2u> of u even in ±0.5 is (10 - 0.1)/(2 ln 10)
        assert (rms[1] / rms[0]) ** 2 == pytest.approx((10 - 0.1) / (2 * np.log(10)), rel=0.1)

    def test_binaries_widen_cold_galaxies_alone(self):
        cold, warm = (self.observed(Degradation(binaries=0.6, offset_x=1e-9), sigma=sigma)[0] for sigma in (2.0, 12.0))
        assert 2.2 < cold.v_los_kms.std() < 6.0
        assert warm.v_los_kms.std() == pytest.approx(12.0, rel=0.02)

    def test_interlopers_have_a_place_and_a_velocity_of_their_own(self):
        own = Degradation(interlopers=0.5, interloper_velocity=2.0, interloper_width=0.5)
        seen, _, _ = self.observed(own, dataclasses.replace(CONFIG, interloper_radius=8.0))
        far = np.hypot(seen.x_kpc, seen.y_kpc) > 5 * R_HL
        assert seen.v_los_kms[far].mean() == pytest.approx(2.0 * SIGMA, rel=0.1)
        angle = np.arctan2(seen.y_kpc[far], seen.x_kpc[far])
        assert np.hypot(np.cos(angle).mean(), np.sin(angle).mean()) > 0.2
        even, _, _ = self.observed(Degradation(interlopers=0.5), dataclasses.replace(CONFIG, interloper_radius=8.0))
        far = np.hypot(even.x_kpc, even.y_kpc) > 5 * R_HL
        assert abs(even.v_los_kms[far].mean()) < 0.3 * SIGMA

    def test_stars_and_gas_share_a_wrong_center_and_systemic_velocity(self):
        off = Degradation(offset_x=0.2, offset_y=-0.1, velocity_offset=0.3)
        seen, _, _ = self.observed(off)
        assert seen.x_kpc.mean() == pytest.approx(-0.2 * R_HL, abs=0.02)
        assert seen.v_los_kms.mean() == pytest.approx(-0.3 * SIGMA, abs=0.5)
        gas = SkyGas(*np.zeros((3, 4)), np.ones(4), np.full(4, 8000.0), np.ones(4))
        moved = recentered_gas(gas, R_HL, SIGMA, off)
        assert moved.x_kpc == pytest.approx(-0.2 * R_HL)
        assert moved.y_kpc == pytest.approx(0.1 * R_HL)
        assert moved.v_los_kms == pytest.approx(-0.3 * SIGMA)

    def test_a_gradient_shows_the_position_angle(self):
        rng = np.random.default_rng(3)
        x, y = rng.normal(0, R_HL, (2, 800))
        turning = SkyStars(x, y, 30 * (0.6 * x + 0.8 * y) + rng.normal(0, 5, 800))
        aligned = turned(turning, angle_by_gradient(turning, rng))
        slope = np.linalg.lstsq(np.column_stack([aligned.x_kpc, aligned.y_kpc]), aligned.v_los_kms, rcond=None)[0]
        assert slope == pytest.approx([30, 0], abs=1.5)
        still = SkyStars(x, y, rng.normal(0, 5, 800))
        assert np.std([angle_by_gradient(still, rng) for _ in range(6)]) > 0.5


def test_binaries_of_the_field_have_the_speeds_of_kepler():
    velocity = binary_velocities(200_000, 1.0, np.random.default_rng(0))
    assert abs(velocity.mean()) < 0.05
    # wide binaries are slow, and some are fast: heavy tails
    assert 0.3 < np.median(np.abs(velocity)) < 1.5
    assert np.mean(np.abs(velocity) > 10) == pytest.approx(0.02, abs=0.015)
    assert np.count_nonzero(binary_velocities(50_000, 0.3, np.random.default_rng(0))) / 50_000 < 0.31
