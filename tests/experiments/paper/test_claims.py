"""Claims of the paper appear where the numbers have them, and turn when the numbers turn."""

import pytest
from results_for_tests import parts, rows_of, scale_widths

from stargas.experiments.paper.claims import Claim, Effect, paper_claims
from stargas.report.results import Value


def verdicts(content):
    return {relation.name: relation.verdict for relation in paper_claims(content)}


def test_numbers_like_the_paper_s_make_all_relations_appear():
    assert set(verdicts(parts()).values()) == {"appears"}


@pytest.mark.parametrize(
    ("word", "part", "wanted", "factor"),
    [
        ("≈ 1.5", "fig5", {"name": "Star"}, 0.7),
        ("widest", "fig5", {"name": "Gas"}, 0.4),
        ("Gas-poor", "fig4", {"name": "Gas", "set": "full set"}, 0.58),
        ("Star is worse", "fig8", {"name": "Star", "subset": "kappa_co > 0.5"}, 0.7),
        ("Gas is better", "fig8", {"name": "Gas", "subset": "kappa_co < 0.5"}, 0.7),
        ("asymmetric", "fig9", {"name": "StarGas", "trained_on": "smooth", "tested_on": "bursty"}, 0.5),
    ],
)
def test_a_width_that_turns_turns_its_relation_and_no_other(word, part, wanted, factor):
    content = parts()
    before = verdicts(content)
    for line in rows_of(content, part, **wanted):
        scale_widths(line, factor)
        line["median"] = [1.0] * len(line["median"])
    after = verdicts(content)
    turned = {name for name in after if after[name] != before[name]}
    assert {name for name in turned if word in name} or pytest.fail(f"{word}: {after}")
    assert all(after[name] == "does not appear" for name in turned if word in name)
    assert len(turned) <= 2  # Star and Gas stand in two relations


def test_a_small_effect_appears_partly():
    content = parts()
    scale_widths(rows_of(content, "fig4", name="Gas", set="full set")[0], 1.15 / 1.7)
    assert verdicts(content)["Gas-poor galaxies widen Gas, by 1.7"] == "partly"


def test_biases_turn_their_relations():
    content = parts()
    for line in rows_of(content, "fig6", subset="M* > 10^9.5"):
        line["median"] = [1.0] * 10
    for line in rows_of(content, "fig8", name="Star"):
        line["median"] = [1.0] * 10
    after = verdicts(content)
    assert after["Rare massive galaxies come out low, by up to 7 %"] == "does not appear"
    assert after["Star is biased by inclination"] == "does not appear"


def test_a_bias_of_the_model_for_both_is_found():
    content = parts()
    for line in rows_of(content, "fig9", trained_on="both"):
        line["median"] = [1.2] * 10
    assert verdicts(content)["Trained on both suites, the model fits both"] == "partly"


def test_rotators_that_are_low_or_have_a_larger_rms_are_worse_though_their_widths_are_not():
    content = parts()
    row = rows_of(content, "fig8", name="Star", subset="kappa_co > 0.5")[0]
    rms = row["rms_dex"]
    scale_widths(row, 0.6)
    assert verdicts(content)["Star is worse on rotators"] == "partly"  # low
    row["median"] = [1.0] * len(row["median"])
    assert verdicts(content)["Star is worse on rotators"] == "does not appear"
    row["rms_dex"] = rms
    assert verdicts(content)["Star is worse on rotators"] == "partly"


def test_rules():
    above = Effect(Value(1.3, 0.1), 1.5)
    assert above.found
    assert above.large
    assert not Effect(Value(1.3, 0.2), 1.5).found  # within two standard errors
    assert not Effect(Value(1.2, 0.01), 1.5).large  # less than half of the paper's
    assert not Effect(Value(0.7, 0.1), 1.5).found  # the other side
    assert Effect(Value(0.93, 0.01), 0.93, sign=-1).large
    assert Effect(Value(1.02, 0.001), 1.0, sign=0, tolerance=0.03).found
    assert not Effect(Value(1.04, 0.001), 1.0, sign=0, tolerance=0.03).found
    assert Claim("", "", ()).verdict == "not measured"
    assert Claim("", "", (Effect(Value(1.2, 0.2), 1.5),)).verdict == "too uncertain to tell"
    assert Claim("", "", (Effect(Value(1.05, 0.1), 1.5),)).verdict == "does not appear"
