"""This file is the tests of what has come so far of a run's answers: whether it is whole, and what it lacks."""

import pytest

from services.generations.answer import Answer
from services.generations.redaction import Redactor
from services.llm.files import encode
from services.llm.port import CodeTask, Finished, FinishReason, Options, Request, Started, Text
from services.schemas.model import SchemaModel

BOUNDARY = "0" * 16
FILES = {"a.ts": "export const a = 1;\n", "b.ts": "export const b = 2;\n"}
WHOLE = encode(BOUNDARY, FILES, notes="Here it is.")


def answered(text: str, finish: FinishReason) -> Answer:
    """Return what has come of a provider that says a text."""
    answer = Answer(1, Redactor)
    task = CodeTask("Shop", "A shop", SchemaModel(()), BOUNDARY)
    answer.expect(Request(task, (), "code/1", Options()), resets=True)
    for item in (Started("groq", "m"), Text(text), Finished(finish)):
        list(answer.take(item))
    return answer


@pytest.mark.parametrize("finish", FinishReason)
def test_a_manifest_whose_end_nobody_has_seen_announces_nothing(finish: FinishReason) -> None:
    first_file = WHOLE.index(f"=== {BOUNDARY} FILE")

    for stop in range(first_file + len(f"=== {BOUNDARY} FILE ")):
        answer = answered(WHOLE[:stop], finish)

        assert (answer.missing, answer.whole, answer.is_empty) == ((), False, True)


@pytest.mark.parametrize("finish", FinishReason)
def test_from_the_first_marker_after_the_manifest_on_each_file_is_whole_or_missing(finish: FinishReason) -> None:
    for stop in range(WHOLE.index("FILE a.ts") + len("FILE a.ts\n"), len(WHOLE) + 1):
        answer = answered(WHOLE[:stop], finish)

        assert {*answer.contents, *answer.missing} == {*FILES}
        assert all(FILES[path] == content for path, content in answer.contents.items())
        assert answer.whole == (stop >= WHOLE.index("END") + len("END"))
