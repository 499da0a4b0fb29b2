import pytest

from stargas.validity.result import FALSE_ALARM_RATE, NO_REFERENCE, ValidityResult


@pytest.mark.parametrize(
    ("p_value", "trusted"), [(None, False), (0.0, False), (0.0099, False), (0.01, True), (1.0, True)]
)
def test_a_result_is_trusted_from_the_false_alarm_rate_on(p_value, trusted):
    assert ValidityResult(p_value).trusted is trusted
    assert ("do not trust" in ValidityResult(p_value).summary) is (not trusted and p_value is not None)


@pytest.mark.parametrize(
    ("p_value", "text"),
    [(1e-30, "Fewer than 0.01 %"), (0.00123, "0.12 %"), (FALSE_ALARM_RATE, "1 %"), (0.456, "46 %"), (1.0, "100 %")],
)
def test_percentages_are_plain_numbers(p_value, text):
    assert ValidityResult(p_value).summary.startswith(f"{text} of galaxies like those")


def test_a_missing_reference_and_a_missing_kind_are_told_apart():
    assert ValidityResult(None).summary == NO_REFERENCE
    assert "There is no reference for it" in ValidityResult(None, ("The model learned from no such galaxies.",)).summary
