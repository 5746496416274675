"""Code fences around whole files: they go, and those that belong to a file stay."""

import pytest

from services.llm.files import FileDiscarded, FileParser, encode
from services.llm.paths import DiscardReason
from tests.services.llm.reading import B, in_pieces, outcome, parse, written

BODY = "const a = 1;\n\nexport default `\n```\n`;\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("```ts\n", "```\n"),
        ("```\n", "```\n"),
        ("~~~ts\n", "~~~\n"),
        ("````ts\n", "````\n"),
        ("```ts\n", "`````\n"),
        ("``` typescript title=src/a.ts\n", "```\n\n"),
        ("\n\n```ts\r\n", "```\r\n \n"),
        ("```ts\n", "~~~\n"),
        ("````ts\n", "```\n"),
        ("```ts\n", ""),
        ("", "```\n"),
        ("", "~~~\n\n"),
        ("Here is the file:\n```ts\n", "```\n"),
        ("Here is the file a.ts.\n\n~~~\n", "~~~\n"),
        ("```ts\n", "```\nThis file starts it.\n"),
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_a_fence_around_a_whole_file_goes(before: str, after: str, size: int) -> None:
    text = written({"a.ts": f"{before}{BODY}{after}".removesuffix("\n"), "b.ts": "b"})

    _, items = in_pieces(text[start : start + size] for start in range(0, len(text), size))

    assert outcome(items)[0] == {"a.ts": BODY, "b.ts": "b\n"}


@pytest.mark.parametrize(
    "content",
    [
        "```\n",
        "``\nx\n``\n",
        "Resources:\n  a: 1\n",
        "Here is no fence:\nx\n",
        "x\n```\ny\n",
        "x\n``\n",
        "x\n  ```\n",
        "\n\n",
        "",
    ],
)
def test_what_is_no_fence_around_a_whole_file_stays(content: str) -> None:
    assert outcome(parse(encode(B, {"a.ts": content})))[0] == {"a.ts": content}


@pytest.mark.parametrize("name", ["a.yaml", "a.sql", "Dockerfile", "deploy/Makefile", "a.toml"])
@pytest.mark.parametrize("content", ["```\nx: 1\n", "x: 1\n```\n", "Here it is:\n\n```\nx: 1\n~~~\n"])
def test_a_fence_goes_from_code_that_nobody_parses(name: str, content: str) -> None:
    assert outcome(parse(encode(B, {name: content})))[0] == {name: "x: 1\n"}


@pytest.mark.parametrize("name", ["README", "a.txt", "a.rst", "a.md"])
@pytest.mark.parametrize("content", ["Run:\n```\nx\n```\n", "```\nx\n~~~\n", "```\nx\n", "x\n```\n"])
def test_half_a_fence_stays_in_a_text(name: str, content: str) -> None:
    assert outcome(parse(encode(B, {name: content})))[0] == {name: content}


def test_a_page_with_very_many_fences_keeps_its_own() -> None:
    page = "```md\n" + "```x\n```\n" * 45_000 + "x\n```\n"

    assert outcome(parse(encode(B, {"a.md": page})))[0] == {"a.md": page}


PAGE = "# Title\n\n```sh\nnpm start\n```\n"


@pytest.mark.parametrize("name", ["a.md", "docs/A.MD", "a.mdx", "a.markdown"])
@pytest.mark.parametrize(
    ("content", "kept"),
    [
        (f"```markdown\n{PAGE}```\n", PAGE),
        (f"````md\n{PAGE}````\n", PAGE),
        ("```sh\nnpm i\n```\ntext\n```sh\nnpm start\n```\n", None),
        ("```sh\nnpm start\n```\n", None),
        ("```\nplain\n```\n", None),
        ("```markdown\nan example\n```\ntext\n```sh\nnpm start\n```\n", None),
        ("```markdown\nnever closed\n```sh\nx\n```\n", None),
    ],
)
def test_a_page_keeps_its_own_fences(name: str, content: str, kept: str | None) -> None:
    assert outcome(parse(encode(B, {name: content})))[0] == {name: kept or content}


def test_limits_also_hold_within_a_fence() -> None:
    parser = FileParser(B, max_file_bytes=20)

    contents = {"a": f"```\n{'x' * 20}\n```\n", "b": "```\nx\0\n```\n", "c": "```\nx\n```\n"}

    items = parse(encode(B, contents), parser=parser)

    files, discarded, _ = outcome(items)
    reasons = {FileDiscarded("a", DiscardReason.FILE_TOO_LARGE), FileDiscarded("b", DiscardReason.NUL)}
    assert (files, discarded) == ({"c": "x\n"}, reasons)
