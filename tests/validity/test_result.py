import pytest

from stargas.validity.neighbors import Deviation
from stargas.validity.result import NO_REFERENCE, UNLIKE, ValidityResult

AS_FAR = (
    "galaxies like those of the training set are as far from others of the same mass and kind (too unusual below 0.5 %)"
)


def test_a_result_is_trusted_where_there_is_no_reason_not_to():
    assert ValidityResult(0.3).trusted
    assert ValidityResult(0.3, deviations=(Deviation("HI rotation", 4.0),)).trusted
    assert not ValidityResult(0.3, ("Mask and maps contradict each other.",)).trusted
    assert not ValidityResult(None).trusted


@pytest.mark.parametrize(
    ("result", "summary"),
    [
        (
            ValidityResult(0.42),
            f"42 % of {AS_FAR}.",
        ),
        (
            ValidityResult(0.0042, (UNLIKE,)),
            f"0.42 % of {AS_FAR}. Do not trust this result.",
        ),
        (ValidityResult(None), NO_REFERENCE),
        (ValidityResult(None, ("Too few.",)), "There is no reference for it: do not trust this result."),
    ],
)
def test_the_summary_says_how_many_are_as_far(result, summary):
    assert result.summary == summary


def test_the_summary_names_what_was_not_checked():
    text = ValidityResult(0.5, unchecked=("R_HI",)).summary
    assert text.endswith("Not checked, because the unit of a map is not known: R_HI.")


@pytest.mark.parametrize(
    ("p_value", "text"),
    [(1e-30, "Fewer than 0.01 %"), (0.00123, "0.12 %"), (0.01, "1 %"), (0.456, "46 %"), (1.0, "100 %")],
)
def test_percentages_are_plain_numbers(p_value, text):
    assert ValidityResult(p_value).summary.startswith(f"{text} of galaxies like those")
