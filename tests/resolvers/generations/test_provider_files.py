"""What a subscriber sees of files that a model writes in a way of its own: rows of docs/providers.md."""

import pytest

from services.llm.files import encode
from tests.fakes.llm import Answer, FakeLLM
from tests.resolvers.generations.provider_rows import FILES, Check, saying, seen, stored
from tests.snapinfra import User


@pytest.mark.parametrize(
    ("listed", "marked"),
    [
        ("\u251c\u2500\u2500 {}  # new", "{}"),
        ("| {} | code |", "[{}]({})"),
        ("-{}", "File: {}"),
        ("> {}", "{} (entry)"),
        ("- {}", "{}"),
        ("{}", "./{}"),
        ("1. `{}`", "**{}**"),
        ("* ./{} \r", '"{}"'),
        ("- [x] {}", "`./{}`"),
    ],
)
async def test_paths_with_decoration(alice: User, fake: FakeLLM, as_told: Check, listed: str, marked: str) -> None:
    def decorated(boundary: str) -> str:
        text = encode(boundary, FILES)
        for path in FILES:
            text = text.replace(f"\n{path}\n", f"\n{listed.format(path)}\n")
            text = text.replace(f"FILE {path}\n", f"FILE {marked.format(path, path)}\n")
        return text

    generation = await seen(alice, fake, saying(decorated), kind="CODE")

    as_told(generation)
    assert stored(generation) == FILES
    assert generation.record["missingFiles"] == []


@pytest.mark.parametrize("written", ["../b.ts", "./../b.ts", "- `../b.ts`"])
async def test_a_path_that_leaves_its_folder(alice: User, fake: FakeLLM, as_told: Check, written: str) -> None:
    fake.default = saying(lambda boundary: encode(boundary, {"a.ts": FILES["a.ts"], written: FILES["b.ts"]}))

    generation = await seen(alice, fake, kind="CODE")

    as_told(generation)
    assert stored(generation) == {"a.ts": FILES["a.ts"]}
    assert generation.record["missingFiles"] == ["../b.ts"]
    assert generation.record["message"] == "The answer ended without all of its files. Missing: ../b.ts."
    assert len(fake.requests) == 1


async def test_a_path_that_only_differs_in_case(alice: User, fake: FakeLLM, as_told: Check) -> None:
    fake.default = saying(lambda boundary: encode(boundary, {"a.ts": FILES["a.ts"], "A.ts": FILES["b.ts"]}))

    generation = await seen(alice, fake, kind="CODE")

    as_told(generation)
    assert stored(generation) == {"a.ts": FILES["a.ts"]}
    assert generation.record["missingFiles"] == ["A.ts"]
    assert len(fake.requests) == 1


async def test_a_file_that_no_manifest_names(alice: User, fake: FakeLLM, as_told: Check) -> None:
    fake.default = Answer(files=FILES)

    generation = await seen(
        alice, fake, saying(lambda boundary: encode(boundary, FILES).replace("\nb.ts\n", "\n")), kind="CODE"
    )

    as_told(generation)
    assert stored(generation) == FILES


@pytest.mark.parametrize(
    "form", [" === {} File: {}", "**=== {} FILE {}**", "> =={}: FILE `{}` ==", "// === {} file {}"]
)
@pytest.mark.parametrize("size", [1, 1000])
async def test_markers_written_otherwise(alice: User, fake: FakeLLM, as_told: Check, form: str, size: int) -> None:
    def otherwise(boundary: str) -> str:
        text = encode(boundary, FILES).replace("END", "End")
        return text.replace(f"=== {boundary} FILE b.ts", form.format(boundary, "b.ts"))

    generation = await seen(alice, fake, saying(otherwise, size=size), kind="CODE")

    as_told(generation)
    assert stored(generation) == FILES


async def test_a_file_after_the_end(alice: User, fake: FakeLLM, as_told: Check) -> None:
    only = {"a.ts": FILES["a.ts"]}
    fake.default = Answer(files=FILES)

    generation = await seen(
        alice,
        fake,
        saying(lambda boundary: f"{encode(boundary, only)}=== {boundary} FILE b.ts\n2\n=== {boundary} END\n"),
        kind="CODE",
    )

    as_told(generation)
    assert stored(generation) == FILES


@pytest.mark.parametrize("line", ["=== {} FILE", "=== {} BEGIN", "=== {} DELETE c.ts"])
async def test_a_marker_that_means_nothing(alice: User, fake: FakeLLM, as_told: Check, line: str) -> None:
    def odd(boundary: str) -> str:
        return f"{encode(boundary, FILES)}{line.format(boundary)}\n=== {boundary} END\n"

    fake.default = saying(odd)

    generation = await seen(alice, fake, kind="CODE")

    as_told(generation)
    assert stored(generation) == FILES
    assert len(generation.record["missingFiles"]) == 1
    assert len(fake.requests) == 1


async def test_a_file_said_twice_in_two_ways(alice: User, fake: FakeLLM, as_told: Check) -> None:
    fake.default = Answer(files={"b.ts": "export const b = 3;\n"})

    generation = await seen(
        alice,
        fake,
        saying(
            lambda boundary: encode(boundary, FILES).replace(
                f"=== {boundary} END", f"=== {boundary} FILE b.ts\nexport const b = 3;\n=== {boundary} END"
            )
        ),
        kind="CODE",
    )

    as_told(generation)
    assert stored(generation) == {"a.ts": FILES["a.ts"], "b.ts": "export const b = 3;\n"}


@pytest.mark.parametrize("nul", ["\0", "```\n\0\n```\n"])
async def test_a_file_that_is_lost_each_time(alice: User, fake: FakeLLM, as_told: Check, nul: str) -> None:
    fake.default = saying(lambda boundary: encode(boundary, {**FILES, "b.ts": nul}))

    generation = await seen(alice, fake, kind="CODE")

    as_told(generation)
    assert stored(generation) == {"a.ts": FILES["a.ts"]}
    assert generation.record["missingFiles"] == ["b.ts"]


@pytest.mark.parametrize("fence", ["```ts\n{}```\n", "~~~\r\n{}~~~\n\n", "\n````typescript src/a.ts\n{}````\n"])
@pytest.mark.parametrize("size", [1, 1000])
async def test_a_fence_around_a_file(alice: User, fake: FakeLLM, as_told: Check, fence: str, size: int) -> None:
    fenced = {path: fence.format(content) for path, content in FILES.items()}

    generation = await seen(alice, fake, saying(lambda boundary: encode(boundary, fenced), size=size), kind="CODE")

    as_told(generation)
    assert stored(generation) == FILES


PAGES = {"a.md": "```sh\nnpm i\n```\n\nThen:\n\n```sh\nnpm start\n```\n", "b.md": "```markdown\n# B\n```\n"}


async def test_pages_with_fences_of_their_own(alice: User, fake: FakeLLM, as_told: Check) -> None:
    generation = await seen(alice, fake, saying(lambda boundary: encode(boundary, PAGES)), kind="CODE")

    as_told(generation)
    assert stored(generation) == {"a.md": PAGES["a.md"], "b.md": "# B\n"}
