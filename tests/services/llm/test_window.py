"""The tests of what a model is given where its window has no room for the whole prompt."""

import asyncio
import json
import re

from hypothesis import given
from hypothesis import strategies as st

from services.designs.schema import Field, FieldType, SchemaModel, Table
from services.llm.files import encode
from services.llm.openai import OpenAI
from services.llm.port import ChatTask, CodeTask, Finished, FinishReason, Options, Request, SchemaTask, Started, Turn
from services.llm.prompts import render, repair
from services.llm.relevance import by_relevance
from services.llm.window import fitted
from services.scaffold.backend import write_backend
from services.scaffold.schema import derive_schema
from tests.fakes.llm import Answer, FakeLLM

BOUNDARY = "0f1e2d3c4b5a6978"
SCHEMA = SchemaModel(tables=(Table(name="notes", fields=(Field(name="id", type=FieldType.STRING, primary_key=True),)),))
SHOP = derive_schema(
    "A marketplace with users, products with a price, orders with line items, reviews, carts, coupons and shipments"
)
BACKEND = write_backend(project_name="Market", description="A marketplace", schema=SHOP)
files = st.dictionaries(st.text("abc/", min_size=1, max_size=8), st.text("xyz \nλ", max_size=3000), max_size=12)


def change(written: dict[str, str], what: str = "Add a rating", missing: tuple[str, ...] = ()) -> Request:
    task = CodeTask("Notes", "Keep notes", SCHEMA, BOUNDARY, written=written, change=what, missing=missing)
    return render(task, Options())


def chat(turns: int, *, length: int = 400) -> Request:
    earlier = tuple(Turn(f"What is {number}?", f"It is {number}. " * (length // 10)) for number in range(turns))
    return render(ChatTask("Notes", "Keep notes", SCHEMA, "And now?", earlier), Options())


def size(request: Request) -> int:
    return sum(len(message.content.encode()) for message in request.messages)


def shown(request: Request) -> set[str]:
    """Return the paths of the files that a prompt holds."""
    text = "".join(message.content for message in request.messages if message.role == "assistant")
    return set(re.findall(rf"^=== {BOUNDARY} FILE (.*)$", text, re.MULTILINE))


@given(files)
def test_where_there_is_room_the_files_are_one_answer_as_a_model_gives_it(written: dict[str, str]) -> None:
    request, left_out = fitted(change(written), window=200_000, answer=4096)

    roles = [message.role for message in request.messages]
    assert (roles, left_out) == (["system", "user", "assistant", "user"] if written else ["system", "user"], ())
    if written:
        assert request.messages[2].content == encode(BOUNDARY, written)


@given(files, st.integers(1024, 8192), st.integers(0, 8192))
def test_what_is_given_keeps_to_the_window_or_is_what_must_be_there(
    written: dict[str, str], window: int, answer: int
) -> None:
    whole = change(written)

    request, left_out = fitted(whole, window=window, answer=answer)

    assert shown(request) | set(left_out) == set(written)
    assert not shown(request) & set(left_out)
    assert size(request) <= 3 * max(window - answer, window // 2) or not shown(request)
    assert request.messages[0] == whole.messages[0]
    if left_out:
        told = re.search(r"no room above for these of the files in the manifest: (.*)", request.messages[-1].content)
        assert told is not None
        assert json.loads(told[1]) == list(left_out)


@given(st.integers(0, 12), st.integers(1024, 8192))
def test_a_conversation_keeps_its_end_without_a_hole(turns: int, window: int) -> None:
    request, left_out = fitted(chat(turns), window=window, answer=window)

    assert list(left_out) == [f"What is {number}?" for number in range(len(left_out))]
    kept = [json.loads(message.content) for message in request.messages[1:-1] if message.role == "user"]
    assert kept == [f"What is {number}?" for number in range(len(left_out), turns)]
    assert request.messages[-1].content.endswith('"And now?"')
    assert ("(There was no room for the turns" in request.messages[-1].content) is bool(left_out)


def test_what_must_be_there_is_given_however_small_the_window() -> None:
    request, left_out = fitted(render(SchemaTask("x" * 8000), Options()), window=1024, answer=1024)

    assert ("x" * 8000 in request.messages[-1].content, left_out) == (True, ())


def test_questions_that_follow_each_other_are_one() -> None:
    whole = repair(render(SchemaTask("A blog"), Options()), answer="{}", faults=[])

    request, _ = fitted(whole, window=100_000, answer=1)

    assert [message.role for message in request.messages] == ["system", "user"]
    assert request.messages[1].content == f"{whole.messages[1].content}\n{whole.messages[2].content}"


def first(about: str, count: int, *, wanted: tuple[str, ...] = ()) -> set[str]:
    return set(by_relevance(BACKEND, about=about, wanted=wanted)[:count])


def test_the_files_of_the_table_that_a_change_names_come_first() -> None:
    for table in ("reviews", "shipments", "coupons"):
        sources = {f"src/{folder}/{table}.ts" for folder in ("models", "validation", "routes")}
        tests = {f"src/tests/tables/{table}.test.ts"}

        assert first(f"Every one of the {table} gets a rating that may not be changed", 5) >= sources | tests


def test_files_that_are_named_by_their_paths_come_before_others_and_those_that_are_wanted_before_all() -> None:
    about = "src/services/records.ts:12:5 error TS2339: Property 'coupon' does not exist"
    ranked = by_relevance(BACKEND, about=about, wanted=("src/routes/carts.ts",))

    assert ranked[:2] == ["src/routes/carts.ts", "src/services/records.ts"]


def test_what_a_file_imports_is_near_it() -> None:
    written = {
        "src/c.ts": "1;\n",
        "src/lib/b.ts": "export const b = 1;\n",
        "src/a.ts": "import { b } from './lib/b.js';\n// invoices\n",
    }

    assert by_relevance(written, about="invoices") == ["src/a.ts", "src/lib/b.ts", "src/c.ts"]


@given(files, st.text(max_size=200), st.data())
def test_every_file_has_its_place_whatever_is_asked(written: dict[str, str], about: str, data: st.DataObject) -> None:
    wanted = data.draw(st.lists(st.sampled_from([*written, "none"]), unique=True)) if written else ["none"]

    ranked = by_relevance(written, about=about, wanted=wanted)

    assert sorted(ranked) == sorted(written)
    assert set(ranked[: len(written.keys() & set(wanted))]) == written.keys() & set(wanted)


async def test_a_provider_gives_its_model_what_there_is_room_for_and_says_what_it_left_out(fake: FakeLLM) -> None:
    task = CodeTask("Market", "A marketplace", SHOP, BOUNDARY, written=BACKEND, change="Add a rating to reviews")
    fake.script.append(Answer(files={"src/models/reviews.ts": "export {};\n"}))
    provider = OpenAI(key="k", model="small", base_url=fake.openai_url, windows={"small": 40_000})
    async with asyncio.timeout(30):
        items = [item async for item in provider.stream(render(task, Options(max_tokens=20_000)))]
    await provider.aclose()

    started, prompt = items[0], json.dumps(fake.requests[-1].body["messages"])
    assert isinstance(started, Started)
    assert items[-1] == Finished(FinishReason.STOP)
    assert 0 < len(started.left_out) < len(BACKEND)
    assert "src/models/reviews.ts" not in started.left_out
    assert len(prompt) < 3 * 40_000 + 20_000  # what JSON escapes comes on top
    assert len(prompt) > 3 * 10_000
