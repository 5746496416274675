"""What patterns promise: JavaScript reads them, matches what we say, and never takes ages to."""

import json
import random
import subprocess
from collections.abc import Callable, Iterator

import pytest

from services.designs.characters import has
from services.designs.pattern_syntax import Choice, Node, Repeated, Sequence, Unfit, read
from services.designs.patterns import MOST_WAYS, Pattern
from tests.services.checks.machine import ENVIRONMENT, SEARCH_PATH

GOOD = {
    r"[a-z0-9]+(?:-[a-z0-9]+)*": (["a", "a-1", "ab-cd-e"], ["", "-", "a-", "a--b", "A"]),
    r"\d{5}(-\d{4})?": (["12345", "12345-6789"], ["1234", "12345-", "١٢٣٤٥"]),
    r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})": (["#fff", "#A0b1C2"], ["#ffff", "fff", "#fffffff"]),
    r"^\+?[1-9]\d{1,14}$": (["+4912345", "12"], ["+", "0123", "+1234567890123456"]),
    r"(\+\d{1,3} ?)?\d{6,12}": (["+49 123456", "123456"], ["+49", "12345"]),
    r"https?://.+": (["http://a", "https://b/c"], ["ftp://a", "http://", "http://a\nb"]),
    r"([01]\d|2[0-3]):[0-5]\d": (["23:59", "00:00"], ["24:00", "1:00"]),
    r"(red|green|grey)": (["red", "grey"], ["re", "redgreen"]),
    r".{1,255}": (["x", "😀" * 255], ["", "x" * 256, "\u2028"]),
    r"[\w.+-]+@[\w-]+\.[\w.-]+": (["a@b.c", "a.b+c@d-e.f.g"], ["a@b", "@b.c"]),
    r"\p{Lu}[\p{L}\p{M}' -]{0,79}": (["Ångström", "O'Neil", "Żółć"], ["ångström", "A1"]),
    r"\P{N}+": (["abc"], ["a1", "٣"]),
    r"[^\s\-\]]{2}\u{1F600}\x41\u0042\t": (["ab😀AB\t"], ["a-😀AB\t", "a 😀AB\t"]),
    r"a|": (["a", ""], ["aa"]),
    r"(a|b?)c": (["ac", "bc", "c"], ["abc"]),
    r"a{2}b{1,}c{0,2}d*?": (["aab", "aabbccddd"], ["ab", "aabccc"]),
    r"\^\$\.\/\[[$^.*-]": (["^$./[-", "^$./[^"], ["^$./["]),
}
UNREAD = [
    *["", "x" * 201, "(", ")", "[", "]", "{", "}", "*", "a**", "a{2,1}", "a{0}", "a{1", "[]", r"[^\s\S]", "[z-a]"],
    *[
        r"[\d-z]",
        r"\q",
        "\\",
        r"\-",
        r"\p{Foo}",
        r"\p{Script=Latin}",
        r"\p{Cs}",
        r"\u{110000}",
        r"\ud800",
        r"\cA",
        r"\0",
    ],
    *[r"\bfoo", r"(a)\1", "(?=a)b", "(?<!a)b", "(?<n>a)", "a^b", "a$b", "^a|b$", "\x00", "\ud800", "(" * 21 + ")" * 21],
    "(a{100}){100}",
]
AGES = [
    *["(a+)+", "(a|a)*", "(a|aa)+", ".*.*x", "(a|b|ab)*", "([a-z]+)*-", "x*x*x*", r".*\S.*", r"(\w+\s?)+", "(.*)*"],
    *["(a*b?)*", "(|a)*", "(a?){40}a{40}", "(?:a?|b?){40}c", "a?" * 40 + "a" * 40, "(a|a)" * 30, "(?:a?b?|c?)" * 15],
    r"([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*(@)[a-z]+",
]


@pytest.mark.parametrize("pattern", GOOD)
def test_a_pattern_is_for_the_whole_of_a_text(pattern: str) -> None:
    matching, others = GOOD[pattern]
    read_pattern = Pattern.read(pattern)

    assert [text for text in matching if not read_pattern.matches(text)] == []
    assert [text for text in others if read_pattern.matches(text)] == []


@pytest.mark.parametrize("pattern", UNREAD)
def test_what_is_no_pattern_of_ours_is_said_to_be_none(pattern: str) -> None:
    with pytest.raises(Unfit, match=r"\.\Z"):
        Pattern.read(pattern)


@pytest.mark.parametrize("pattern", AGES)
def test_what_could_take_ages_is_refused(pattern: str) -> None:
    with pytest.raises(Unfit, match=r"so many ways|repeats a part that can be nothing"):
        Pattern.read(pattern)


def some_pattern(chance: random.Random, depth: int = 3) -> str:
    part = chance.choice(["a", "b", "[ab]", "[^a]", ".", r"\w", "c"])
    if depth and chance.random() < 0.6:
        parts = [some_pattern(chance, depth - 1) for _ in range(chance.randint(1, 3))]
        part = f"({chance.choice(['', '|']).join(parts)})"
    return part + chance.choice(["", "", "", "?", "*", "+", "{2}", "{1,3}", "{2,}", "*?"])


def accepted(count: int) -> Iterator[str]:
    chance = random.Random(5)  # noqa: S311 - the same at each run
    while count:
        pattern = some_pattern(chance)
        try:
            Pattern.read(pattern)
        except Unfit:
            continue
        count -= 1
        yield pattern


def some_texts(chance: random.Random) -> list[str]:
    return ["".join(chance.choices("abc", k=chance.randint(0, 12))) for _ in range(30)]


def attempts(node: Node, text: str, at: int, then: Callable[[int], Iterator[bool]]) -> Iterator[bool]:
    """Try an expression as JavaScript does, one way after another: yields for each character and end that is tried."""
    match node:
        case Sequence(parts):
            rest = Sequence(parts[1:])
            yield from attempts(parts[0], text, at, lambda end: attempts(rest, text, end, then)) if parts else then(at)
        case Choice(options):
            for option in options:
                yield from attempts(option, text, at, then)
        case Repeated(part, least, most):
            fewer = Repeated(part, max(least - 1, 0), None if most is None else most - 1)
            if most != 0:
                yield from attempts(part, text, at, lambda end: attempts(fewer, text, end, then))
            if least == 0:
                yield from then(at)
        case _:
            yield False
            if at < len(text) and has(node, ord(text[at])):
                yield from then(at + 1)


def test_no_text_is_tried_in_more_ways_than_are_allowed() -> None:
    chance = random.Random(7)  # noqa: S311 - the same at each run
    worst = 0
    for pattern in accepted(150):
        node = read(pattern)
        for length in (3, 10, 40):
            text = "".join(chance.choices("ab", k=length)) + "!"
            tried = sum(1 for _ in attempts(node, text, 0, lambda _: iter([False])))
            worst = max(worst, tried)
            assert tried <= MOST_WAYS * (len(text) + 1), (pattern, text)
    assert worst > 41


@pytest.mark.npm
def test_javascript_reads_each_pattern_and_matches_what_we_say() -> None:
    chance = random.Random(11)  # noqa: S311 - the same at each run
    patterns = {pattern: [*matching, *others] for pattern, (matching, others) in GOOD.items()}
    patterns |= {pattern: some_texts(chance) for pattern in accepted(300)}
    script = "for (const [p, texts] of Object.entries(JSON.parse(require('fs').readFileSync(0, 'utf8'))))"
    script += " console.log(JSON.stringify(texts.map((text) => new RegExp(`^(?:${p})$`, 'u').test(text))))"

    done = subprocess.run(
        ["node", "-e", script],
        input=json.dumps(patterns),
        env={**ENVIRONMENT, "PATH": SEARCH_PATH},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    said = [json.loads(line) for line in done.stdout.splitlines()]
    ours = [[Pattern.read(pattern).matches(text) for text in texts] for pattern, texts in patterns.items()]
    assert said == ours


def test_a_pattern_that_is_refused_is_refused_again() -> None:
    messages: set[str] = set()
    for _ in range(2):
        with pytest.raises(Unfit) as refused:
            Pattern.read("(a+)+")
        messages.add(str(refused.value))

    assert len(messages) == 1
