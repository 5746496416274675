"""Markers that are written otherwise than they were asked for: what they begin is read, or named as missing."""

import pytest

from services.llm.files import FileDelta, FileDiscarded, FileParser, FileRemoved, Voided, encode
from services.llm.paths import DiscardReason
from tests.services.llm.reading import B, P, in_pieces, outcome, parse

FILES = {"a.ts": "1\n", "b.ts": "2\n"}
WHOLE = encode(B, FILES)


def lacks(text: str) -> tuple[dict[str, str], tuple[str, ...], bool]:
    """Return the files of a text, what is missing, and whether it has ended; in pieces it is the same."""
    parser, items = in_pieces([text])
    letters, one_by_one = in_pieces(text)
    assert outcome(items) == outcome(one_by_one)
    assert (parser.missing, parser.ended) == (letters.missing, letters.ended)
    return outcome(items)[0], parser.missing, parser.ended


@pytest.mark.parametrize(
    "line",
    [
        f"=== {B} File b.ts",
        f"=== {B} file: b.ts",
        f"  === {B} FILE b.ts",
        f"\t==={B} FILE b.ts ===",
        f"**=== {B} FILE b.ts**",
        f"`=== {B} FILE b.ts`",
        f"> === {B} FILE b.ts",
        f"### === {B} FILE b.ts",
        f"// === {B} FILE b.ts",
        f"<!-- === {B} FILE b.ts -->",
        f"== {B} FILE b.ts",
        f"{B} FILE b.ts",
        f"====== {B}: FILE `b.ts` ======",
        f"=== === {B} FILE b.ts",
        f"**=== === === {B} FILE b.ts**",
    ],
)
def test_a_marker_is_read_however_it_is_written(line: str) -> None:
    text = WHOLE.replace(f"{P}FILE b.ts", line)

    assert lacks(text) == (FILES, (), True)
    assert lacks(text.replace("\nb.ts\n", "\n"))[1] == ("b.ts",)


@pytest.mark.parametrize("word", ["MANIFEST", "END"])
@pytest.mark.parametrize("form", ["=== {} {} ===", "**=== {} {}**", " === {} {}:", "=== {} {}, now"])
def test_the_markers_without_a_path_too(word: str, form: str) -> None:
    assert lacks(WHOLE.replace(f"{P}{word}", form.format(B, word.lower()))) == (FILES, (), True)


@pytest.mark.parametrize("signs", ["", "=== ", "=== === "])
def test_a_marker_ends_a_line_that_nothing_else_has_ended(signs: str) -> None:
    assert lacks(WHOLE.replace("1\n", f"1{signs}")) == ({"a.ts": "1", "b.ts": "2\n"}, (), True)


def test_comparisons_before_a_marker_stay_in_their_file() -> None:
    assert lacks(WHOLE.replace("1\n", "a ===\n/>")) == ({"a.ts": "a ===\n/>", "b.ts": "2\n"}, (), True)


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        (f"{P}FILE", f"{P}FILE"),
        (f"{P}FILE ``", f"{P}FILE ``"),
        (f"{P}DELETE", f"{P}DELETE"),
        (f"{P}FIEL src/c.ts", "src/c.ts"),
        (f"{P}src/c.ts", "src/c.ts"),
        (f"{P}BEGIN", f"{P}BEGIN"),
        (f"{P.strip()}", f"{P.strip()}"),
        (f"{P}DELETE src/nothing.ts", "src/nothing.ts"),
        (f"{P}FILE src/c.ts", "src/c.ts"),
    ],
)
def test_what_nobody_can_read_or_keep_is_missing(line: str, missing: str) -> None:
    text = WHOLE.replace(f"{P}END", f"{line}\nexport {{}}\n{P}END")

    files, lacking, ended = lacks(text)

    assert missing in lacking
    assert ended
    assert not any("export" in content for content in files.values())


def test_a_file_with_a_line_that_nobody_can_read_is_asked_for_again() -> None:
    assert lacks(WHOLE.replace("1\n", f"1\n{P}\n3\n")) == ({"b.ts": "2\n"}, ("a.ts", P.strip()), True)


@pytest.mark.parametrize(
    "talk",
    [
        f"I write === {B} FILE path before each file.",
        f"All is between lines with {B}.",
        f"The boundary:\n{B}\n",
        f"First `=== {B} MANIFEST` comes.",
    ],
)
def test_talk_about_markers_outside_of_files_means_nothing(talk: str) -> None:
    assert lacks(f"{talk}\n{WHOLE}") == (FILES, (), True)
    assert lacks(f"{WHOLE}{talk}\n") == (FILES, (), True)


@pytest.mark.parametrize("end", [f"{P}END\n", f"{P}END\nAnd one more.\n"])
def test_files_after_the_end_count_where_they_are_announced(end: str) -> None:
    rest = f"{P}FILE c.ts\n3\n"

    assert lacks(f"{WHOLE}{end}{rest}{P}END\n") == (FILES, ("c.ts",), True)
    assert lacks(f"{WHOLE}{end}{rest}") == (FILES, ("c.ts",), False)
    assert lacks(f"{WHOLE}{end}{P}MANIFEST\nc.ts\n{rest}{P}END\n") == ({**FILES, "c.ts": "3\n"}, (), True)
    assert lacks(f"{WHOLE}{end}{P}MANIFEST\nc.ts\n{rest}") == (FILES, ("c.ts",), False)


def test_an_end_after_each_file_ends_nothing_else() -> None:
    assert lacks(WHOLE.replace("1\n", f"1\n{P}END\n\n")) == (FILES, (), True)


def test_a_file_that_is_said_otherwise_once_more_is_missing() -> None:
    text = WHOLE.replace(f"{P}END", f"{P}FILE a.ts\nother\n{P}END")
    parser = FileParser(B)

    items = parse(text, parser=parser)

    assert items[-1] == FileDiscarded("a.ts", DiscardReason.DUPLICATE)
    assert FileDelta("a.ts", "other\n") not in items
    assert (parser.missing, parser.refuses("a.ts")) == (("a.ts",), False)


@pytest.mark.parametrize("again", ["1\n", "```ts\n1\n```\n"])
def test_a_file_that_is_said_twice_alike_is_whole(again: str) -> None:
    assert lacks(WHOLE.replace(f"{P}END", f"{P}FILE a.ts\n{again}{P}END")) == (FILES, (), True)


def test_a_file_is_removed_once() -> None:
    parser = FileParser(B, {"old": 1})

    items = parse(f"{P}MANIFEST\n{P}DELETE old\n{P}DELETE old\n{P}END\n", parser=parser)

    assert (items, parser.missing) == ([FileRemoved("old")], ())


@pytest.mark.parametrize(
    "draft",
    [
        f"{P}MANIFEST\nx.ts\n../y\n{P}END\n",
        f"{P}MANIFEST\nx.ts\n",
        f"{P}FILE x.ts\n{P}END\n",
        f"{encode(B, {'x.ts': 'x'})}</think>\n",
        f"{encode(B, {'x.ts': 'x', 'a.ts': 'x'})}\n</Thinking>\n\nHere it is.\n",
        f"{P}MANIFEST\nx.ts\n{P}FILE x.ts\nx\n</think>\n",
        f"{P}MANIFEST\nx.ts\n{P}FILE x.ts\nx<|END_THINKING|>",
        f"Hm.\n<think>{encode(B, {'x.ts': 'x'})}</think>",
    ],
)
def test_a_draft_before_the_manifest_leaves_nothing(draft: str) -> None:
    assert lacks(f"{draft}{WHOLE}") == (FILES, (), True)


def test_the_end_of_thoughts_within_a_file_makes_no_draft_of_it() -> None:
    files = {"README.md": "So tags end:\n</think>\n", **FILES}

    assert lacks(encode(B, files)) == (files, (), True)
    assert Voided() not in parse(encode(B, files))


@pytest.mark.parametrize(
    "line",
    [
        "---",
        "***",
        "```",
        "| --- | --- |",
        "Total: 3 files",
        "Here they are:",
        "## Files",
        "Files:",
        "</think>",
        "├──",
        "…",
    ],
)
def test_lines_of_a_manifest_that_name_no_file_announce_none(line: str) -> None:
    assert lacks(WHOLE.replace("\nb.ts\n", f"\n{line}\nb.ts\n{line}\n")) == (FILES, (), True)


@pytest.mark.parametrize("name", ["My notes", "2024. notes", "-"])
def test_a_file_may_have_a_name_that_reads_like_none(name: str) -> None:
    assert lacks(encode(B, {name: "x\n"})) == ({name: "x\n"}, (), True)
