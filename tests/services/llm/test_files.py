"""The tests of the file protocol: what a model writes arrives as it was, or is refused."""

import hashlib
import itertools
import time
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.llm.files import (
    FileCompleted,
    FileDelta,
    FileDiscarded,
    FileItem,
    FileParser,
    FileRemoved,
    FileStarted,
    Note,
    encode,
    new_boundary,
)
from services.llm.open_file import OpenFile
from services.llm.paths import DiscardReason
from tests.services.llm.reading import B, P, in_pieces, outcome, parse, written


def kept(path: str, content: str) -> str:
    """Return what is kept of a file whose content comes at once: all but a fence around it."""
    return OpenFile(path, len(content.encode()), DiscardReason.FILE_TOO_LARGE).take(content, ends=True)


def refused(text: str) -> set[tuple[str, DiscardReason]]:
    return {(item.path, item.reason) for item in outcome(parse(text))[1]}


def test_a_whole_answer_gives_its_notes_and_files_in_order() -> None:
    parser = FileParser(B)
    text = encode(B, {"a.ts": "one\n", "b/c.ts": ""}, notes="Here you are.")

    items = parse(f"{text}Enjoy.", parser=parser)

    empty = hashlib.sha256(b"").hexdigest()
    assert items == [
        Note("Here you are.\n"),
        FileStarted("a.ts"),
        FileDelta("a.ts", "one\n"),
        FileCompleted("a.ts", hashlib.sha256(b"one\n").hexdigest(), 4),
        FileStarted("b/c.ts"),
        FileCompleted("b/c.ts", empty, 0),
        Note("Enjoy."),
    ]
    assert (parser.manifest, parser.missing, parser.ended) == (["a.ts", "b/c.ts"], (), True)


def test_encoding_ends_a_file_with_a_newline() -> None:
    assert outcome(parse(encode(B, {"a": "x"})))[0] == {"a": "x\n"}


@pytest.mark.parametrize("line", [f"{P}END", f"{P}FILE b", f"x {P}now", f"const boundary = '{B}';"])
def test_encoding_refuses_a_content_with_the_boundary(line: str) -> None:
    with pytest.raises(ValueError, match="boundary"):
        encode(B, {"a": f"x\n{line}\ny\n"})


def test_a_boundary_is_made_from_the_random_bytes_given() -> None:
    assert new_boundary(lambda count: b"\xab" * count) == "ab" * 8


def test_text_passes_at_once_and_only_a_possible_marker_is_held_back() -> None:
    parser = FileParser(B)
    parser.feed(f"{P}MANIFEST\na\n{P}FILE a\n")

    assert parser.feed("const") == [FileDelta("a", "const")]
    assert parser.feed(" x = 1;\n==") == [FileDelta("a", " x = 1;\n")]
    assert parser.feed("=") == []
    assert parser.feed("= equal\n") == [FileDelta("a", "==== equal\n")]
    assert parser.feed("y =") == [FileDelta("a", "y ")]
    assert parser.feed("= 5; > ") == [FileDelta("a", "== 5; > ")]
    assert parser.feed(f"=== {B[:9]}") == []
    assert parser.feed("g") == [FileDelta("a", f"=== {B[:9]}g")]


def test_half_a_surrogate_pair_becomes_a_replacement_character() -> None:
    assert outcome(parse(f"{P}MANIFEST\na\n{P}FILE a\n\ud83d!\n{P}END\n"))[0] == {"a": "\ufffd!\n"}


hostile_line = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "=== 0000000000000000 END",
            "=== 0f1e2d3c4b5a697",
            "0f1e",
            "  > **=== 0f1e2",
            "a == b",
            "```ts",
            "```",
            "</file>",
            "</" + "x" * 40 + ">",
            "\r",
            "\r\n",
            "\ufeff",
            "👩‍👩‍👧",
            "=== ",
            "===",
            "\u2028",
            "a" * 2000,
        ]
    ),
)
content = st.lists(hostile_line, max_size=6).map("\n".join).filter(lambda text: "\0" not in text)
path = st.from_regex(r"[a-z]{1,6}(/[a-z]{1,6}){0,2}\.[a-z]{1,3}", fullmatch=True)


def cut(text: str, places: list[int]) -> list[str]:
    edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[start:stop] for start, stop in itertools.pairwise(edges)]


@settings(deadline=None)
@given(st.dictionaries(path, content, max_size=5), st.lists(st.integers(0, 100_000), max_size=60))
def test_no_content_and_no_cut_changes_the_files(contents: dict[str, str], places: list[int]) -> None:
    parser, items = in_pieces(cut(written(contents), places))

    files, discarded, notes = outcome(items)
    assert files == {name: kept(name, f"{text}\n") for name, text in contents.items()}
    assert (discarded, notes, parser.missing, parser.ended) == (set(), "notes\n", (), True)


marker = st.tuples(
    st.sampled_from(["", " ", "> ", "**", "`", "// ", "x", "x ", "</think>", "  \t  ", "=" * 40, "*" * 5]),
    st.sampled_from([P, B, f"==={B} ", f"{B}: ", f"=====  {B}", "=== "]),
    st.sampled_from(
        ["MANIFEST", "END", "FILE a", "file: b", "Delete a", "FILE ../b", "FILE A", "FILE", "FIEL a.ts", ""]
    ),
    st.sampled_from(["", "\r", " ===", "**", " now", "x" * 1200]),
).map("".join)
any_line = st.one_of(
    hostile_line, marker, st.sampled_from(["a", "b", "../b", "\0", "\ud83d", "</think>", "A sentence."])
)


@settings(deadline=None)
@given(st.lists(any_line, max_size=12).map("\n".join), st.lists(st.integers(0, 100_000), max_size=60))
def test_any_text_means_the_same_however_it_is_cut(text: str, places: list[int]) -> None:
    whole, expected = in_pieces([text])

    pieces, items = in_pieces(cut(text, places))

    letters, one_by_one = in_pieces(text)
    assert outcome(items) == outcome(one_by_one) == outcome(expected)
    assert pieces.missing == letters.missing == whole.missing
    assert pieces.ended == letters.ended == whole.ended


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/etc/passwd", DiscardReason.PATH_ABSOLUTE),
        ("C:/autoexec.bat", DiscardReason.PATH_ABSOLUTE),
        ("../up.ts", DiscardReason.PATH_ESCAPES),
        ("src/../../up.ts", DiscardReason.PATH_ESCAPES),
        ("a/./b.ts", DiscardReason.PATH_ESCAPES),
        ("src//a.ts", DiscardReason.PATH_MALFORMED),
        ("src/", DiscardReason.PATH_MALFORMED),
        ("src\\a.ts", DiscardReason.PATH_MALFORMED),
        ("src /a.ts", DiscardReason.PATH_MALFORMED),
        ("a\0.ts", DiscardReason.PATH_MALFORMED),
        ("a\x1b[2J.ts", DiscardReason.PATH_MALFORMED),
        ("a\u202egnp.ts", DiscardReason.PATH_MALFORMED),
    ],
)
def test_a_path_that_could_do_harm_is_refused_once_and_its_content_is_not_passed_on(
    name: str, reason: DiscardReason
) -> None:
    text = f"{P}MANIFEST\n{name}\nok\n{P}FILE {name}\nevil\n{P}FILE ok\nfine\n{P}END\n"

    items = parse(text)

    assert items[0] == FileDiscarded(name, reason)
    assert outcome(items) == ({"ok": "fine\n"}, {FileDiscarded(name, reason)}, "")


def test_a_path_too_long_is_refused_without_being_held() -> None:
    parser = FileParser(B)
    parser.feed(f"{P}MANIFEST\nok\n")

    items = [item for _ in range(1000) for item in parser.feed("x" * 100)]

    assert items == [FileDiscarded("x" * 200, DiscardReason.PATH_TOO_LONG)]
    assert outcome(parser.feed(f"\n{P}FILE ok\nfine\n{P}END\n"))[0] == {"ok": "fine\n"}


def test_a_file_that_the_manifest_does_not_name_is_refused() -> None:
    text = f"{P}FILE early\n1\n{P}MANIFEST\na\n{P}FILE b\n2\n{P}END\n{P}FILE late\n3\n"

    assert refused(text) == {("b", DiscardReason.NOT_IN_MANIFEST), ("late", DiscardReason.NOT_IN_MANIFEST)}


def test_a_repeated_file_leaves_the_first_one_as_it_was() -> None:
    text = f"{P}MANIFEST\na\na\n{P}FILE a\nfirst\n{P}FILE a\nsecond\n{P}END\n"

    assert outcome(parse(text)) == ({"a": "first\n"}, {FileDiscarded("a", DiscardReason.DUPLICATE)}, "")


@pytest.mark.parametrize(
    ("first", "second"), [("a.ts", "A.ts"), ("stra\u00dfe", "STRASSE"), ("lib", "lib/x"), ("lib/x", "Lib")]
)
def test_paths_that_would_overwrite_each_other_are_refused(first: str, second: str) -> None:
    text = f"{P}MANIFEST\n{first}\n{second}\n{P}FILE {first}\n1\n{P}FILE {second}\n2\n{P}END\n"

    assert outcome(parse(text)) == ({first: "1\n"}, {FileDiscarded(second, DiscardReason.PATH_COLLIDES)}, "")


def test_a_file_with_nul_is_discarded_and_the_next_one_is_read() -> None:
    text = f"{P}MANIFEST\na\nb\n{P}FILE a\nx\0y\n{P}FILE b\nz\n{P}END\n"

    assert outcome(parse(text)) == ({"b": "z\n"}, {FileDiscarded("a", DiscardReason.NUL)}, "")


def test_limits_on_files_sizes_and_their_sum_each_give_their_reason() -> None:
    parser = FileParser(B, max_files=3, max_file_bytes=4, max_total_bytes=6)
    names = "".join(f"{name}\n" for name in "abcd")
    text = f"{P}MANIFEST\n{names}{P}FILE a\n12345\n{P}FILE b\n123\n{P}FILE c\n12\n{P}FILE d\n\n{P}END\n"

    files, discarded, _ = outcome(parse(text, parser=parser))

    assert files == {"b": "123\n"}
    assert discarded == {
        FileDiscarded("a", DiscardReason.FILE_TOO_LARGE),
        FileDiscarded("c", DiscardReason.TOTAL_TOO_LARGE),
        FileDiscarded("d", DiscardReason.TOO_MANY_FILES),
    }
    assert parser.missing == ("a", "c", "d")


def test_markers_may_end_in_crlf_and_the_content_keeps_its_own_line_ends() -> None:
    text = f"\ufeff{P}MANIFEST\r\na\r\n\r\n{P}FILE a\r\none\r\ntwo\n{P}END\r\n"

    assert outcome(parse(text)) == ({"a": "one\r\ntwo\n"}, set(), "")


def test_a_text_that_ends_inside_a_file_says_so_and_names_what_is_missing() -> None:
    parser = FileParser(B)
    text = f"{P}MANIFEST\na\nb\nc\n{P}FILE a\n1\n{P}FILE b\nhalf a li"

    files, discarded, _ = outcome(parse(text, parser=parser))

    assert (files, discarded) == ({"a": "1\n"}, {FileDiscarded("b", DiscardReason.INCOMPLETE)})
    assert (parser.missing, parser.ended) == (("b", "c"), False)


def test_a_text_cut_within_a_files_marker_completes_the_file_before_it_only() -> None:
    parser = FileParser(B)

    files, discarded, _ = outcome(parse(f"{P}MANIFEST\na\nab\n{P}FILE ab\n1\n{P}FILE a", parser=parser))

    assert (files, discarded, parser.missing) == ({"ab": "1\n"}, set(), ("a",))


def test_the_last_marker_needs_no_newline() -> None:
    parser = FileParser(B)

    files, _, _ = outcome(parse(f"{P}MANIFEST\na\n{P}FILE a\n1\n{P}END", parser=parser))

    assert (files, parser.ended) == ({"a": "1\n"}, True)


@pytest.mark.parametrize(
    "body",
    [
        "x" * 900_000,
        "\n" * 900_000,
        P[:-2] * 40_000,
        f"=== {B[:-1]}\n" * 30_000,
        "  > **\n" * 100_000,
        "=== " * 200_000,
        "```\n" * 200_000 + "x",
    ],
    ids=["one line", "empty lines", "prefixes", "almost a marker", "decoration", "signs", "fences"],
)
def test_a_megabyte_in_small_pieces_is_read_in_time(body: str) -> None:
    parser = FileParser(B)
    text = f"{P}MANIFEST\na\n{P}FILE a\n{body}\n{P}END\n"
    started = time.process_time()

    items = [item for start in range(0, len(text), 7) for item in parser.feed(text[start : start + 7])]

    assert time.process_time() - started < 10
    assert outcome(items)[0] == {"a": f"{body}\n"}


@pytest.mark.parametrize("place", ["notes", "content", "manifest", "marker", "almost a marker", "after the end"])
@pytest.mark.parametrize("size", [1, 65_536])
def test_a_line_of_five_megabytes_harms_no_other_file(place: str, size: int) -> None:
    line = "x" * 5_000_000 if size > 1 else "x" * 50_000
    parser = FileParser(B, max_file_bytes=len(line) // 2)
    notes, content = (line if place == "notes" else "n"), (line if place == "content" else "c")
    listed = f"{line}\n" if place == "manifest" else ""
    marker = {"marker": f"{P}FILE {line}\nevil\n", "almost a marker": f"{P[:-2]}{line}\n"}.get(place, "")
    after = line if place == "after the end" else ""
    text = f"{notes}\n{P}MANIFEST\na\n{listed}b\n{P}FILE a\n{content}\n{marker}{P}FILE b\nfine\n{P}END\n{after}"

    items = [item for start in range(0, len(text), size) for item in parser.feed(text[start : start + size])]
    files, discarded, said = outcome(items + parser.end())

    whole = {"b": "fine\n"} if place in {"content", "almost a marker"} else {"a": "c\n", "b": "fine\n"}
    reasons = {"content": "FILE_TOO_LARGE", "almost a marker": "FILE_TOO_LARGE"}
    reason = reasons.get(place) or ("PATH_TOO_LONG" if place in {"manifest", "marker"} else None)
    assert (files, said) == (whole, f"{notes}\n{after}")
    assert [item.reason.value for item in discarded] == ([reason] if reason else [])
    lost = ("x" * 200,) if place in {"manifest", "marker"} else ()
    assert parser.missing == (("a",) if "a" not in whole else lost)


def changed(existing: Mapping[str, str], items: Iterable[FileItem]) -> dict[str, str]:
    """Apply what the text brings to the files that exist, as a generation does."""
    files, open_file = dict(existing), ""
    for item in items:
        match item:
            case FileStarted():
                open_file = ""
            case FileDelta():
                open_file += item.text
            case FileCompleted():
                files[item.path] = open_file
            case FileRemoved():
                del files[item.path]
            case _:
                pass
    return files


few_paths = st.sampled_from(["a.ts", "b.ts", "lib/c.ts", "lib/d.ts", "e"])


@settings(deadline=None)
@given(
    st.dictionaries(few_paths, content, max_size=4),
    st.dictionaries(few_paths, content, max_size=4),
    st.sets(few_paths),
    st.lists(st.integers(0, 100_000), max_size=40),
)
def test_files_that_exist_are_changed_and_removed_however_the_text_is_cut(
    existing: dict[str, str], brought: dict[str, str], removed: set[str], places: list[int]
) -> None:
    parser = FileParser(B, {path: len(text.encode()) for path, text in existing.items()})
    text = written(brought, sorted(removed))

    items = [item for piece in cut(text, places) for item in parser.feed(piece)] + parser.end()

    stays = {path: text for path, text in existing.items() if path not in removed}
    assert changed(existing, items) == {**stays, **{path: kept(path, f"{text}\n") for path, text in brought.items()}}
    assert not any(isinstance(item, FileDiscarded) for item in items)
    assert (parser.missing, parser.ended) == (tuple(sorted(removed - {*existing, *brought})), True)


any_path = st.one_of(
    path,
    st.text(max_size=30),
    st.lists(
        st.sampled_from(["a", "B", "..", ".", "", " ", "con", "C:", "\\", "~", "\u202e", "é", "e\u0301"]), max_size=60
    ).map("/".join),
).filter(lambda name: "\n" not in name)


@settings(deadline=None)
@given(st.lists(any_path, max_size=12))
def test_no_path_leaves_its_folder_or_overwrites_another(names: list[str]) -> None:
    bodies = "".join(f"{P}FILE {name}\nx\n" for name in names)
    text = f"{P}MANIFEST\n" + "".join(f"{name}\n" for name in names) + bodies + f"{P}END\n"

    files, _, _ = outcome(parse(text))

    for name in files:
        assert not PurePosixPath(name).is_absolute()
        assert not PureWindowsPath(name).is_absolute()
        assert not PureWindowsPath(name).drive
        assert not {"..", ".", ""} & set(name.split("/"))
        assert "\0" not in name
        assert "\\" not in name
        assert len(name) <= 200
    folded = [name.casefold() for name in files]
    assert len(set(folded)) == len(folded)
    assert not any(other.startswith(f"{name}/") for name in folded for other in folded)
