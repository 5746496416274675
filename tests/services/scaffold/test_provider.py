"""The tests of the scaffold as a provider."""

import asyncio
from dataclasses import replace

from services.designs.schema import decode
from services.llm.files import FileCompleted, FileParser, Note
from services.llm.port import (
    ChatTask,
    CodeTask,
    Finished,
    FinishReason,
    Item,
    Message,
    NotFollowed,
    Options,
    Provider,
    Request,
    SchemaTask,
    Started,
    Task,
    Text,
    Usage,
)
from services.scaffold.backend import write_backend
from services.scaffold.provider import Scaffold, split
from services.scaffold.schema import derive_schema

DESCRIPTION = "Build a user management API with teams and roles"
FAST = Scaffold(tokens_per_second=None)


def request(task: Task, *, max_tokens: int | None = None) -> Request:
    message = Message(role="user", content="12345678")
    return Request(task=task, messages=[message], template="schema/1", options=Options(max_tokens=max_tokens))


def code_task() -> CodeTask:
    return CodeTask(
        project_name="Users", description=DESCRIPTION, schema=derive_schema(DESCRIPTION), boundary="0123abcd"
    )


async def answer(provider: Provider, asked: Request) -> list[Item]:
    return [item async for item in provider.stream(asked)]


def text(items: list[Item]) -> str:
    return "".join(item.text for item in items if isinstance(item, Text))


async def test_a_schema_task_streams_the_json_of_a_schema() -> None:
    items = await answer(FAST, request(SchemaTask(DESCRIPTION)))

    pieces = list(split(text(items)))
    assert items[0] == Started("scaffold", "scaffold-1")
    assert items[-2:] == [Usage(input_tokens=2, output_tokens=len(pieces)), Finished(FinishReason.STOP)]
    assert decode(text(items)) == derive_schema(DESCRIPTION)
    assert all(item.text for item in items if isinstance(item, Text))


async def test_a_code_task_streams_the_files_of_the_backend() -> None:
    task = code_task()
    streamed = text(await answer(FAST, request(task)))

    parser = FileParser(task.boundary)
    read = [*parser.feed(streamed), *parser.end()]
    expected = write_backend(project_name="Users", description=DESCRIPTION, schema=task.schema)
    assert parser.manifest == list(expected)
    assert [item.path for item in read if isinstance(item, FileCompleted)] == list(expected)
    assert parser.ended
    assert "Snapinfra's scaffold" in "".join(item.text for item in read if isinstance(item, Note))


async def test_what_is_not_done_is_told_beside_the_text_in_it_and_in_the_readme() -> None:
    description = "Users and teams. Use PostgreSQL, argon2, only admins create teams"
    schema = derive_schema("Users and teams")
    task = CodeTask(project_name="Users", description=description, schema=schema, boundary="0123abcd")

    items = await answer(FAST, request(task))

    unfollowed = [(item.text, item.reason) for item in items if isinstance(item, NotFollowed)]
    assert unfollowed == [
        ("PostgreSQL", "The backend keeps its data in DynamoDB."),
        ("argon2", "Passwords are hashed with scrypt."),
        (
            "only admins create teams",
            "The policy of teams in the schema says otherwise; it is what the backend goes by.",
        ),
    ]
    written = write_backend(project_name="Users", description=description, schema=schema)
    for said, reason in unfollowed:
        assert f"- {said}: {reason}\n" in text(items)
        assert f"- {said}: {reason}\n" in written["README.md"]
    assert "argon2" not in written["package.json"]


async def test_an_instruction_that_changes_nothing_says_so() -> None:
    task = code_task()
    files = write_backend(project_name="Users", description=DESCRIPTION, schema=task.schema)
    change = replace(task, written=files, change="Rename email to mail")

    items = await answer(FAST, request(change))

    assert "The scaffold follows no instruction. No file has changed." in text(items)
    assert [item.text for item in items if isinstance(item, NotFollowed)] == ["Rename email to mail"]


async def test_a_question_is_not_followed() -> None:
    items = await answer(FAST, request(ChatTask("Users", DESCRIPTION, None, "Which index is slow?")))

    assert [item.text for item in items if isinstance(item, NotFollowed)] == ["Which index is slow?"]


async def test_the_same_request_gives_the_same_text() -> None:
    assert await answer(FAST, request(code_task())) == await answer(FAST, request(code_task()))


async def test_it_stops_at_the_most_tokens_it_may_write() -> None:
    items = await answer(FAST, request(code_task(), max_tokens=50))

    whole = text(await answer(FAST, request(code_task())))
    assert text(items) == "".join(list(split(whole))[:50])
    assert items[-2] == Usage(input_tokens=2, output_tokens=50)
    assert items[-1] == Finished(FinishReason.LENGTH)


async def test_it_keeps_its_pace_by_the_clock_of_the_loop() -> None:
    now = asyncio.get_running_loop().time
    started = now()
    await answer(replace(FAST, tokens_per_second=1000), request(SchemaTask("users and teams"), max_tokens=200))

    assert 0.19 <= now() - started < 2


async def test_at_full_speed_others_get_their_turn() -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await answer(FAST, request(code_task()))
    counting.cancel()

    assert turns > 100


def test_pieces_are_short_and_lose_nothing() -> None:
    whole = "const order_total = 12;\n\n    return `${名}` // " + "x" * 100 + "\t__proto__\r\n"

    pieces = list(split(whole))

    assert "".join(pieces) == whole
    assert max(map(len, pieces)) <= 36
