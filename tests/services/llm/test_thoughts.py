"""The separation of thoughts from answers: however the text is cut, and never at the cost of the answer."""

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.llm.port import Text, TextVoided, Thought
from services.llm.thoughts import Thoughts


def read(pieces: list[str]) -> tuple[str, str, bool]:
    """Return the thoughts, the answer, and whether there is an answer at all."""
    told: list[tuple[bool, str]] = []
    reader = Thoughts()
    for piece in [item for text in pieces for item in reader.feed(text)] + reader.end():
        match piece:
            case TextVoided():
                told = [(True, text) for _, text in told]
            case _:
                assert piece.text
                told.append((isinstance(piece, Thought), piece.text))
    thoughts = "".join(text for is_thought, text in told if is_thought)
    return thoughts, "".join(text for is_thought, text in told if not is_thought), reader.has_answer


part = st.sampled_from(
    [
        *("<think>", "</think>", "<thinking>", "</thinking>", "<THINK>", "</Think>", "[THINK]", "[/THINK]", "◁think▷"),
        *("<", "</", "think>", "<thi", "nk>", "\n", "\n\n", " ", "\t", "a", "İ", "code", "```", "```html\n", "~~~\n"),
        *("<think >", "<thinking type='x'>", "<think/>", "<|think|>", "<|/think|>", "<analysis>", "</analysis>"),
        *("<|START_THINKING|>", "<|END_THINKING|>", "<|START_RESPONSE|>", "<|END_RESPONSE|>", "`", "=== "),
        *("=== 0f1e2d3c4b5a6978 FILE", "0f1e2d3c4b5a6978 MANI", "FEST", "< think", "</ think >", "b" * 50),
        *("</think>\n", "\n</think>\n", "\n </think>", "x</think>", "</think> x", "<|channel|>analysis<|message|>"),
    ]
)


@given(st.lists(part, max_size=20).map("".join), st.lists(st.integers(0, 400), max_size=30))
@example("=== 0f1e2d3c4b5a6978 FILE</think>", [24])
@example("<|START_RESPONSE|>a `<|END_RESPONSE|></think>", [])
def test_however_a_text_is_cut_the_same_is_thought_and_said(text: str, places: list[int]) -> None:
    edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]

    pieces = read([text[start:stop] for start, stop in itertools.pairwise(edges)])

    assert pieces == read([text]) == read(list(text))


def words(most: int) -> st.SearchStrategy[str]:
    """Return texts in which no tag can begin."""
    return st.text(st.characters(codec="utf-8", exclude_characters="<[\u25c1"), max_size=most)


@given(words(200))
def test_a_text_without_tags_is_all_answer(text: str) -> None:
    assert read(list(text)) == ("", text, True)


@given(words(50), words(50))
def test_a_leading_block_goes_and_what_follows_stays(thought: str, answer: str) -> None:
    said = read(list(f"<think>{thought}</think>\n\n{answer}"))

    assert said == (thought, answer.lstrip(), True)


@pytest.mark.parametrize(
    ("text", "thoughts", "answer"),
    [
        ("<think>a</think>b", "a", "b"),
        ("<think>a</think>\n<think>b</think>\nc", "ab", "c"),
        ("<think>a <think> b</think>c", "a <think> b", "c"),
        ("<thinking>a</think>b</thinking>c", "a</think>b", "c"),
        ("a\n</think>\n\nb", "a\n", "b"),
        ("a\n  </think>  \nb", "a\n  ", "b"),
        ("a\n</think>", "a\n", ""),
        ("</think>\n\nb", "", "b"),
        ("<think>a</think>b\n</think>\nc", "ab\n", "c"),
        ("<think>a<think>b</think>c</think>\nd", "a<think>bc", "d"),
        ("<think >a</think >b", "a", "b"),
        ('<thinking type="x">a</thinking>b', "a", "b"),
        ("<think/>b", "", "b"),
        ("<|think|>a<|/think|>b", "a", "b"),
        ("<scratchpad>a</scratchpad>b", "a", "b"),
        ("<reflection>a</reflection>b", "a", "b"),
        ("<analysis>a</analysis>b", "a", "b"),
        ("<inner_thoughts>a</inner_thoughts>b", "a", "b"),
        ("<|START_THINKING|>a<|END_THINKING|>b", "a", "b"),
        ("<|START_THINKING|>a<|END_THINKING|><|START_RESPONSE|>b<|END_RESPONSE|>", "a", "b"),
        ("<|begin_of_thought|>a<|end_of_thought|>\n\n<|begin_of_solution|>\nb<|end_of_solution|>", "a", "b"),
        ("<unused94>thought\na<unused95>b", "thought\na", "b"),
        ("a</think>b", "a", "b"),
        ("a.</think>**b**", "a.", "**b**"),
        ("a </think>\nb", "a ", "b"),
        ("a\n</think> b\n", "a\n", "b\n"),
        ("a<|END_THINKING|>b", "a", "b"),
        ("The tag </think> ends it.", "", "The tag </think> ends it."),
        ("It ends with `</think>`.", "", "It ends with `</think>`."),
        ("It ends with </think>.", "", "It ends with </think>."),
        ("It ends so (</think>)\n", "", "It ends so (</think>)\n"),
        ("a <|END_RESPONSE|> b", "", "a <|END_RESPONSE|> b"),
        ("=== 0f1e2d3c4b5a6978 FILE a\n</think>\nb", "", "=== 0f1e2d3c4b5a6978 FILE a\n</think>\nb"),
        ("```\n</think>\n```\n", "", "```\n</think>\n```\n"),
        ("```\nx\n```\n</think>\nb", "```\nx\n```\n", "b"),
        ("Use <think>.\n</think>\nb", "", "Use <think>.\n</think>\nb"),
        ("const a = 1; // <think>x</think>", "", "const a = 1; // <think>x</think>"),
        ("<thinker>a</thinker>", "", "<thinker>a</thinker>"),
        ("  indented", "", "  indented"),
        ("<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b", "a<|end|>", "b"),
    ],
)
def test_what_is_thought_and_what_is_said(text: str, thoughts: str, answer: str) -> None:
    assert read(list(text)) == (thoughts, answer, True)


@pytest.mark.parametrize("text", ["<think>", "<think>a", "<think>a</thin", " <think>a</think><thinking>b</think>"])
def test_thoughts_that_never_end_are_no_answer(text: str) -> None:
    _, answer, has_answer = read(list(text))

    assert (answer, has_answer) == ("", False)


def test_an_answer_passes_at_once() -> None:
    reader = Thoughts()

    assert reader.feed("Hello") == [Text("Hello")]
    assert reader.feed(" you\n") == [Text(" you\n")]
    assert reader.feed("</thi") == []
    assert reader.feed("s> is") == [Text("</this> is")]


def test_long_thoughts_are_not_held() -> None:
    reader = Thoughts()
    reader.feed("<think>")

    told = sum(len(piece.text) for _ in range(10_000) for piece in reader.feed("x" * 100) if isinstance(piece, Thought))

    assert told > 999_900
