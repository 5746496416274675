"""The tests of how well the scaffold hears sentences: as well as docs/sentences.md says."""

import pytest

from tests.sentences.run import REPORT, page, scored
from tests.sentences.score import load


def test_the_report_is_that_of_the_code() -> None:
    assert REPORT.read_text(encoding="utf-8") == page(), "Run `make sentences`."


@pytest.mark.parametrize("name", ["building", "measuring"])
def test_the_scaffold_hears_no_worse_than_it_did(name: str) -> None:
    total = scored(name)

    assert total.percent("entities") >= 95
    assert total.percent("relations") >= 85
    assert total.percent("invented") <= 8


def test_no_sentence_that_is_measured_with_was_built_with() -> None:
    assert not {one["text"] for one in load("measuring")} & {one["text"] for one in load("building")}


@pytest.mark.parametrize("name", ["building", "measuring"])
def test_answers_speak_of_the_tables_that_they_name(name: str) -> None:
    for entry in load(name):
        named = {*entry["entities"], *entry["optional"]}
        tables = {text.partition(".")[0] for text in entry["attributes"]}
        tables |= {end for text in entry["relations"] for end in text.split(" ")[::2]}

        assert tables <= named, entry["text"]
