"""What of a description or an instruction the scaffold does not follow, and why.

It looks for what it knows that it does not do (lexicon/requests.toml), for what is said of who may do what and is not
so in the schema, for rules of behaviour, which it never follows, and for what no table, field or rule came of.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from services.core.frozen import frozen
from services.designs.architecture import ArchitectureModel, NodeKind
from services.designs.schema import Api, SchemaModel
from services.scaffold.api import graphql_asked
from services.scaffold.asides import foreign, in_languages
from services.scaffold.leftovers import left_over
from services.scaffold.logins import logins_asked
from services.scaffold.mentions import blanked
from services.scaffold.naming import concept_of, meant_by
from services.scaffold.parts.cues import SENTENCE
from services.scaffold.parts.said import said_parts
from services.scaffold.rights.field_rights import names_of
from services.scaffold.rights.grants import concerned, unmet
from services.scaffold.rights.sign_up import closed_sign_up
from services.scaffold.rights.statements import Rules, read_rules
from services.scaffold.rights.unread import Unread
from services.scaffold.rights.wording import Wording
from services.scaffold.unfollowed import Unfollowed

MOST: Final = 20
_LONGEST_READ: Final = 20_000
_LONGEST_TEXT: Final = 200
_CLAUSE: Final = re.compile(r"[^,:]+")
_FOLLOWS_NONE: Final = (
    "The scaffold follows no instruction: it writes what the schema says. Change the schema, or the files."
)
_BEHAVIOUR: Final = re.compile(
    r"\b(?:automatically|at most|at least|no more than|up to \d+|within \d+|after \d+|more than \d+|less than \d+|"
    r"calculates?|computes?|recommends?|expires? after|limits? of|unless|whenever|double[- ]book\w*|overlap\w*|"
    r"sync(?:s|ed|hronize[sd]?)? with|integrat\w+ with|approved by|requires? approval|must be (?:approved|confirmed)"
    r")\b",
    re.IGNORECASE,
)


_FOREIGN: Final = "The scaffold reads English, Spanish, French and German."
_RULE: Final = "The scaffold reads in English alone who may do what."
_IMPERATIVE: Final = re.compile(
    r"(?:and |also |please )*(?:use|add|rename|change|replace|remove|avoid|prefer|switch|convert|refactor|ensure|put|"
    r"write|include|support|enable|implement|do not|don't|never|always)\b",
    re.IGNORECASE,
)
"""How a clause begins that says what to do with files."""
_MOST_STATEMENTS: Final = 100


@frozen
class _Known:
    pattern: re.Pattern[str]
    reason: str
    part: NodeKind | None


def not_followed(
    description: str, schema: SchemaModel | None, architecture: ArchitectureModel | None = None
) -> list[Unfollowed]:
    """Return what a description asks for that a backend for the schema does not do, in no more than `MOST` parts.

    Nor is it what an architecture has for it.
    """
    text = _line(description)
    if schema is None:
        return _in_order([*_known(text), *_behaviour(text)], text, architecture)
    told = _recognised(text, schema)
    return _in_order([*told, *_left_over(text, schema, told, architecture)], text, architecture)


def unfollowed_by_files(
    description: str, schema: SchemaModel, architecture: ArchitectureModel | None = None
) -> list[Unfollowed]:
    """Return what a description asks for and its files do not do, also where it says how to write them: `Use tabs`."""
    text = _line(description)
    rest = (part for part in _untold(text, schema) if _IMPERATIVE.match(part) and not _names_tables(part, schema))
    told = [*_recognised(text, schema), *(Unfollowed(_shown(part), _FOLLOWS_NONE) for part in rest)]
    return _in_order([*told, *_left_over(text, schema, told, architecture)], text, architecture)


def unfollowed_instruction(instruction: str, schema: SchemaModel) -> list[Unfollowed]:
    """Return what an instruction to change files asks for and does not get: all but what the schema says already."""
    text = _line(instruction)
    rest = (Unfollowed(_shown(part), _FOLLOWS_NONE) for part in _untold(text, schema))
    return _in_order([*_recognised(text, schema), *rest], text)


def unanswered(question: str) -> Unfollowed:
    """Return the one thing that an answer without a model does not do."""
    said = _shown(question)
    return Unfollowed(said, "The scaffold is no language model: it says what the project is, and no more.")


def _line(text: str) -> str:
    """Return what is looked at of a text, with one space where it has any; a line's end ends a sentence, too."""
    lines = (" ".join(line.split()) for line in text[:_LONGEST_READ].splitlines())
    return "\n".join(line for line in lines if line)


def _untold(text: str, schema: SchemaModel) -> list[str]:
    """Return the clauses of which nothing else has been told: sentences, where nothing has of all of one."""
    told = [one.text for one in _recognised(text, schema)]
    told += [statement.text for statement in _rules_of(text, schema).statements[:_MOST_STATEMENTS]]
    told += graphql_asked(text)
    untold: list[str] = []
    for sentence in _sentences(text):
        is_told = any(one in sentence for one in told)
        parts = _clauses(sentence) if is_told else [sentence]
        untold += [part for part in parts if not any(one in part for one in told)]
    return untold


def _names_tables(text: str, schema: SchemaModel) -> bool:
    wording, concepts = Wording.of(text), {table.name: concept_of(table.name) for table in schema.tables}
    named = (wording.table(at) for at in range(len(wording)))
    return any(table is not None and meant_by(table.name, concepts) for table in named)


def _rules_of(text: str, schema: SchemaModel) -> Rules:
    return read_rules(blanked(text, closed_sign_up(text)), names_of(schema))


def _known(text: str) -> Iterator[Unfollowed]:
    for known in _requests():
        for match in known.pattern.finditer(text):
            yield Unfollowed(match[0], known.reason, known.part)


def _rules(text: str, schema: SchemaModel) -> Iterator[Unfollowed]:
    rules = _rules_of(text, schema)
    for statement, reason in unmet(schema, rules.statements[:_MOST_STATEMENTS]):
        yield Unfollowed(_shown(statement.text), reason)
    for one in rules.unread[:_MOST_STATEMENTS]:
        yield Unfollowed(_shown(one.text), _why_unread(one, schema))


def _why_unread(unread: Unread, schema: SchemaModel) -> str:
    """Return why a rule is not followed, and what is closed for it as the schema is."""
    closing = unread.statement
    if closing is None:
        return "Nothing in the backend sees to this."
    reason = "The scaffold cannot tell from this who may do what."
    if any(unmet(schema, [closing])):
        return reason
    names = ", ".join(concerned(closing, schema))
    if not names:
        return reason
    actions = " and ".join(action for action in ("create", "read", "update", "delete") if action in closing.actions)
    whose = f"Until the schema says it, only owners and those with a role {actions} {names}."
    return f"{reason} {whose}"


def _recognised(text: str, schema: SchemaModel) -> list[Unfollowed]:
    """Return what is known not to be done, and sentences in other languages: one for all of them."""
    others, read = foreign(text), in_languages(text)
    english = text
    for sentence in (*others, *read):
        english = english.replace(sentence, " ")
    told = [Unfollowed(_shown(sentence), _FOREIGN) for sentence in others[:1]]
    told += [Unfollowed(_shown(sentence), _RULE) for sentence, keeps_out in read.items() if keeps_out]
    return [*told, *_known(english), *_behaviour(english), *_rules(english, schema), *_answered(english, schema)]


def _left_over(
    text: str, schema: SchemaModel, told: Sequence[Unfollowed], architecture: ArchitectureModel | None
) -> Iterator[Unfollowed]:
    drawn = _kinds(architecture)
    parts = [part.clause for part in said_parts(text, schema) if part.kind in drawn]
    understood = parts + [statement.text for statement in _rules_of(text, schema).statements[:_MOST_STATEMENTS]]
    understood += [*graphql_asked(text), *_sign_up_asked(text)]
    for part in left_over(
        text, schema, [*foreign(text), *in_languages(text), *(one.text for one in told), *understood]
    ):
        yield Unfollowed(_shown(part), "Nothing in the schema or the backend comes of this.")


def _answered(text: str, schema: SchemaModel) -> Iterator[Unfollowed]:
    """Yield what is asked of the API and of signing in, and is not so in the schema."""
    login = schema.accounts.login if schema.accounts is not None else None
    how = "Nobody signs in here" if login is None else f"Users sign in with `{login}` and a password alone"
    yield from (Unfollowed(_shown(asked), f"{how}.") for asked, name in logins_asked(text) if name != login or not name)
    if schema.accounts is not None and schema.accounts.sign_up:
        yield from (Unfollowed(_shown(asked), "Everybody may make an account here.") for asked in _sign_up_asked(text))
    if schema.api is Api.REST:
        yield from (Unfollowed(asked, "The schema says that the API is REST.") for asked in graphql_asked(text))


def _sign_up_asked(text: str) -> list[str]:
    return [text[start:end] for start, end in closed_sign_up(text)]


def _behaviour(text: str) -> Iterator[Unfollowed]:
    for sentence in _sentences(text):
        for clause in _clauses(sentence):
            if _BEHAVIOUR.search(clause):
                yield Unfollowed(_shown(clause), "The scaffold follows no rules of behaviour: add them to the code.")


def _sentences(text: str) -> list[str]:
    return [match[0].strip() for match in SENTENCE.finditer(text) if match[0].strip()]


def _clauses(sentence: str) -> list[str]:
    return [match[0].strip() for match in _CLAUSE.finditer(sentence) if len(match[0].split()) > 1]


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_TEXT else f"{line[: _LONGEST_TEXT - 1]}…"


def _in_order(
    found: Iterable[Unfollowed], text: str, architecture: ArchitectureModel | None = None
) -> list[Unfollowed]:
    drawn = _kinds(architecture)
    by_text = {one.text.lower(): one for one in found if one.part not in drawn}
    return sorted(by_text.values(), key=lambda one: text.find(one.text))[:MOST]


def _kinds(architecture: ArchitectureModel | None) -> frozenset[NodeKind]:
    return frozenset() if architecture is None else frozenset(node.kind for node in architecture.nodes)


@cache
def _requests() -> Sequence[_Known]:
    path = Path(__file__).parent / "lexicon" / "requests.toml"
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["requests"]
    return [_Known(_pattern(entry), entry["reason"], _part(entry)) for entry in entries]


def _part(entry: dict[str, str]) -> NodeKind | None:
    return NodeKind[entry["part"]] if "part" in entry else None


def _pattern(entry: dict[str, str]) -> re.Pattern[str]:
    words = entry.get("words", "").split()
    phrases = [" ".join(phrase.split()) for phrase in entry.get("phrases", "").split("|") if phrase.strip()]
    longest_first = sorted((*words, *phrases), key=len, reverse=True)
    choices = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in longest_first)
    return re.compile(rf"(?<![\w@/.-])(?:{choices})s?(?![\w@-])(?!\s+clone)", re.IGNORECASE)
