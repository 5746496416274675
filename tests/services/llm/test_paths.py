"""The paths of generated files: what decorates them goes, what could do harm or is lost is named."""

import pytest

from services.llm.files import FileCompleted, FileDiscarded, FileParser, FileRemoved, encode
from services.llm.paths import DiscardReason, path_fault
from tests.services.llm.reading import B, P, outcome, parse


@pytest.mark.parametrize(("written", "path"), [("./../a.ts", "../a.ts"), (".//etc/passwd", "/etc/passwd")])
def test_nothing_harmful_hides_behind_a_decoration(written: str, path: str) -> None:
    files, discarded, _ = outcome(parse(f"{P}MANIFEST\n{written}\n{P}FILE {written}\nevil\n{P}END\n"))

    assert (files, [item.path for item in discarded]) == ({}, [path])


@pytest.mark.parametrize(("name", "fault"), [("漢" * 85, None), ("漢" * 86, DiscardReason.PATH_TOO_LONG)])
@pytest.mark.parametrize("form", ["{}", "src/{}", "{}/a.ts"])
def test_a_segment_has_as_many_bytes_as_a_file_system_takes(form: str, name: str, fault: DiscardReason | None) -> None:
    assert path_fault(form.format(name)) is fault


@pytest.mark.parametrize("name", ["../up.ts", "/etc/passwd", "a\\b.ts", "x" * 300, "src/"])
def test_an_announced_path_that_is_refused_is_missing_and_no_answer_can_bring_it(name: str) -> None:
    parser = FileParser(B)

    parse(f"{P}MANIFEST\n{name}\nok\n{P}FILE {name}\nevil\n{P}FILE ok\nfine\n{P}END\n", parser=parser)

    assert (parser.missing, parser.ended) == ((name[:200],), True)
    assert [path for path in parser.announced if parser.refuses(path)] == [name[:200]]


def test_a_file_that_no_manifest_names_is_missing_and_another_answer_may_bring_it() -> None:
    parser = FileParser(B, {"old": 3})

    parse(f"{P}FILE early\n1\n{P}MANIFEST\na\nearly\n{P}FILE a\n2\n{P}FILE old\n3\n{P}END\n", parser=parser)

    assert parser.missing == ("early",)
    assert not parser.refuses("early")


def test_of_very_many_refused_paths_only_the_first_are_named() -> None:
    parser = FileParser(B)

    items = parse(f"{P}MANIFEST\n" + "".join(f"/{number}\n" for number in range(300)) + f"{P}END\n", parser=parser)

    assert len(items) == 300
    assert parser.missing == tuple(f"/{number}" for number in range(50))


@pytest.mark.parametrize(
    "written",
    [
        "- src/a.ts",
        "* src/a.ts",
        "+ src/a.ts",
        "\u2022 src/a.ts",
        "1. src/a.ts",
        "12) src/a.ts",
        "- [ ] src/a.ts",
        "- [x] `src/a.ts`",
        "### src/a.ts",
        "./src/a.ts",
        "././src/a.ts",
        "`src/a.ts`",
        "**src/a.ts**",
        "*src/a.ts*",
        '"src/a.ts",',
        "'./src/a.ts'",
        "- **`./src/a.ts`**:",
        "  src/a.ts  ",
        "\tsrc/a.ts \r",
        "\u201csrc/a.ts\u201d",
        "-src/a.ts",
        "*src/a.ts",
        "\u00b7 src/a.ts",
        "\u25aa src/a.ts",
        "\u25e6src/a.ts",
        "> src/a.ts",
        "a. src/a.ts",
        "(1) src/a.ts",
        "\u251c\u2500\u2500 src/a.ts",
        "\u2502   \u2514\u2500\u2500 src/a.ts  # the server",
        "| src/a.ts | the server |",
        "|src/a.ts|",
        "src/a.ts | the server",
        "File: src/a.ts",
        "**Filename:** `src/a.ts`",
        "<src/a.ts>",
        "(src/a.ts)",
        "[src/a.ts]",
        "_src/a.ts_",
        "__src/a.ts__",
        "[src/a.ts](src/a.ts)",
        "- [`src/a.ts`](./src/a.ts) - the server",
        "src/a.ts (entry)",
        "**src/a.ts** (the entry, see b.ts)",
        "src/a.ts - the server",
        "src/a.ts \u2014 the server",
        "`src/a.ts`: the server",
        "src/a.ts // the server",
        "src/a.ts <- new",
        "src/a.ts \u2190 new",
        "src/a.ts\tthe server",
    ],
)
@pytest.mark.parametrize("place", ["manifest", "marker", "both"])
def test_what_decorates_a_path_is_no_part_of_it(written: str, place: str) -> None:
    parser = FileParser(B, {"old.ts": 2})
    listed, marked = (written if place != "marker" else "src/a.ts"), (written if place != "manifest" else "src/a.ts")
    text = f"{P}MANIFEST\n{listed}\n{P}FILE {marked}\nx\n{P}DELETE {written.replace('src/a.ts', 'old.ts')}\n{P}END\n"

    items = parse(text, parser=parser)

    assert [item.path for item in items if isinstance(item, FileCompleted | FileDiscarded)] == ["src/a.ts"]
    assert items[-1] == FileRemoved("old.ts")
    assert (parser.manifest, parser.missing) == (["src/a.ts"], ())


@pytest.mark.parametrize(
    "name",
    [
        "__init__.py",
        "_a_",
        "[id].ts",
        "(group)/page.tsx",
        "@types/x.d.ts",
        ".env.example",
        "1.md",
        "-",
        "a-b",
        "...ts",
        "pages/[...slug].tsx",
        "2024. notes",
        "$x",
        "#x",
        "a b.ts",
        "日本.ts",
        "+page.svelte",
        "__tests__/__mocks__",
        "src/app (copy).ts",
        "a-b (1).d.ts",
        "~/x.ts",
        "(group)/[id].tsx",
        "src/my file.ts",
        ".github/workflows/ci.yml",
        "k8s/01-namespace.yaml",
        "v1.2 - notes.md",
    ],
)
def test_what_belongs_to_a_path_stays(name: str) -> None:
    assert outcome(parse(encode(B, {name: "x\n"}))) == ({name: "x\n"}, set(), "")


def test_a_file_that_exists_may_have_any_name() -> None:
    parser = FileParser(B, {"- a": 1})

    items = parse(f"{P}MANIFEST\n- a\n{P}FILE - a\nx\n{P}END\n", parser=parser)

    assert outcome(items)[0] == {"- a": "x\n"}
