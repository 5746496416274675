"""Whether what a schema says of a single field fits its type and itself: rules, secrecy, default, former names."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from services.core.errors import Fault
from services.core.text import is_email, is_storable
from services.designs.bounds import MAX_FORMER_NAMES, MAX_SCALE, MAX_STRING, MAX_TEXT, MAX_VALUES
from services.designs.names import NAME, NAME_RULE, shown
from services.designs.patterns import Pattern, Unfit
from services.designs.schema import Field, FieldFormat, FieldRules, FieldType, Table
from services.designs.secrets import needs_secrecy
from services.designs.values import DECIMAL, SAFE_INTEGER, flaw_of_value, is_of

Place = tuple[str, ...]

_TEXTS: Final = frozenset({FieldType.STRING, FieldType.TEXT})
_MOMENTS: Final = frozenset({FieldType.DATE, FieldType.DATETIME})
_NUMBERS: Final = frozenset({FieldType.INTEGER, FieldType.FLOAT, FieldType.DECIMAL})
_STRING: Final = frozenset({FieldType.STRING})
_DECIMALS: Final = frozenset({FieldType.DECIMAL})
_FIT: Final[dict[str, frozenset[FieldType]]] = {
    "format": _TEXTS,
    "values": _STRING,
    "minimum": _NUMBERS | _MOMENTS,
    "maximum": _NUMBERS | _MOMENTS,
    "minLength": _TEXTS,
    "maxLength": _TEXTS,
    "pattern": _TEXTS,
    "scale": _DECIMALS,
    "caseInsensitive": _STRING,
}
"""The types that each rule is for."""
_CURRENCY: Final = re.compile(r"[A-Z]{3}", re.ASCII)
_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,15})")
_URL: Final = re.compile(r"https?://[^\s/?#]+\S*")
_DEFAULT_SCALE: Final = 2


def field_faults(table: Table, field: Field, at: Place) -> Iterator[Fault]:
    """Yield what is wrong with a field of a table, but for its name and its being a key."""
    name = f"'{table.name}.{field.name}'"
    rules = field.rules or FieldRules()
    misfits = list(_misfits(name, field, rules, (*at, "rules")))
    yield from misfits
    if not misfits:
        yield from _rules(name, field, rules, (*at, "rules"))
    yield from _secrecy(name, table, field, rules, at)
    yield from _default(name, field, at, judge_rules=not misfits)
    yield from _former_names(table, field, (*at, "formerNames"))


def _given(rules: FieldRules) -> dict[str, Any]:
    """Return the rules that say something, by their names."""
    said = {
        "format": rules.format,
        "values": rules.values or None,
        "minimum": rules.minimum,
        "maximum": rules.maximum,
        "minLength": rules.min_length,
        "maxLength": rules.max_length,
        "pattern": rules.pattern,
        "scale": rules.scale,
        "caseInsensitive": rules.case_insensitive or None,
    }
    return {rule: value for rule, value in said.items() if value is not None}


def _misfits(name: str, field: Field, rules: FieldRules, at: Place) -> Iterator[Fault]:
    for rule in _given(rules):
        if field.type not in _FIT[rule]:
            types = " or ".join(kind.value for kind in FieldType if kind in _FIT[rule])
            yield Fault(
                f"{rule} is a rule of a {types}, and {name} is a {field.type.value}: leave it out.", (*at, rule)
            )
    if rules.format is FieldFormat.CURRENCY and field.type is FieldType.TEXT:
        yield Fault(f"CURRENCY is the format of a STRING, and {name} is a TEXT.", (*at, "format"))


def _rules(name: str, field: Field, rules: FieldRules, at: Place) -> Iterator[Fault]:
    yield from _lengths(name, field, rules, at)
    yield from _range(name, field, rules, at)
    if rules.scale is not None and not 0 <= rules.scale <= MAX_SCALE:
        yield Fault(f"The scale of {name} is 0 to {MAX_SCALE}, not {rules.scale}.", (*at, "scale"))
    if rules.pattern is not None and (wrong := _flaw_of_pattern(rules.pattern)):
        yield Fault(f"The pattern of {name} {wrong}", (*at, "pattern"))
    yield from _values(name, rules, (*at, "values"))
    if rules.case_insensitive and field.primary_key:
        yield Fault(f"{name} is a primary key, whose case counts: leave out caseInsensitive.", (*at, "caseInsensitive"))


def _lengths(name: str, field: Field, rules: FieldRules, at: Place) -> Iterator[Fault]:
    most = MAX_STRING if field.type is FieldType.STRING else MAX_TEXT
    if rules.min_length is not None and not 0 <= rules.min_length <= most:
        yield Fault(f"The minLength of {name} is 0 to {most:,}, not {rules.min_length}.", (*at, "minLength"))
    if rules.max_length is not None and not 1 <= rules.max_length <= most:
        yield Fault(f"The maxLength of {name} is 1 to {most:,}, not {rules.max_length}.", (*at, "maxLength"))
    if None not in (rules.min_length, rules.max_length) and (rules.min_length or 0) > (rules.max_length or 0):
        message = f"The minLength of {name}, {rules.min_length}, is above its maxLength, {rules.max_length}."
        yield Fault(message, (*at, "minLength"))


def _range(name: str, field: Field, rules: FieldRules, at: Place) -> Iterator[Fault]:
    bounds = {"minimum": rules.minimum, "maximum": rules.maximum}
    read = {rule: None if text is None else _bound(field.type, text) for rule, text in bounds.items()}
    for rule, text in bounds.items():
        if text is not None and read[rule] is None:
            wanted = _WANTED[field.type]
            yield Fault(f"The {rule} of {name} is {wanted}, not '{text[:40]}'.", (*at, rule))
    least, most = read["minimum"], read["maximum"]
    if least is not None and most is not None and least > most:
        message = f"The minimum of {name}, {rules.minimum}, is above its maximum, {rules.maximum}."
        yield Fault(message, (*at, "minimum"))


_WANTED: Final = {
    FieldType.INTEGER: "a whole number within ±(2^53 - 1)",
    FieldType.FLOAT: "a decimal number of at most 15 digits before the point and 12 after it, such as '0.5'",
    FieldType.DECIMAL: "a decimal number of at most 15 digits before the point and 12 after it, such as '0.01'",
    FieldType.DATE: "a day, such as '2026-01-31'",
    FieldType.DATETIME: "a moment with its zone, such as '2026-01-31T12:00:00Z'",
}


def _bound(kind: FieldType, text: str) -> Any:
    """Return a minimum or maximum as what can be compared; None where it is none of the type."""
    if kind in _MOMENTS:
        if not is_of(kind, text):
            return None
        return date.fromisoformat(text) if kind is FieldType.DATE else datetime.fromisoformat(text)
    if kind is FieldType.INTEGER:
        return int(text) if _INTEGER.fullmatch(text) and abs(int(text)) <= SAFE_INTEGER else None
    return Decimal(text) if DECIMAL.fullmatch(text) else None


def _values(name: str, rules: FieldRules, at: Place) -> Iterator[Fault]:
    if len(rules.values) > MAX_VALUES:
        yield Fault(f"{name} has at most {MAX_VALUES} values, not {len(rules.values)}.", at)
    seen: set[str] = set()
    for number, value in enumerate(rules.values):
        if not 0 < len(value) <= MAX_STRING or not is_storable(value) or value != value.strip():
            message = f"A value of {name} has 1 to {MAX_STRING} characters, and no space around it."
            yield Fault(message, (*at, str(number)))
        elif (key := value.casefold() if rules.case_insensitive else value) in seen:
            yield Fault(f"The value '{value[:40]}' of {name} is there more than once.", (*at, str(number)))
        else:
            seen.add(key)


def _flaw_of_pattern(pattern: str) -> str | None:
    try:
        Pattern.read(pattern)
    except Unfit as unfit:
        return str(unfit)
    return None


def _secrecy(name: str, table: Table, field: Field, rules: FieldRules, at: Place) -> Iterator[Fault]:
    if needs_secrecy(field):
        yield Fault(
            f"{name} is named like a secret, and answers would show it: give it the secrecy HASHED (a password) or"
            " SEALED (what the server must read), or another name if it is none.",
            (*at, "secrecy"),
        )
    if field.secrecy is None:
        return
    where = (*at, "secrecy")
    if field.type not in _TEXTS:
        yield Fault(f"{name} is {field.secrecy.value}, so it is a STRING or a TEXT, not a {field.type.value}.", where)
    if field.primary_key or field.unique:
        yield Fault(f"{name} is {field.secrecy.value}, so it cannot be unique or a primary key.", where)
    for index in table.indexes:
        if field.name in index.fields:
            yield Fault(f"{name} is {field.secrecy.value}, so the index '{index.name[:63]}' cannot have it.", where)
    if field.default_value is not None:
        yield Fault(f"{name} is a secret: one that every row has by default is none.", (*at, "defaultValue"))
    if rules.values and field.type in _TEXTS:
        yield Fault(f"{name} is a secret, so it is not one of a few values.", (*at, "rules", "values"))


def _default(name: str, field: Field, at: Place, *, judge_rules: bool) -> Iterator[Fault]:
    value = field.default_value
    if value is None:
        return
    wrong = flaw_of_value(field.type, value)
    if wrong is None and judge_rules:
        wrong = broken_rule(field, value)
    if wrong is not None:
        yield Fault(f"The default of {name} {wrong}", (*at, "defaultValue"))


def broken_rule(field: Field, value: Any) -> str | None:
    """Return which rule a value of a field's type breaks, as the end of a sentence; None where it keeps them all.

    The rules fit the type.
    """
    kind, rules = field.type, field.rules or FieldRules()
    if kind in _TEXTS:
        return _broken_by_text(rules, value, MAX_STRING if kind is FieldType.STRING else MAX_TEXT)
    if kind not in _NUMBERS | _MOMENTS:
        return None
    bounds = (_bound(kind, text) if text is not None else None for text in (rules.minimum, rules.maximum))
    least, most = bounds
    comparable = _bound(kind, value) if kind in _MOMENTS else Decimal(str(value))
    if least is not None and comparable < least:
        return f"is below the minimum, {rules.minimum}."
    if most is not None and comparable > most:
        return f"is above the maximum, {rules.maximum}."
    scale = _DEFAULT_SCALE if rules.scale is None else rules.scale
    if kind is FieldType.DECIMAL and len(value.partition(".")[2]) > scale:
        return f"has more than {scale} digits after the point, which the scale allows."
    return None


def _broken_by_text(rules: FieldRules, text: str, most: int) -> str | None:
    if rules.values and text not in rules.values:
        return "is none of its values."
    if len(text) < (rules.min_length or 0):
        return f"has fewer characters than the minLength, {rules.min_length}."
    if len(text) > (rules.max_length or most):
        return f"has more characters than the maxLength, {rules.max_length or most:,}."
    if rules.format is not None and not _is_of_format(rules.format, text):
        return f"is no {rules.format.value}."
    if rules.pattern is not None and _flaw_of_pattern(rules.pattern) is None:
        return None if Pattern.read(rules.pattern).matches(text) else "does not match the pattern."
    return None


def _is_of_format(format: FieldFormat, text: str) -> bool:
    match format:
        case FieldFormat.EMAIL:
            return is_email(text)
        case FieldFormat.URL:
            return _URL.fullmatch(text) is not None
        case FieldFormat.CURRENCY:
            return _CURRENCY.fullmatch(text) is not None


def _former_names(table: Table, field: Field, at: Place) -> Iterator[Fault]:
    if len(field.former_names) > MAX_FORMER_NAMES:
        message = f"'{table.name}.{field.name}' has at most {MAX_FORMER_NAMES} former names."
        yield Fault(message, at)
    taken = {other.name.lower() for other in table.fields if other.name != field.name}
    for other in table.fields[: table.fields.index(field)]:
        taken |= {name.lower() for name in other.former_names}
    for number, name in enumerate(field.former_names):
        if not NAME.fullmatch(name):
            yield Fault(f"'{shown(name)}' cannot have named a field: a name {NAME_RULE}.", (*at, str(number)))
        elif name == field.name or name.lower() in taken:
            message = f"The former name '{name}' of '{table.name}.{field.name}' is a name of a field already."
            yield Fault(message, (*at, str(number)))
        taken.add(name.lower())
