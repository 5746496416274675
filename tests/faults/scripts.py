"""Random scripts: what a provider does, request by request, while one generation asks it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from services.core.frozen import frozen
from tests.fakes.llm import Answer, Behaviour, Drop, Hang, Status

CODE: Final = {
    "README.md": "# Notes\r\n```ts\nconst fence = 1;\n```\n",
    "src/a.ts": "export const a = '</file>';\n=== 0000000000000000 END\n",
    "src/b.ts": "\ufeffexport const b = '👩\u200d👩 日本';\n",
    "src/deep/er/c.ts": f"// {'x' * 300}\n",
}
PAGES: Final = {
    "guides/start.md": "# Start\n\n```\nnpm start\n```\n",
    "guides/next.md": "# Next\n\nGrüß 👩\u200d👩\n",
    "reference/api.md": "# API\n\n| a | b |\n|---|---|\n",
}
CHANGED: Final = {
    "CODE": {"src/a.ts": "export const a = 2;\n", "src/new.ts": "export const c = 3;\n"},
    "DOCUMENTATION": {},
}
REMOVED: Final = {"CODE": ("src/b.ts",), "DOCUMENTATION": ()}
SAID: Final = "Grüß Gott, 日本 👩\u200d👩! A table has fields;\r\na field has a type.\n" * 3
KINDS: Final = ("SCHEMA", "ARCHITECTURE", "CODE", "DOCUMENTATION", "CHAT")
CHARACTERS: Final = {"SCHEMA": 2500, "ARCHITECTURE": 1500, "CODE": 900, "DOCUMENTATION": 450, "CHAT": len(SAID)}
"""About how long an answer of each kind is."""


@frozen
class Step:
    """What meets one request."""

    name: str
    behaviour: Behaviour


@frozen
class Script:
    """One generation: `steps` meet its requests one after the other, `then` all later ones."""

    kind: str
    provider: str
    """Who is asked first."""
    steps: Sequence[Step]
    then: Step
    cancel_after: float | None
    """Seconds."""
    max_tokens: int | None
    """The option, so small that not all answers fit."""


def good(kind: str, *, changes: bool = False) -> Answer:
    """Return the answer of a model that does as it is told."""
    match kind:
        case "CHAT":
            return Answer([SAID[start : start + 20] for start in range(0, len(SAID), 20)])
        case "CODE" | "DOCUMENTATION" if changes:
            return Answer(files=CHANGED[kind], removed=REMOVED[kind], piece_size=20)
        case "CODE" | "DOCUMENTATION":
            return Answer(files=wanted(kind), piece_size=20)
        case _:
            return Answer(piece_size=60)


def wanted(kind: str, *, changes: bool = False) -> dict[str, str]:
    """Return the files that a generation of the kind is to end with; with `changes`, one that changes such."""
    files: Mapping[str, str] = {"CODE": CODE, "DOCUMENTATION": PAGES}.get(kind, {})
    if not changes:
        return dict(files)
    return {path: text for path, text in {**files, **CHANGED[kind]}.items() if path not in REMOVED[kind]}


Make = Callable[[Random, Answer, int], Behaviour]
"""Makes a behaviour of a good answer, at a place: a number of pieces."""

_STATUS: Final[Mapping[str, Make]] = {
    "401": lambda _, __, ___: Status(401),
    "429, Retry-After in seconds": lambda chance, _, __: Status(429, headers={"retry-after": chance.choice("013")}),
    "429, Retry-After as a date": lambda _, __, ___: Status(429, headers={"retry-after": _DATE, "date": _DATE}),
    "500": lambda _, __, ___: Status(500),
    "no answer": lambda _, __, ___: Drop(),
    "silence before the answer": lambda _, __, ___: Hang(),
}
_DATE: Final = "Wed, 21 Oct 2015 07:28:00 GMT"
_BROKEN: Final[Mapping[str, Make]] = {
    "silence": lambda _, answer, place: replace(answer, silent_after=place),
    "closed": lambda _, answer, place: replace(answer, cut_after=place),
    "reset within a chunk": lambda _, answer, place: replace(answer, reset_after=place),
    "an error": lambda _, answer, place: replace(answer, error_after=place),
    "an event that is no JSON": lambda _, answer, place: replace(answer, junk_after=place),
    "no finish_reason": lambda _, answer, place: replace(answer, stop_after=place, finish=None),
    "finish_reason length": lambda _, answer, place: replace(answer, stop_after=place, finish="length"),
    "finish_reason content_filter": lambda _, answer, place: replace(answer, stop_after=place, finish="content_filter"),
    "finish_reason stop, early": lambda _, answer, place: replace(answer, stop_after=place),
    "no end": lambda _, answer, __: _endless(answer),
    "silence after the finish_reason": lambda _, answer, __: replace(answer, has_done=False, has_end=False),
}


def _endless(answer: Answer) -> Answer:
    """Return the answer said over and over, in few pieces: how many there are is not the point."""
    pieces = None if answer.pieces is None else ["".join(answer.pieces) * 50]
    return replace(answer, pieces=pieces, piece_size=20_000, endless=True)


_CADENCES: Final[Mapping[str, Make]] = {
    "a burst": lambda _, answer, __: replace(answer, burst=True),
    "one event a read": lambda _, answer, __: replace(answer, delay=0.005),
    "1,000 tokens a second": lambda _, answer, __: replace(answer, delay=0.001),
    "cut within characters": lambda chance, answer, _: replace(answer, write_size=chance.randint(1, 9)),
    "cut within line ends": lambda _, answer, __: replace(answer, write_size=1, line_end="\r\n"),
    "comments": lambda _, answer, __: replace(answer, comments=True),
    "junk lines": lambda _, answer, __: replace(answer, junk=("event: x", "<html>", "}{")),
    "no usage": lambda _, answer, __: replace(answer, has_usage=False),
}
BEHAVIOURS: Final[Mapping[str, Make]] = {**_STATUS, **_BROKEN, **_CADENCES}
_FAULTS: Final[Mapping[str, Make]] = {**_STATUS, **_BROKEN}
_HOPELESS: Final = 0.12
_CANCELED: Final = 0.2
_LIMITED: Final = 0.2


def drawn(chance: Random, kind: str, *, changes: bool = False) -> Script:
    """Draw a script: mostly a few faults, one after the other, and then a provider that answers well."""
    names = [*BEHAVIOURS] if chance.random() < 0.5 else [*_FAULTS]
    steps = [
        _step(chance, chance.choice(names), kind, changes=changes)
        for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 4, 6)))
    ]
    then = Step("as it is to be", good(kind, changes=changes))
    if chance.random() < _HOPELESS:
        then = _step(chance, chance.choice([*_FAULTS]), kind, changes=changes)
    cancel_after = chance.choice((0.1, 0.3, 1, 3)) * chance.random() if chance.random() < _CANCELED else None
    max_tokens = chance.choice((20, 300)) if chance.random() < _LIMITED else None
    return Script(kind, chance.choice(("groq", "openai")), steps, then, cancel_after, max_tokens)


def _step(chance: Random, name: str, kind: str, *, changes: bool) -> Step:
    answer = good(kind, changes=changes)
    if answer.pieces is None:
        answer = replace(answer, piece_size=chance.choice((1, 3, 20, 60, 200)) if answer.files is not None else 60)
    pieces = len(answer.pieces) if answer.pieces is not None else CHARACTERS[kind] // answer.piece_size + 1
    return Step(name, BEHAVIOURS[name](chance, answer, chance.randint(0, pieces)))


@dataclass
class Playing:
    """The scripts under way, by a word that their prompts hold."""

    counts: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    """How often each behaviour met a request of each provider."""
    _steps: dict[str, list[Step]] = field(default_factory=dict[str, list[Step]])
    _then: dict[str, Step] = field(default_factory=dict[str, Step])

    def start(self, word: str, script: Script) -> None:
        self._steps[word], self._then[word] = list(script.steps), script.then

    def next(self, provider: str, word: str) -> Behaviour | None:
        """Return what meets a request now, and count it."""
        if word not in self._then:
            return None
        step = self._steps[word].pop(0) if self._steps[word] else self._then[word]
        self.counts[step.name, provider] = self.counts.get((step.name, provider), 0) + 1
        return step.behaviour
