"""The promise that the checker finds each kind of violation, and nothing in a history without one."""

import hashlib
from typing import Any

import pytest

from services.foundation.events.cursor import STORED, Cursor, encode
from tests.chaos.checker import Event, Kind, Places, Received, Session, Stored, check

EPOCH = "a1"
CONTENT = "export const on = true;\n"
STORED_RESULT = Stored("COMPLETED", attempt=1, text="hello", files={"a.ts": CONTENT})


def event(kind: str, seq: int, *, epoch: str = EPOCH, **fields: Any) -> dict[str, Any]:
    return {"__typename": kind, "seq": seq, "cursor": encode(Cursor(epoch, seq)), "at": "now", **fields}


def started(seq: int, attempt: int = 1, **more: Any) -> dict[str, Any]:
    return event("AttemptStarted", seq, attempt=attempt, provider="p", model="m", resetsText=True, **more)


def text(seq: int, said: str, offset: int, **more: Any) -> dict[str, Any]:
    return event("TokenDelta", seq, text=said, offset=offset, **more)


def finished(seq: int, status: str = "COMPLETED", **more: Any) -> dict[str, Any]:
    return event("GenerationFinished", seq, status=status, reason=None, message="Done.", **more)


def gap(seq: int, *, first: int, last: int | None, epoch: str = EPOCH) -> dict[str, Any]:
    return event("StreamGap", seq, epoch=epoch, fromSeq=first, toSeq=last)


def history(**more: Any) -> list[Event]:
    """A faultless one: seqs 1 to 8, of which 3 is merged into 4's neighbour."""
    sha256 = hashlib.sha256(CONTENT.encode()).hexdigest()
    return [
        started(1, **more),
        text(3, "hel", 0, **more),
        text(4, "lo", 3, **more),
        event("FileStarted", 5, path="a.ts", **more),
        event("FileDelta", 6, path="a.ts", text=CONTENT, **more),
        event("FileCompleted", 7, path="a.ts", sha256=sha256, bytes=len(CONTENT), **more),
        finished(8, **more),
    ]


def received(events: list[Event], name: str = "one") -> Received:
    return Received(name, [Session(None, events, completed=True)])


def kinds(events: list[Event], stored: Stored = STORED_RESULT, *, may_have_gaps: bool = False) -> list[Kind]:
    violations = check("generation_1", [received(events)], stored, may_have_gaps=may_have_gaps)
    return [violation.kind for violation in violations]


def test_a_faultless_history_has_no_violations() -> None:
    assert kinds(history()) == []


def test_a_resumed_history_that_merges_otherwise_has_no_violations() -> None:
    events = history()
    other = [*events[:1], text(4, "hello", 0), *events[3:]]
    sessions = [Session(None, other[:2]), Session(other[1]["cursor"]), Session(other[1]["cursor"], other[2:])]

    violations = check(
        "generation_1", [received(events), Received("two", sessions)], STORED_RESULT, may_have_gaps=False
    )

    assert violations == []


def test_a_later_attempt_starts_the_text_over() -> None:
    events = [started(1), text(2, "hex", 0), started(3, 2), text(4, "hello", 0), finished(5)]

    assert kinds(events, Stored("COMPLETED", attempt=2, text="hello")) == []


def test_what_storage_tells_after_a_lost_log_has_no_violations() -> None:
    events = [*history()[:3], gap(0, first=5, last=None, epoch=STORED)]
    told = [started(1, epoch=STORED), text(2, "hello", 0, epoch=STORED), finished(3, epoch=STORED)]

    assert kinds([*events, *told], Stored("COMPLETED", attempt=1, text="hello"), may_have_gaps=True) == []


@pytest.mark.parametrize("missing", [0, 3])
def test_a_missing_event_is_lost(missing: int) -> None:
    events = history()
    del events[missing]

    assert Kind.LOST in kinds(events)


def test_missing_text_is_lost_though_its_seq_may_have_been_merged() -> None:
    events = history()
    del events[1]

    assert kinds(events)[0] is Kind.LOST


def test_a_missing_piece_of_a_file_is_found_by_its_digest() -> None:
    events = history()
    events[4] = {**events[4], "text": CONTENT[3:]}

    assert Kind.ARTIFACT in kinds(events)


def test_a_missing_start_of_a_file_is_lost() -> None:
    events = history()
    events[3] = event("UsageUpdated", 5, inputTokens=1, outputTokens=1)

    assert Kind.LOST in kinds(events)


def test_another_epoch_without_a_gap_is_lost() -> None:
    events = [*history()[:3], *history(epoch="b2")[3:]]

    assert Kind.LOST in kinds(events)


@pytest.mark.parametrize("again", [1, 3])
def test_an_event_that_comes_twice_is_duplicated(again: int) -> None:
    events = history()
    events.insert(4, events[again])

    assert kinds(events) == [Kind.DUPLICATED]


def test_text_under_a_new_seq_that_was_there_before_is_duplicated() -> None:
    events = [started(1), text(2, "hel", 0), text(3, "hel", 0), text(4, "lo", 3), finished(5)]

    assert Kind.DUPLICATED in kinds(events)


def test_swapped_events_are_reordered() -> None:
    events = history()
    events[4], events[5] = events[5], events[4]

    assert Kind.REORDERED in kinds(events)


def test_an_attempt_that_goes_back_is_reordered() -> None:
    events = [started(1, 2), started(2, 1), text(3, "hello", 0), finished(4)]

    assert kinds(events, Stored("COMPLETED", attempt=2, text="hello")) == [Kind.REORDERED]


def test_a_cursor_of_another_event_is_reordered() -> None:
    events = history()
    events[2] = {**events[2], "cursor": events[1]["cursor"]}

    assert Kind.REORDERED in kinds(events)


def test_an_event_after_the_terminal_one_is_found() -> None:
    assert kinds([*history(), text(9, "!", 5)]) == [Kind.TERMINAL]


def test_a_second_terminal_event_is_found() -> None:
    assert kinds([*history(), finished(9)]) == [Kind.TERMINAL]


def test_a_subscription_that_ends_without_a_terminal_event_is_found() -> None:
    assert kinds(history()[:-1]) == [Kind.TERMINAL, Kind.TERMINAL]


def test_a_stream_without_a_terminal_event_is_found() -> None:
    violations = check(
        "generation_1", [Received("one", [Session(None, history()[:-1])])], STORED_RESULT, may_have_gaps=False
    )

    assert [violation.kind for violation in violations] == [Kind.TERMINAL]


def test_a_terminal_event_that_the_record_denies_is_found() -> None:
    assert kinds(history(), Stored("FAILED", attempt=1, reason="INTERNAL")) == [Kind.TERMINAL]


def test_a_terminal_event_before_its_record_is_found() -> None:
    events = [*history()[:-1], finished(8, generation={"id": "generation_1", "status": "GENERATING"})]

    assert kinds(events) == [Kind.TERMINAL]


@pytest.mark.parametrize(
    "stored",
    [
        Stored("COMPLETED", attempt=1, text="hello!", files={"a.ts": CONTENT}),
        Stored("COMPLETED", attempt=1, text="hello", files={"a.ts": CONTENT + " "}),
        Stored("COMPLETED", attempt=1, text="hello", files={"a.ts": CONTENT, "b.ts": ""}),
        Stored("COMPLETED", attempt=1, text="hello"),
    ],
)
def test_an_artifact_that_differs_from_the_events_is_found(stored: Stored) -> None:
    assert kinds(history(), stored) == [Kind.ARTIFACT]


def with_base() -> list[Event]:
    """One that keeps two files, removes one of them, discards two, and is INCOMPLETE without b.ts and c.ts."""
    sha256 = hashlib.sha256(CONTENT.encode()).hexdigest()
    return [
        started(1),
        event("FileKept", 2, path="a.ts", sha256=sha256, bytes=len(CONTENT)),
        event("FileKept", 3, path="old.ts", sha256=sha256, bytes=len(CONTENT)),
        event("FileDiscarded", 4, path="../up.ts", discardReason="PATH_ESCAPES"),
        event("FileRemoved", 5, path="old.ts"),
        event("FileStarted", 6, path="b.ts"),
        event("FileDiscarded", 7, path="b.ts", discardReason="INCOMPLETE"),
        {**finished(8, "INCOMPLETE"), "message": "Missing: b.ts, c.ts."},
    ]


BASE = {"a.ts": CONTENT, "old.ts": CONTENT}


def test_files_that_were_kept_removed_and_discarded_are_followed() -> None:
    stored = Stored("INCOMPLETE", 1, text="", files={"a.ts": CONTENT}, missing=("b.ts", "c.ts"), base=BASE)

    assert kinds(with_base(), stored) == []


@pytest.mark.parametrize(
    "stored",
    [
        Stored("INCOMPLETE", 1, text="", files={"a.ts": CONTENT}, missing=("c.ts",), base=BASE),
        Stored("INCOMPLETE", 1, text="", files={"a.ts": CONTENT}, missing=("b.ts", "d.ts"), base=BASE),
        Stored("INCOMPLETE", 1, text="", files={"a.ts": CONTENT, "old.ts": CONTENT}, missing=("b.ts",), base=BASE),
        Stored("INCOMPLETE", 1, text="", files={"a.ts": ""}, missing=("b.ts",), base={"a.ts": "", "old.ts": CONTENT}),
    ],
    ids=["a half not named", "a name not told", "a removed file stored", "a kept file changed"],
)
def test_files_that_are_not_what_was_said_are_found(stored: Stored) -> None:
    assert set(kinds(with_base(), stored)) == {Kind.ARTIFACT}


@pytest.mark.parametrize(("count", "wrong"), [(2, []), (1, [Kind.ARTIFACT]), (3, [Kind.ARTIFACT])])
def test_of_many_missing_files_some_are_named_and_the_rest_is_counted(count: int, wrong: list[Kind]) -> None:
    missing = ("b.ts", "c.ts", "d.ts", "e.ts")
    stored = Stored("INCOMPLETE", 1, text="", files={"a.ts": CONTENT}, missing=missing, base=BASE)
    told = {"message": f"It was cut. Missing: b.ts, c.ts and {count} more."}

    assert kinds([*with_base()[:-1], {**finished(8, "INCOMPLETE"), **told}], stored) == wrong


def test_a_whole_file_that_is_said_to_be_missing_is_found() -> None:
    stored = Stored("COMPLETED", 1, text="hello", files={"a.ts": CONTENT}, missing=("a.ts",))

    assert kinds(history(), stored) == [Kind.ARTIFACT]


def test_answers_that_are_not_on_the_record_are_found() -> None:
    files = {"a.ts": CONTENT}

    assert kinds(history(), Stored("COMPLETED", 1, text="hello", files=files, answers=(("p", "m"),))) == []
    assert kinds(history(), Stored("COMPLETED", 1, text="hello", files=files, answers=())) == [Kind.ARTIFACT]


def test_an_answer_that_is_told_again_by_who_closes_its_stream_is_no_other_one() -> None:
    once = [started(1), text(2, "hel", 0), started(3), text(4, "hello", 0), finished(5)]
    twice = [started(1), text(2, "hel", 0), started(3), started(4), text(5, "hello", 0), finished(6)]
    stored = Stored("COMPLETED", 1, text="hello", answers=(("p", "m"),))

    assert kinds(once, stored) == []
    assert kinds(twice, stored) == [Kind.ARTIFACT]


def test_two_subscribers_that_have_different_things_at_one_position_are_found() -> None:
    other = history()
    other[3] = event("FileStarted", 5, path="b.ts")
    other[4] = {**other[4], "path": "b.ts"}
    other[5] = {**other[5], "path": "b.ts"}
    places: Places = {}
    free = Stored("COMPLETED", attempt=1)

    alone = check("generation_1", [received(history())], free, may_have_gaps=False, places=places)
    violations = check("generation_1", [received(other, "two")], free, may_have_gaps=False, places=places)

    assert alone == []
    assert {(violation.kind, violation.subscriber) for violation in violations} == {(Kind.ARTIFACT, "two")}


def test_a_gap_where_nothing_was_lost_is_found() -> None:
    events = [*history()[:3], gap(0, first=5, last=None, epoch="b2"), *history(epoch="b2")]

    assert kinds(events) == [Kind.GAP]
    assert kinds(events, may_have_gaps=True) == []


def test_a_gap_that_does_not_follow_is_found() -> None:
    events = [started(1), gap(5, first=4, last=5), text(6, "o", 4), finished(7)]

    assert kinds(events, may_have_gaps=True) == [Kind.GAP]


def test_a_gap_that_goes_backwards_is_found() -> None:
    events = [started(1), text(2, "h", 0), gap(1, first=3, last=1), finished(2)]

    assert Kind.GAP in kinds(events, may_have_gaps=True)


def test_a_subscriber_that_resumes_elsewhere_is_found() -> None:
    events = history()
    sessions = [Session(None, events[:3]), Session(events[0]["cursor"], events[3:], completed=True)]

    violations = check("generation_1", [Received("one", sessions)], STORED_RESULT, may_have_gaps=False)

    assert [violation.kind for violation in violations] == [Kind.RESUME]


def test_a_violation_shows_the_events_around_it_and_where_the_subscriber_resumed() -> None:
    events = history()
    sessions = [Session(None, events[:2]), Session(events[1]["cursor"], events[3:], completed=True)]

    (violation,) = check(
        "generation_1", [Received("one", sessions)], Stored("COMPLETED", attempt=1), may_have_gaps=False
    )

    assert str(violation).splitlines()[0] == "[lost] generation_1, one: Seqs 4 to 4 never came."
    assert [line.split()[2] for line in violation.around] == [
        "AttemptStarted",
        "TokenDelta",
        "resumed",
        ">",
        "FileDelta",
        "FileCompleted",
        "GenerationFinished",
    ] or "-- resumed --" in violation.around


def lines(seq: int, *numbers: int) -> dict[str, Any]:
    said = [{"id": str(number), "stream": "BUILD", "level": "INFO", "message": f"said {number}"} for number in numbers]
    return event("LogLines", seq, lines=said)


def deployed(*happened: Event) -> list[Event]:
    ended = event("DeploymentFinished", 5, status="CANCELED", reason=None, message=None)
    return [event("DeploymentStatusChanged", 1, status="BUILDING", url=None), *happened, ended]


LOG = Stored("CANCELED", attempt=1, lines=tuple(f"{number} BUILD INFO said {number}" for number in (2, 3, 4)))


def test_lines_may_come_joined_in_any_way() -> None:
    one, two = received(deployed(lines(2, 2), lines(4, 3, 4))), received(deployed(lines(4, 2, 3, 4)))

    assert check("deployment_1", [one, two], LOG, may_have_gaps=False) == []


def test_a_missing_line_is_lost() -> None:
    assert kinds(deployed(lines(4, 2, 4)), LOG) == [Kind.LOST, Kind.ARTIFACT]


def test_a_log_that_differs_from_the_events_is_found() -> None:
    shorter = Stored("CANCELED", attempt=1, lines=LOG.lines[:2] if LOG.lines else None)

    assert kinds(deployed(lines(4, 2, 3, 4)), shorter) == [Kind.ARTIFACT]
