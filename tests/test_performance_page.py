"""The page on performance says what was measured."""

import json

import pytest

from page import MANY, ONE, PAGE, RESULTS, SIZE, page_text, posterior_sentence, posteriors

ROWS = {
    posteriors(ONE): {
        "ours": 0.0042,
        "median": 0.0051,
        "processor": "a processor",
        "peer": 1.2,
        "peer_name": "another way",
    },
    posteriors(MANY): {"ours": 0.512, "median": 0.768, "processor": "a processor"},
    SIZE: {"ours": 6.73},
}


def test_the_committed_page_is_that_of_the_results():
    assert PAGE.read_text(encoding="utf-8") == page_text(json.loads(RESULTS.read_text(encoding="utf-8")))


def test_the_sentence_has_least_and_median_of_one_galaxy_and_of_each_of_many():
    text = posterior_sentence(ROWS)
    assert "take 4.2 ms (median 5.1 ms)" in text
    assert f"in a batch of {MANY} galaxies 2 ms each (median 3 ms), on one thread of a processor" in text
    assert "with another way of the same flow they take 1.2 s. The model takes 6.7 MB" in text


def test_without_a_measurement_there_is_no_page():
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    kept = [row for row in results["rows"] if row["name"] != posteriors(ONE)]
    with pytest.raises(KeyError):
        page_text({**results, "rows": kept})
