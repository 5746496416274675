"""What a subscriber sees where a provider fails, is lost or is slow: rows of docs/providers.md."""

import asyncio
import re
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Final

from services.core.clock import utc_now
from services.llm.files import encode
from tests.fakes.llm import Answer, Drop, FakeLLM, Hang, Status
from tests.resolvers.generations.provider_rows import (
    CANCEL,
    FILES,
    PIECES,
    SAID,
    WHOLE,
    Check,
    asked,
    ended,
    moment,
    rows,
    seen,
    upto,
)
from tests.snapinfra import User, events

PATIENCE: Final = "1"


def test_every_row_of_the_page_is_a_test_and_every_test_a_row() -> None:
    sources = [path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_provider_*.py")]
    tests = [name for source in sources for name in re.findall(r"^async def (test_\w+)", source, re.MULTILINE)]

    assert sorted(rows()) == sorted(tests)
    assert len(rows()) > 70


async def test_a_burst(alice: User, fake: FakeLLM, dialect: str, as_told: Check) -> None:
    generation = await seen(alice, fake, Answer(PIECES * 300, burst=True), first=dialect)

    as_told(generation)
    assert generation.record["text"] == SAID * 300


async def test_one_event_a_read(alice: User, fake: FakeLLM, as_told: Check) -> None:
    generation = await seen(alice, fake, Answer(PIECES * 5, delay=0.005))

    as_told(generation)
    assert generation.record["text"] == SAID * 5


async def test_a_thousand_tokens_a_second(alice: User, fake: FakeLLM, as_told: Check) -> None:
    generation = await seen(alice, fake, Answer(PIECES * 50, delay=0.001))

    as_told(generation)
    assert generation.record["text"] == SAID * 50


async def test_chunks_cut_within_characters_and_line_ends(
    alice: User, fake: FakeLLM, dialect: str, as_told: Check
) -> None:
    generation = await seen(alice, fake, Answer(PIECES, write_size=1, line_end="\r\n"), first=dialect)

    as_told(generation)
    assert generation.record["text"] == SAID


async def test_comments_that_keep_the_connection_alive(alice: User, fake: FakeLLM, as_told: Check) -> None:
    generation = await seen(alice, fake, Answer(PIECES, comments=True))

    as_told(generation)
    assert generation.record["text"] == SAID


async def test_junk_lines(alice: User, fake: FakeLLM, as_told: Check) -> None:
    junk = ["event: ping", "id: 7", "retry: 3000", "<html>", "}{", ":", "\u0000", "datadata: x"]

    generation = await seen(alice, fake, Answer(PIECES, junk=junk))

    as_told(generation)
    assert generation.record["text"] == SAID


async def test_an_event_that_is_no_json(alice: User, fake: FakeLLM, as_told: Check) -> None:
    generation = await seen(alice, fake, Answer(PIECES, junk_after=2))

    as_told(generation)
    assert generation.record["text"] == SAID


async def test_half_a_surrogate_pair(alice: User, fake: FakeLLM, as_told: Check) -> None:
    chunk = r'{"choices": [{"index": 0, "delta": {"content": "\ud83d!"}, "finish_reason": null}]}'
    last = '{"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}'

    generation = await seen(alice, fake, Answer(raw_events=[chunk, last, "[DONE]"]))

    as_told(generation)
    assert generation.record["text"] == "\ufffd!"


async def test_no_usage(alice: User, fake: FakeLLM, dialect: str, as_told: Check) -> None:
    generation = await seen(alice, fake, Answer(PIECES, has_usage=False), first=dialect)

    as_told(generation)


async def test_401(alice: User, fake: FakeLLM, as_told: Check) -> None:
    generation = await seen(alice, fake, Status(401))

    as_told(generation)
    assert generation.record["text"] == SAID


async def test_401_of_every_provider(alice: User, fake: FakeLLM, as_told: Check) -> None:
    fake.default = Status(401)

    generation = await seen(alice, fake)

    as_told(generation)
    assert (
        generation.record["message"]
        == "openai: The provider refuses our key (HTTP 401). Check the key in the settings."
    )
    assert len(fake.requests) == 2


async def test_429_with_retry_after_in_seconds(bob: User, fake: FakeLLM, as_told: Check) -> None:
    generation = await seen(bob, fake, Status(429, headers={"retry-after": "600"}))
    later = await seen(bob, fake)

    as_told(generation)
    assert later.story[0] == "AttemptStarted second"
    assert [request.dialect for request in fake.requests] == ["groq", "openai", "openai"]


async def test_429_of_every_provider(bob: User, fake: FakeLLM, as_told: Check) -> None:
    refusals = [Status(429, headers={"retry-after": seconds}) for seconds in ("60", "3")]

    generation = await seen(bob, fake, *refusals)

    as_told(generation)
    failed, started = (
        next(event for event in generation.events[1:] if event["__typename"] == kind)
        for kind in ("AttemptFailed", "AttemptStarted")
    )
    assert failed["message"].endswith("(HTTP 429). A provider may be asked again in 3 seconds.")
    assert moment(started) - moment(failed) >= timedelta(seconds=3)
    assert len(fake.requests) == 3


async def test_429_of_every_provider_for_longer_than_a_job_may_wait(bob: User, fake: FakeLLM, as_told: Check) -> None:
    fake.default = Status(429, headers={"retry-after": "1800"})

    generation = await seen(bob, fake)

    as_told(generation)
    limited = "openai: The provider allows no more requests at the moment (HTTP 429)."
    assert generation.record["message"] == f"{limited} A provider may be asked again in 1,800 seconds."
    assert len(fake.requests) == 2


async def test_a_cancel_while_every_provider_allows_no_more(bob: User, fake: FakeLLM, as_told: Check) -> None:
    fake.default = Status(429, headers={"retry-after": "600"})
    generation_id = await asked(bob, fake, "groq-model", "CHAT", [])
    await events(bob, generation_id, most=2)

    await bob.ask(CANCEL, id=generation_id)

    as_told(await ended(bob, generation_id))
    assert len(fake.requests) == 2


async def test_429_with_retry_after_as_a_date(alice: User, fake: FakeLLM, as_told: Check) -> None:
    now = format_datetime(utc_now(), usegmt=True)

    generation = await seen(alice, fake, Status(429, headers={"retry-after": now, "date": now}))
    later = await seen(alice, fake)

    as_told(generation)
    assert later.story[0] == "AttemptStarted first"


async def test_500_before_the_first_token(alice: User, fake: FakeLLM, as_told: Check) -> None:
    generation = await seen(alice, fake, Status(500))

    as_told(generation)
    assert generation.record["text"] == SAID


async def test_500_of_every_provider(alice: User, fake: FakeLLM, as_told: Check) -> None:
    fake.default = Status(500)

    generation = await seen(alice, fake)

    as_told(generation)
    assert len(fake.requests) == 6


async def test_an_error_after_the_first_token(alice: User, fake: FakeLLM, dialect: str, as_told: Check) -> None:
    generation = await seen(alice, fake, Answer(PIECES, error_after=2), first=dialect)

    as_told(generation)
    assert generation.record["text"] == SAID


async def test_no_answer(alice: User, fake: FakeLLM, as_told: Check) -> None:
    generation = await seen(alice, fake, Drop())

    as_told(generation)
    assert generation.record["text"] == SAID


async def test_silence_before_the_answer(alice: User, fake: FakeLLM, as_told: Check) -> None:
    generation = await seen(alice, fake, Hang())

    as_told(generation)
    assert await asyncio.to_thread(fake.requests[0].left.wait, 10)


async def test_silence_before_the_first_token(alice: User, fake: FakeLLM, as_told: Check) -> None:
    generation = await seen(alice, fake, Answer(PIECES, silent_after=0))

    as_told(generation)
    assert generation.record["text"] == SAID


async def test_silence_after_the_first_token(alice: User, fake: FakeLLM, as_told: Check) -> None:
    generation = await seen(alice, fake, Answer(PIECES, silent_after=2))

    as_told(generation)
    assert generation.record["text"] == SAID


async def test_a_text_without_an_end(alice: User, fake: FakeLLM, dialect: str, as_told: Check) -> None:
    generation = await seen(alice, fake, Answer([SAID * 200], endless=True), first=dialect)

    as_told(generation)
    assert generation.record["text"] == SAID
    assert await asyncio.to_thread(fake.requests[0].left.wait, 10)


async def test_a_file_without_an_end(alice: User, fake: FakeLLM, as_told: Check) -> None:
    fake.default = Answer(files=FILES)
    endless = Answer(files={"a.ts": f"{'x' * 1000}\n" * 3000, "b.ts": ""}, piece_size=50_000)

    generation = await seen(alice, fake, endless, kind="CODE")

    as_told(generation)
    assert {file["path"]: file["content"] for file in generation.record["files"]} == FILES


async def test_silence_after_the_finish(alice: User, fake: FakeLLM, as_told: Check) -> None:
    generation = await seen(alice, fake, Answer(PIECES, has_done=False, has_end=False))

    as_told(generation)
    assert generation.record["text"] == SAID


async def test_a_connection_closed_after_the_first_token(
    alice: User, fake: FakeLLM, dialect: str, as_told: Check
) -> None:
    generation = await seen(alice, fake, Answer(PIECES, cut_after=2), first=dialect)

    as_told(generation)
    assert generation.record["text"] == SAID


async def test_a_connection_reset_within_a_chunk(alice: User, fake: FakeLLM, dialect: str, as_told: Check) -> None:
    generation = await seen(alice, fake, Answer(PIECES, delay=0.01, reset_after=2), first=dialect)

    as_told(generation)
    assert generation.record["text"] == SAID


async def test_an_answer_without_a_finish(alice: User, fake: FakeLLM, dialect: str, as_told: Check) -> None:
    generation = await seen(alice, fake, Answer(PIECES, finish=None), first=dialect)

    as_told(generation)
    assert generation.record["text"] == SAID


async def test_every_provider_lost_after_the_first_token(alice: User, fake: FakeLLM, as_told: Check) -> None:
    fake.default = Answer(PIECES, cut_after=2)

    generation = await seen(alice, fake)

    as_told(generation)
    assert generation.record["text"] == "".join(PIECES[:2])


async def test_a_file_cut_off(alice: User, fake: FakeLLM, as_told: Check) -> None:
    fake.default = Answer(files=FILES)

    generation = await seen(alice, fake, Answer(files=FILES, piece_size=1, cut_after=upto("b.ts")), kind="CODE")

    as_told(generation)
    assert {file["path"]: file["content"] for file in generation.record["files"]} == FILES


async def test_a_file_cut_off_and_then_429_of_every_provider(bob: User, fake: FakeLLM, as_told: Check) -> None:
    cut = Answer(files=FILES, piece_size=1, cut_after=upto("b.ts"))
    refusals = [Status(429, headers={"retry-after": "61"})] * 2

    generation = await seen(bob, fake, cut, *refusals, kind="CODE")

    as_told(generation)
    assert generation.record["missingFiles"] == ["b.ts"]
    assert len(fake.requests) == 3


async def test_files_whose_connection_is_lost_after_their_end(alice: User, fake: FakeLLM, as_told: Check) -> None:
    generation = await seen(alice, fake, Answer(files=FILES, piece_size=1, cut_after=WHOLE), kind="CODE")

    as_told(generation)
    assert len(fake.requests) == 1


async def test_a_text_of_the_length_that_it_may_have(alice: User, fake: FakeLLM, dialect: str, as_told: Check) -> None:
    generation = await seen(alice, fake, Answer(PIECES, stop_after=2, finish="length"), first=dialect)

    as_told(generation)
    assert generation.record["text"] == "".join(PIECES[:2])


async def test_files_of_the_length_that_they_may_have(alice: User, fake: FakeLLM, as_told: Check) -> None:
    fake.default = Answer(files=FILES)
    cut = Answer(files=FILES, piece_size=1, stop_after=upto("b.ts"), finish="length")

    generation = await seen(alice, fake, cut, kind="CODE")

    as_told(generation)
    assert {file["path"]: file["content"] for file in generation.record["files"]} == FILES


async def test_files_that_end_early(alice: User, fake: FakeLLM, as_told: Check) -> None:
    fake.default = Answer(files=FILES)

    generation = await seen(alice, fake, Answer(files=FILES, piece_size=1, stop_after=upto("b.ts")), kind="CODE")

    as_told(generation)
    assert {file["path"]: file["content"] for file in generation.record["files"]} == FILES


async def test_files_that_end_early_again_and_again(alice: User, fake: FakeLLM, as_told: Check) -> None:
    fake.default = Answer(["I have said it all."])

    generation = await seen(alice, fake, Answer(files=FILES, piece_size=1, stop_after=upto("b.ts")), kind="CODE")

    as_told(generation)
    assert generation.record["missingFiles"] == ["b.ts"]
    assert generation.record["message"] == "The answer ended without all of its files. Missing: b.ts."


async def test_a_manifest_without_its_files(alice: User, fake: FakeLLM, as_told: Check) -> None:
    manifest = encode("0" * 16, FILES, notes="Here it is.").index("=== 0000000000000000 FILE")

    generation = await seen(alice, fake, Answer(files=FILES, piece_size=1, stop_after=manifest), kind="CODE")

    as_told(generation)
    assert generation.record["missingFiles"] == []
    assert generation.record["message"] == "The model's answer is not valid: it holds nothing of what was asked for."


async def test_talk_instead_of_files(alice: User, fake: FakeLLM, as_told: Check) -> None:
    generation = await seen(alice, fake, Answer(["I would rather not."]), kind="CODE")

    as_told(generation)
    assert generation.record["files"] == []


async def test_an_empty_answer(alice: User, fake: FakeLLM, as_told: Check) -> None:
    generation = await seen(alice, fake, Answer([]))

    as_told(generation)


async def test_a_filter_before_the_first_token(alice: User, fake: FakeLLM, dialect: str, as_told: Check) -> None:
    generation = await seen(alice, fake, Answer([], finish="content_filter"), first=dialect)

    as_told(generation)
    assert generation.record["text"] == SAID


async def test_a_filter_after_the_first_token(alice: User, fake: FakeLLM, as_told: Check) -> None:
    generation = await seen(alice, fake, Answer(PIECES, stop_after=2, finish="content_filter"))

    as_told(generation)
    assert generation.record["text"] == "".join(PIECES[:2])


async def test_a_filter_within_files(alice: User, fake: FakeLLM, as_told: Check) -> None:
    cut = Answer(files=FILES, piece_size=1, stop_after=upto("b.ts"), finish="content_filter")

    generation = await seen(alice, fake, cut, kind="CODE")

    as_told(generation)
    assert generation.record["missingFiles"] == ["b.ts"]


async def test_json_that_is_not_valid(alice: User, fake: FakeLLM, as_told: Check) -> None:
    fake.default = Answer()

    generation = await seen(alice, fake, Answer(['{"tables": 5}']), kind="SCHEMA")

    as_told(generation)
    assert "tables" in fake.requests[1].body["messages"][-1]["content"]


async def test_json_that_is_not_valid_twice(alice: User, fake: FakeLLM, as_told: Check) -> None:
    fake.default = Answer(['{"tables": 5}'])

    generation = await seen(alice, fake, kind="SCHEMA")

    as_told(generation)
    assert generation.record["message"].startswith("The model's schema is not valid: ")


async def test_a_cancel_after_the_first_token(alice: User, fake: FakeLLM, dialect: str, as_told: Check) -> None:
    generation_id = await asked(alice, fake, f"{dialect}-model", "CHAT", [Answer(PIECES * 1000, delay=0.05)])
    await events(alice, generation_id, most=2)

    await alice.ask(CANCEL, id=generation_id)

    as_told(await ended(alice, generation_id, dialect))
    assert await asyncio.to_thread(fake.requests[0].left.wait, 10)


async def test_a_cancel_between_two_answers(alice: User, fake: FakeLLM, as_told: Check) -> None:
    fake.default = Hang()
    generation_id = await asked(alice, fake, "groq-model", "CHAT", [Answer(PIECES, cut_after=1)] * 3)
    happened = await events(alice, generation_id, most=9)
    assert [event["__typename"] for event in happened].count("AttemptFailed") == 3

    await alice.ask(CANCEL, id=generation_id)

    as_told(await ended(alice, generation_id))
