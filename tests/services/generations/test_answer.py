"""The tests of what has come so far of a run's answers: whether it is whole, and what it lacks."""

import pytest

from services.designs.schema import SchemaModel
from services.generations import events
from services.generations.answer import Answer
from services.generations.redaction import Redactor
from services.llm.files import encode
from services.llm.port import (
    ChatTask,
    CodeTask,
    Finished,
    FinishReason,
    Item,
    Options,
    Request,
    Started,
    Text,
    TextVoided,
    Thought,
    Usage,
)

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


def more(answer: Answer, *items: Item) -> list[events.GenerationEvent]:
    """Have another answer go on with what has come, and return what it tells."""
    task = CodeTask("Shop", "A shop", SchemaModel(()), BOUNDARY)
    answer.expect(Request(task, (), "code/1", Options()), resets=False)
    return [event for item in (Started("groq", "m"), *items) for event in answer.take(item)]


def test_text_that_was_thought_aloud_takes_nothing_of_what_had_come_before() -> None:
    answer = answered(WHOLE[: WHOLE.index("=== 0000000000000000 FILE b.ts") + 30], FinishReason.STOP)
    draft, rest = encode(BOUNDARY, {"a.ts": "draft\n", "b.ts": "draft\n"}), encode(BOUNDARY, {"b.ts": FILES["b.ts"]})
    assert (answer.contents, answer.missing) == ({"a.ts": FILES["a.ts"]}, ("b.ts",))

    told = more(answer, Text(draft), Thought("So."), TextVoided(), Text(rest), Finished(FinishReason.STOP))

    assert (answer.contents, answer.missing, answer.whole, answer.text) == (FILES, (), True, "Here it is.\n")
    again = told.index(events.AttemptStarted(1, "groq", "m", resets_text=True))
    assert told[again + 1 : again + 4] == [
        events.TokenDelta("Here it is.\n", 0),
        events.FileStarted("a.ts"),
        events.FileDelta("a.ts", FILES["a.ts"]),
    ]


def test_what_is_refused_is_missing_and_not_wanted() -> None:
    answer = answered(
        encode(BOUNDARY, {"../up.ts": "x", "a.ts": "x"}).replace("a.ts\n===", "a.ts\nb.ts\n==="), FinishReason.STOP
    )

    assert (answer.missing, answer.wanted, answer.whole) == (("../up.ts", "b.ts"), ("b.ts",), False)


def test_usage_is_told_once_a_second_and_at_the_end() -> None:
    now = 100.0
    answer = Answer(1, Redactor, monotonic=lambda: now)
    answer.expect(Request(ChatTask("Shop", "", None, "?"), (), "chat/1", Options()), resets=True)
    said: list[tuple[float, int]] = []

    def take(item: Item) -> None:
        said.extend((now, each.output_tokens) for each in answer.take(item) if isinstance(each, events.UsageUpdated))

    take(Started("groq", "m"))
    for count in range(1, 2501):
        now = 100.0 + count / 1000
        take(Text("a"))
        take(Usage(11, count))
    take(Finished(FinishReason.STOP))

    assert said == [(100.001, 1), (101.001, 1001), (102.001, 2001), (102.5, 2500)]


def test_the_last_usage_of_a_lost_answer_is_told() -> None:
    answer = Answer(1, Redactor, monotonic=lambda: 100.0)
    answer.expect(Request(ChatTask("Shop", "", None, "?"), (), "chat/1", Options()), resets=True)
    for item in (Started("groq", "m"), Usage(11, 1), Usage(11, 2)):
        list(answer.take(item))

    assert [each for each in answer.lost() if isinstance(each, events.UsageUpdated)] == [events.UsageUpdated(11, 2)]
    assert list(answer.lost()) == []
