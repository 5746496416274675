"""What a stream says, read slowly and obviously: all of it at hand, one rule after another, no code of the product."""

import json
import re
from typing import Any, Final, cast

from services.core.frozen import frozen

GOOD: Final = {"stop", "eos", "eos_token", "end_turn", "stop_sequence"}
CUT: Final = {"length", "model_length", "max_tokens", "content_filter", "safety", "refusal"}
_TALK: Final = r"<(think|thinking|thought|thoughts|reasoning)>|^=== \w{16} (MANIFEST|FILE)"
_MARKER: Final = (
    r"(?:^[ \t>*_`#|/!<=-]*|(?:=[ \t]*)+){boundary}[ \t:|>-]+((?i:MANIFEST|END|FILE [^\n]*|DELETE [^\n]*))[ \t\r]*$\n?"
)
_REMARK: Final = r"</?\w+>|.*[ ].*(?<!\.\w)(?<!\.\w\w)(?<!\.\w\w\w)(?<!\.\w\w\w\w)"
"""A tag, or several words that no extension ends."""


@frozen
class Reading:
    """What a stream says."""

    text: str
    """The answer, without thoughts."""
    is_whole: bool
    """Whether it came to a good end."""


def read(stream: bytes, *, is_cut: bool = False) -> Reading:
    """Read a stream; `is_cut` where its connection was lost after these bytes."""
    text, ends = "", list[str]()
    for data, name in _events(stream, is_cut=is_cut):
        chunk = _chunk(data, name)
        if chunk == "nothing":
            continue
        if chunk == "over":
            break
        if chunk == "broken" or (chunk == "error" and not ends):
            if not ends:
                return Reading(_answer(text)[0], is_whole=False)
            if chunk == "broken":
                break
        if not isinstance(chunk, str):
            said, end = chunk
            text += said
            if end and end.lower() not in GOOD | CUT:
                return Reading(_answer(text)[0], is_whole=False)
            ends += [end.lower()] if end else []
    answer, has_answer = _answer(text)
    return Reading(answer, is_whole=bool(ends) and not CUT & {*ends} and has_answer)


def _events(stream: bytes, *, is_cut: bool) -> list[tuple[str, str]]:
    """Return the data and the name of each event, or the whole as one where it is a JSON text."""
    text = stream.decode(errors="replace").removeprefix("\ufeff")
    if text.lstrip(" \t\r\n").startswith(("{", "[")):
        return [] if is_cut else [(text, "")]
    *lines, rest = re.split(r"\r\n|\r|\n", text)
    events: list[tuple[str, str]] = []
    data, name = list[str](), ""
    for line in [*lines] if is_cut else [*lines, *([rest] if rest else []), ""]:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if line == "":
            events += [("\n".join(data), name)] if data else []
            data, name = [], ""
        elif field == "data":
            data.append(value)
        elif field == "event":
            name = value
    return events


Said = tuple[str, str | None]
"""The text and the end that an event has."""


def _chunk(data: str, name: str) -> Said | str:
    """Return the text and the end that an event has, or a word for what else it is."""
    if data.strip().startswith("[DONE]"):
        return "over"
    if name == "error":
        return "error"
    if not data.strip() or (name not in ("", "message") and not data.lstrip().startswith("{")):
        return "nothing"
    try:
        value: object = json.loads(data)
        if isinstance(value, list):
            value = next(iter(_objects(cast("object", value))), None)
        if not isinstance(value, dict):
            return "nothing"
        chunk = cast("dict[str, Any]", value)
        return "error" if _says_error(chunk) else _said(chunk)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return "broken"


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError
    return cast("dict[str, Any]", value)


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return cast("list[Any]", value)


def _says_error(chunk: dict[str, Any]) -> bool:
    choices: object = chunk.get("choices")
    first = _first(cast("object", choices)) if isinstance(choices, list) else None
    given: list[object] = [chunk, chunk.get("x_groq"), first]
    holders = [cast("dict[str, Any]", each) for each in given if isinstance(each, dict)]
    if any(holder.get(name) for holder in holders for name in ("error", "errors", "err")):
        return True
    if "error" in [chunk.get("object"), chunk.get("type")]:
        return True
    has_status = any(str(chunk.get(name)).isdigit() and 400 <= int(chunk[name]) < 600 for name in ("code", "status"))
    has_failed = chunk.get("status") in ("error", "failed", "failure")
    return "choices" not in chunk and ("detail" in chunk or has_status or has_failed or "status_code" in chunk)


def _first(choices: object) -> dict[str, Any] | None:
    """Return the first choice that has no index but 0; None where there is none."""
    for choice in _list(choices):
        index = _mapping(choice).get("index")
        if not isinstance(index, int) or isinstance(index, bool) or index == 0:
            return choice
    return None


def _said(chunk: dict[str, Any]) -> Said | str:
    choices: object = chunk.get("choices")
    choice = None if choices is None else _first(choices)
    if choice is None:
        return "nothing"
    said: object = choice.get("delta") if choice.get("delta") is not None else choice.get("message")
    end: object = choice.get("finish_reason") or None
    delta = {} if said is None else _mapping(said)
    content: object = delta.get("content")
    if any(_objects(delta.get("tool_calls"))) or any(part.get("type") == "tool_use" for part in _objects(content)):
        end = "tool_calls"
    elif isinstance(delta.get("refusal"), str) and delta["refusal"]:
        end = "refusal"
    return _text(content), end if end is None or isinstance(end, str) else "unknown"


def _objects(value: object) -> list[dict[str, Any]]:
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("dict[str, Any]", each) for each in items if isinstance(each, dict)]


def _text(content: object) -> str:
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    return "".join(part if isinstance(part, str) else _part(_mapping(part)) for part in _list(content))


def _part(part: dict[str, Any]) -> str:
    if part.get("type") not in (None, "text", "output_text"):
        return ""
    if not isinstance(part["text"], str):
        raise TypeError
    return part["text"]


def _answer(text: str) -> tuple[str, bool]:
    """Return a text without its thoughts and with its pairs of halves joined, and whether an answer follows them."""
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    while True:
        opening = re.match(r"\s*<(think|thinking|thought|thoughts|reasoning)>", text, re.IGNORECASE)
        if opening is not None:
            closing = re.search(f"</{opening[1]}>", text, re.IGNORECASE)
            if closing is None:
                return "", False
            text = text[closing.end() :].lstrip()
            continue
        lone = _lone_closing(text)
        if lone is None:
            return text, True
        text = text[lone:].lstrip()


def _lone_closing(text: str) -> int | None:
    """Return where a closing tag ends that nothing has opened, outside of code, quotes, sentences and files."""
    for tag in re.finditer("</think(ing)?>", text, re.IGNORECASE):
        before, after = text[: tag.start()], text[tag.end() :]
        *lines, line = before.split("\n")
        if re.search(_TALK, before, re.IGNORECASE | re.MULTILINE):
            return None
        if sum(each.lstrip().startswith(("```", "~~~")) for each in lines) % 2 or before.endswith(tuple("`\"'([“")):
            continue
        if not line.strip() or re.match(r"[ \t\r]*(\n|$)", after) or re.match(r"[^\s.,;:!?)\]`'\"]", after):
            return tag.end()
    return None


def announced(text: str, boundary: str) -> list[str]:
    """Return the lines of the manifests of a text, as they are written; of one that nothing ends, none."""
    sections = _sections(text, boundary)
    bodies = [body for word, body in sections[:-1] if word.upper() == "MANIFEST"]
    lines = [line.strip() for body in bodies for line in body.split("\n")]
    paths = [line for line in lines if line and not line.startswith(("```", "~~~"))]
    return [line for line in paths if not re.fullmatch(_REMARK, line)]


def contents(text: str, boundary: str, path: str) -> set[str]:
    """Return the contents that a text has for a file, as they are and without a fence around them."""
    found: set[str] = set()
    for word, body in _sections(text, boundary):
        if word.upper().startswith("FILE ") and path in word:
            lines = body.strip("\n").split("\n")
            found |= {body, "".join(f"{line}\n" for line in lines[1:-1])}
    return found


def _sections(text: str, boundary: str) -> list[tuple[str, str]]:
    """Return each marker of the file protocol with what follows it, up to the end."""
    parts = re.split(_MARKER.format(boundary=boundary), text, flags=re.MULTILINE)
    sections = list(zip(parts[1::2], parts[2::2], strict=True))
    ends = [number for number, (word, _) in enumerate(sections) if word.upper() == "END"]
    return sections[: ends[0] + 1] if ends else sections
