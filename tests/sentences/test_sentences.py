"""The tests of how well the scaffold hears sentences: as well as docs/sentences.md says."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.designs.schema import SchemaModel
from services.scaffold.requests import not_followed
from services.scaffold.schema import derive_schema
from tests.sentences.run import REPORT, page, scored
from tests.sentences.score import load

TEXTS = [entry["text"] for entry in load("building")]
CLAUSES = [part for text in TEXTS for part in re.split(r"(?<=[,.;:()\n])", text) if part.strip()]
WORDS = [word for text in TEXTS for word in text.split()]


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


@pytest.mark.parametrize("name", ["building", "measuring", "others"])
def test_answers_speak_of_the_tables_that_they_name(name: str) -> None:
    for entry in load(name):
        named = {*entry["entities"], *entry["optional"]}
        tables = {text.partition(".")[0] for text in entry["attributes"]}
        tables |= {end for text in entry["relations"] for end in text.split(" ")[::2]}

        assert tables <= named, entry["text"]


@pytest.mark.parametrize(
    "text",
    [
        "Please add a public page with photos a",
        "a format ( so that I can see. bottom time in minutes. flights keep track of certificates: student)",
        "a appear has has licence a amount. members a yes/no",
    ],
)
def test_words_in_an_odd_order_make_a_schema(text: str) -> None:
    assert isinstance(derive_schema(text), SchemaModel)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(CLAUSES), max_size=8) | st.lists(st.sampled_from(WORDS), max_size=40))
def test_whatever_is_said_makes_a_schema(parts: list[str]) -> None:
    text = " ".join(parts)

    not_followed(text, derive_schema(text))
