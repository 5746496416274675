"""Whether JSON files parse: told without Node, with the place of what is wrong."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Final, NoReturn

from services.checks.port import JSON, FileFault

_STRING: Final = r'"[^"\\\n]*(?:\\.[^"\\\n]*)*"?'
_COMMENT: Final = re.compile(rf"{_STRING}|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_LAST_COMMA: Final = re.compile(rf"{_STRING}|,(?=\s*[\]}}])", re.DOTALL)


def is_json(path: str) -> bool:
    return path.lower().endswith(".json")


def json_faults(files: Mapping[str, str]) -> Iterator[FileFault]:
    """Yield the fault of each .json file that does not parse. Blocks for as long as parsing takes."""
    for path, content in files.items():
        if is_json(path) and (fault := _fault(path, content)):
            yield fault


def _fault(path: str, content: str) -> FileFault | None:
    text = _plain(content) if _may_have_comments(path) else content
    try:
        # floats: Python refuses to read an integer of very many digits
        json.loads(text, parse_constant=_refuse, parse_int=float)
    except json.JSONDecodeError as error:
        return FileFault(JSON, path, error.lineno, error.colno, error.msg)
    except RecursionError:
        return FileFault(JSON, path, 1, 1, "Nested too deeply")
    except ValueError as error:
        return FileFault(JSON, path, 1, 1, str(error))
    return None


def _may_have_comments(path: str) -> bool:
    name = PurePosixPath(path).name.lower()
    return name.startswith(("tsconfig", "jsconfig"))


def _plain(text: str) -> str:
    """Put spaces where comments and last commas are: every place stays where it was."""
    for pattern in (_COMMENT, _LAST_COMMA):
        text = pattern.sub(_blank, text)
    return text


def _blank(match: re.Match[str]) -> str:
    matched = match.group()
    return matched if matched.startswith('"') else re.sub(r"[^\n]", " ", matched)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
