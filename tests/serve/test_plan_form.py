"""The form of a forecast becomes its arguments; what cannot be is one sentence."""

import pytest

from stargas.errors import InputError
from stargas.inference.observing_setup import ObservingSetup
from stargas.serve.plan_form import read_plan

GALAXY = {"stellar_mass_msun": "1e7", "R_hl_kpc": "0.5"}


def test_fields_become_numbers_and_empty_ones_are_left_out():
    plan = read_plan({**GALAXY, "n_stars": "150", "hi_mass_msun": 0, "beam_kpc": "", "R_out_kpc": None})
    assert plan == {"stellar_mass_msun": "1e+07 0dex", "R_hl_kpc": 0.5, "n_stars": 150, "hi_mass_msun": 0.0}
    assert isinstance(plan["n_stars"], int)


def test_a_stellar_mass_may_have_its_error():
    assert read_plan({**GALAXY, "stellar_mass_msun": "3.8e5 0.2dex"})["stellar_mass_msun"] == "380000 0.2dex"


def test_angles_are_lengths_at_the_distance():
    plan = read_plan({**GALAXY, "R_hl_kpc": "2 arcmin", "R_out_kpc": "800 pc", "distance_kpc": "0.86 Mpc"})
    assert plan["R_hl_kpc"] == pytest.approx(0.5003, rel=1e-3)
    assert plan["R_out_kpc"] == pytest.approx(0.8)
    assert "distance_kpc" not in plan


def test_a_noise_becomes_the_limit():
    noise = {"hi_noise_mjy": "0.5", "channel_kms": "5", "beam_kpc": "30 arcsec", "distance_kpc": "1000"}
    plan = read_plan({**GALAXY, **noise})
    assert plan["hi_limit_cm2"] == pytest.approx(ObservingSetup.hi_limit_of(0.5, 5.0, 30.0))
    assert not {"hi_noise_mjy", "channel_kms"} & set(plan)


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ([], "must be an object"),
        ({"lunch": 1}, "no setting 'lunch'"),
        ({**GALAXY, "stellar_mass_msun": "heavy"}, "a stellar mass is a number"),
        ({"R_hl_kpc": "0.5"}, "the stellar mass is missing"),
        ({"stellar_mass_msun": "1e7"}, "the half-light radius is missing"),
        ({**GALAXY, "n_stars": "many"}, "the number of stars must be a number"),
        ({**GALAXY, "R_out_kpc": "5 arcmin"}, "needs a distance"),
        ({**GALAXY, "R_out_kpc": "-1"}, "the radius of the field must be"),
        ({**GALAXY, "distance_kpc": "far"}, "far"),
        ({**GALAXY, "hi_noise_mjy": "1"}, "needs the channel width, the beam and the distance"),
        ({**GALAXY, "hi_noise_mjy": "1", "hi_limit_cm2": "1e20"}, "give one of them"),
    ],
)
def test_what_cannot_be_is_one_sentence(form, message):
    with pytest.raises(InputError, match=message):
        read_plan(form)
