"""Random changes of a stream: of its bytes, its lines, its events, and the JSON in them."""

import json
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final, cast

Change = Callable[[bytes, Random], bytes]

ODD: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 12, 2**63 - 1, 2**70, 1.5, 1e300, "", "x", "12", "\ud83d", "null", "-7"),
    *([], [[]], ["x"], {}, {"text": "x"}, {"a": {"b": [1]}}),
    *(
        [{"type": "text", "text": "x"}],
        [{"type": "thinking", "thinking": "x"}],
        [5],
        "<think>",
        "\n</think>\n",
        "```\n",
    ),
)
ENDS: Final = (
    "stop",
    "length",
    "content_filter",
    "tool_calls",
    "error",
    "insufficient_system_resource",
    "STOP",
    "eos",
    "",
)
LINES: Final = (
    b": keep-alive",
    b"event: keepalive\ndata:\n",
    b"event: ping\ndata: now\n",
    b"event: error\ndata: no\n",
    b"event: message",
    b"event: x",
    b"id: 7",
    b"retry: 10",
    b"nonsense",
    b"data",
    b"data:",
    b"data: null\n",
    b"data: {}\n",
    b"data: [DONE]\n",
    b"",
    b"\xef\xbb\xbf",
    b'data: {"error": {"code": 429, "message": "Slow down."}}\n',
    b'data: {"error": "boom"}\n',
    b'data: {"choices": [{"delta": {}, "finish_reason": "length"}]}\n',
    b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n',
    b'data: {"choices": [{"delta": {"content": " more"}}]}\n',
    b'data: {"choices": [{"delta": {"content": "\\ud83d"}}]}\n',
    b'data: {"choices": [{"message": {"content": " all"}, "finish_reason": "stop"}]}\n',
)


def changed(stream: bytes, chance: Random) -> tuple[bytes, list[str]]:
    """Change a stream one to four times, and return it with the names of the changes."""
    names = [chance.choice([*CHANGES]) for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 4)))]
    for name in names:
        stream = CHANGES[name](stream, chance)
    return stream, names


def _flip(stream: bytes, chance: Random) -> bytes:
    place = _place(stream, chance)
    return stream[:place] + bytes([chance.randrange(256)]) + stream[place + 1 :]


def _insert(stream: bytes, chance: Random) -> bytes:
    place = _place(stream, chance)
    return stream[:place] + chance.randbytes(chance.randint(1, 4)) + stream[place:]


def _remove(stream: bytes, chance: Random) -> bytes:
    place = _place(stream, chance)
    return stream[:place] + stream[place + chance.choice((1, 1, 2, 10, 300)) :]


def _repeat(stream: bytes, chance: Random) -> bytes:
    start, stop = sorted((_place(stream, chance), _place(stream, chance)))
    return stream[:stop] + stream[start:]


def _truncate(stream: bytes, chance: Random) -> bytes:
    return stream[: _place(stream, chance)]


def _join(stream: bytes, chance: Random) -> bytes:
    """Leave out one or all of the blank lines between events."""
    return stream.replace(b"\n\n", b"\n", chance.choice((1, 1, 2, -1)))


def _line_ends(stream: bytes, chance: Random) -> bytes:
    return stream.replace(b"\n", chance.choice((b"\r", b"\r\n", b"\n\n", b"\r\r")), chance.choice((1, 3, -1)))


def _add_line(stream: bytes, chance: Random) -> bytes:
    lines = stream.split(b"\n")
    for _ in range(chance.choice((1, 1, 3))):
        lines.insert(chance.randint(0, len(lines)), chance.choice(LINES))
    return b"\n".join(lines)


def _of_events(stream: bytes, chance: Random, do: Callable[[list[bytes], int], None]) -> bytes:
    events = stream.split(b"\n\n")
    do(events, chance.randrange(len(events)))
    return b"\n\n".join(events)


def _drop_event(stream: bytes, chance: Random) -> bytes:
    return _of_events(stream, chance, lambda events, place: events.__delitem__(place))


def _repeat_event(stream: bytes, chance: Random) -> bytes:
    return _of_events(stream, chance, lambda events, place: events.insert(place, events[place]))


def _move_event(stream: bytes, chance: Random) -> bytes:
    return _of_events(
        stream, chance, lambda events, place: events.insert(chance.randint(0, len(events)), events.pop(place))
    )


def _split_data(stream: bytes, chance: Random) -> bytes:
    """Write the JSON of events in two data lines, cut where JSON allows it."""
    return stream.replace(b', "', b',\ndata: "', chance.choice((1, 5, -1)))


def _of_json(stream: bytes, chance: Random, do: Callable[[Any], None]) -> bytes:
    """Change the JSON of one event, or of all."""
    events = stream.split(b"\n\n")
    places = [number for number, event in enumerate(events) if event.startswith(b"data: {")]
    for place in places if chance.random() < 0.2 else chance.sample(places, min(1, len(places))):
        try:
            chunk = json.loads(events[place][6:])
        except ValueError:
            continue
        do(chunk)
        events[place] = b"data: " + json.dumps(chunk).encode()
    return b"\n\n".join(events)


def _holders(value: object) -> list[tuple[Any, Any]]:
    """Return every place in a JSON value, as what holds it and its key."""
    if isinstance(value, dict):
        items = list(cast("dict[Any, Any]", value).items())
    elif isinstance(value, list):
        items = list(enumerate(cast("list[Any]", value)))
    else:
        return []
    return [place for key, inner in items for place in ((cast("Any", value), key), *_holders(inner))]


def _odd_value(stream: bytes, chance: Random) -> bytes:
    def do(chunk: Any) -> None:
        for holder, key in chance.sample(places := _holders(chunk), min(1, len(places))):
            holder[key] = chance.choice(ODD)

    return _of_json(stream, chance, do)


def _no_value(stream: bytes, chance: Random) -> bytes:
    def do(chunk: Any) -> None:
        for holder, key in chance.sample(places := _holders(chunk), min(1, len(places))):
            del holder[key]

    return _of_json(stream, chance, do)


def _further_value(stream: bytes, chance: Random) -> bytes:
    def do(chunk: Any) -> None:
        name = chance.choice(
            ("error", "usage", "x_groq", "finish_reason", "type", "code", "status", "message", "object")
        )
        holders = [chunk, *(holder[key] for holder, key in _holders(chunk) if isinstance(holder[key], dict))]
        holder = chance.choice(holders)
        holder[name] = chance.choice((*ODD, {"code": 429}, {"code": "401", "message": "No."}, "error", 503))

    return _of_json(stream, chance, do)


def _another_end(stream: bytes, chance: Random) -> bytes:
    return stream.replace(b'"finish_reason": "stop"', b'"finish_reason": ' + json.dumps(chance.choice(ENDS)).encode())


def _within_content(stream: bytes, chance: Random) -> bytes:
    """Put odd text at the head of one content."""
    odd = chance.choice(
        ("<think>", "</think>\\n", "\\n</think>\\n\\n", "```ts\\n", "```\\n", "\\ud83d", "\\ude80", "\\u0000", "- ")
    )
    parts = stream.split(b'"content": "')
    place = chance.randrange(len(parts))
    parts[place] = (odd.encode() + parts[place]) if place else parts[place]
    return b'"content": "'.join(parts)


def _one_json(stream: bytes, chance: Random) -> bytes:
    """Say all of it as one JSON text instead of a stream."""
    text, last = "", {}
    for event in stream.split(b"\n\n"):
        try:
            chunk = json.loads(event.removeprefix(b"data: "))
            text += chunk["choices"][0]["delta"].get("content") or ""
            last = chunk
        except (ValueError, LookupError, TypeError, AttributeError):
            continue
    message = {"role": "assistant", "content": text}
    return json.dumps({**last, "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}).encode()


CHANGES: Final[Mapping[str, Change]] = {
    "a byte is another": _flip,
    "bytes are added": _insert,
    "bytes are missing": _remove,
    "a part comes twice": _repeat,
    "the rest is missing": _truncate,
    "blank lines are missing": _join,
    "other line ends": _line_ends,
    "further lines": _add_line,
    "an event is missing": _drop_event,
    "an event comes twice": _repeat_event,
    "an event comes elsewhere": _move_event,
    "data in several lines": _split_data,
    "an odd value": _odd_value,
    "a value is missing": _no_value,
    "a further value": _further_value,
    "another end": _another_end,
    "odd text": _within_content,
    "one JSON text": _one_json,
}


def _place(stream: bytes, chance: Random) -> int:
    return chance.randrange(max(len(stream), 1))
