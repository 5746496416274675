"""Values of fields for tests: some that a field accepts, each unlike the others, and those beside its bounds."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from services.core.frozen import frozen
from services.designs.schema import Field, FieldFormat, FieldRules, FieldType, Secrecy
from services.scaffold.own_tests import patterns
from services.scaffold.own_tests.source import literal, quoted

T = FieldType

ENOUGH = 2000
"""Values that tests need of a field whose values differ from record to record."""
_FAR = 1_000_000
"""From a bound that numbers of tests must not reach."""
LONGEST = 255
"""Characters of a STRING."""
SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 200
"""Of a HASHED field, where its rules do not say."""
_SAFE = 2**53 - 1
_TEXTS = frozenset({T.STRING, T.TEXT})
_CURRENCIES = ("EUR", "USD", "GBP", "JPY", "CHF", "INR", "BRL", "ZAR")
_NO_RULES = FieldRules()


Bounds = tuple[str | None, str | None]


@frozen
class Samples:
    """Values of one field. `key` says that they stand in paths, `email` that the field is an address by its name."""

    field: Field
    key: bool = False
    email: bool = False
    secrecy: Secrecy | None = None
    within: Bounds = (None, None)
    """Of a start or an end: between which it is in rows of tests, so that no period ends before it starts."""

    @property
    def rules(self) -> FieldRules:
        return self.field.rules or _NO_RULES

    @property
    def shortest(self) -> int:
        return self.rules.min_length or (SHORTEST_PASSWORD if self.secrecy is Secrecy.HASHED else 0)

    @property
    def longest(self) -> int | None:
        if self.rules.max_length is not None:
            return self.rules.max_length
        if self.secrecy is not None:
            return LONGEST_PASSWORD if self.secrecy is Secrecy.HASHED else None
        return LONGEST if self.field.type is T.STRING else None

    def capacity(self) -> int:
        """Return how many values differ, up to ENOUGH."""
        rules = self.rules
        match self.field.type:
            case T.BOOLEAN:
                return 2
            case T.JSON:
                return ENOUGH
            case T.STRING if rules.values:
                return len(rules.values)
            case T.STRING | T.TEXT if rules.format is FieldFormat.CURRENCY:
                return len(_CURRENCIES)
            case T.STRING | T.TEXT:
                return min(ENOUGH, patterns.capacity(self._shape() or ""))
            case _:
                return min(ENOUGH, self._span())

    def is_possible(self) -> bool:
        return self.field.type not in _TEXTS or bool(self.rules.values) or self._shape() is not None

    def value(self, number: int) -> Any:
        """Return the value number `number`, counted from 0; those below `capacity` differ."""
        rules = self.rules
        match self.field.type:
            case T.STRING if rules.values:
                return rules.values[number % len(rules.values)]
            case T.STRING | T.TEXT if rules.format is FieldFormat.CURRENCY:
                return _CURRENCIES[number % len(_CURRENCIES)]
            case T.STRING | T.TEXT:
                return patterns.fill(self._shape() or "", number)
            case T.BOOLEAN:
                return number % 2 == 0
            case T.JSON:
                return {"number": number, "nested": [None, {"deep": True}]}
            case _:
                return self._ordered(number)

    def running(self) -> str:
        """Write the expression for a value unlike those of all other records, where the field has enough."""
        if self.capacity() < ENOUGH:
            return literal(self.value(0))
        match self.field.type:
            case T.STRING | T.TEXT:
                return f"text({quoted(_named(self._shape() or ''))})"
            case T.INTEGER | T.FLOAT:
                return f"{literal(self.value(0))} + number()"
            case T.DECIMAL:
                whole, point, rest = str(self.value(0)).partition(".")
                return f"`${{{whole} + number()}}{point}{rest}`"
            case T.JSON:
                return "{ number: number() }"
            case _:
                return f"{'day' if self.field.type is T.DATE else 'moment'}({quoted(self.value(0))})"

    def _shape(self) -> str | None:
        """Return a text with places that vary, within the bounds of its length."""
        rules, name = self.rules, self.field.name.lower()
        least, most = self.shortest, min(self.longest or LONGEST, LONGEST)
        if rules.pattern is not None:
            return patterns.shape(rules.pattern, longest=most)
        digits = patterns.DIGIT * 5
        if rules.format is FieldFormat.EMAIL or (self.email and self.field.type is T.STRING):
            text = f"{name}{digits}@example.com"
        elif rules.format is FieldFormat.URL:
            text = f"https://example.com/{name}/{digits}"
        else:
            text = f"{name}-{digits}" if self.key else f"{name} {digits}"
            text += " and more" * (-(-max(0, least - len(text)) // 9))
            text = text if len(text) <= most else patterns.DIGIT * max(min(most, 5), least or 1)
        return text if least <= len(text) <= most else None

    def _ordered(self, number: int) -> Any:
        high = self.bounds()[1]
        match self.field.type:
            case T.DATE:
                return _plus(self._first(), timedelta(days=number % self._span()))
            case T.DATETIME:
                return moved(self._first(), timedelta(minutes=number % self._span()))
            case T.DECIMAL:
                return f"{self._least() + number % self._span() + self._fraction():.{self.scale}f}"
            case T.FLOAT:
                value = float(self._least()) + number % self._span()
                return value + 0.5 if high is None or Decimal(value + 0.5) <= Decimal(high) else value
            case _:
                return int(self._least()) + number % self._span()

    def _fraction(self) -> Decimal:
        high = self.bounds()[1]
        digits = "125"[3 - min(self.scale, 3) :] if self.scale else ""
        fraction = Decimal(f"0.{digits}") if digits else Decimal(0)
        return fraction if high is None or self._least() + self._span() - 1 + fraction <= Decimal(high) else Decimal(0)

    @property
    def scale(self) -> int:
        return 2 if self.rules.scale is None else self.rules.scale

    def bounds(self) -> Bounds:
        return self.rules.minimum, self.rules.maximum

    def reach(self) -> Bounds:
        """Return between which the values of rows are."""
        if self.within == (None, None):
            return self.bounds()
        lows = [low for low in (self.bounds()[0], self.within[0]) if low is not None]
        highs = [high for high in (self.bounds()[1], self.within[1]) if high is not None]
        return max(lows, key=_order, default=None), min(highs, key=_order, default=None)

    def _first(self) -> str:
        low, high = self.reach()
        usual = "2026-01-01" if self.field.type is T.DATE else "2026-01-01T12:00:00.000Z"
        return low or (usual if high is None or _order(usual) <= _order(high) else high)

    def _least(self) -> Decimal:
        low, high = self.bounds()
        if low is not None:
            return Decimal(low).to_integral_value(rounding="ROUND_CEILING")
        return Decimal(1) if high is None or Decimal(high) > _FAR else Decimal(high) // 1 - _FAR

    def _span(self) -> int:
        """Return how many whole steps fit between the bounds, at least 1 and at most ENOUGH."""
        _, high = self.reach()
        if high is None:
            return ENOUGH
        match self.field.type:
            case T.DATE:
                steps = (date.fromisoformat(high) - date.fromisoformat(self._first())).days
            case T.DATETIME:
                steps = (_moment(high) - _moment(self._first())) // timedelta(minutes=1)
            case _:
                steps = int(Decimal(high) // 1 - self._least())
        return max(1, min(ENOUGH, steps + 1))


def default(samples: Samples) -> str:
    """Write what a field has where nothing is sent, as it is kept: moments in UTC, decimals with all their digits."""
    value = samples.field.default_value
    if samples.field.type is T.DATETIME and value is not None:
        return quoted(moved(value))
    if samples.field.type is T.DECIMAL and value is not None:
        return quoted(f"{Decimal(value):.{samples.scale}f}")
    return literal(value)


def accepted(samples: Samples) -> Iterator[str]:
    """Write values on the bounds of what a field accepts."""
    field, rules = samples.field, samples.rules
    if field.nullable:
        yield "null"
    match field.type:
        case T.STRING if rules.values:
            yield from map(quoted, rules.values)
        case T.STRING | T.TEXT if rules.pattern is None and rules.format is None and not samples.email:
            yield from (f"'x'.repeat({length})" for length in (samples.longest, samples.shortest) if length)
        case T.INTEGER | T.FLOAT:
            yield from (_number(bound) for bound in samples.bounds() if bound is not None)
        case T.DECIMAL:
            yield from (
                quoted(f"{Decimal(bound):.{samples.scale}f}") for bound in samples.bounds() if bound is not None
            )
        case T.DATE:
            days = [bound for bound in (*samples.bounds(), "2024-02-29") if bound is not None]
            yield from (quoted(day) for day in days if _is_within(samples, day))
        case T.DATETIME:
            moments = [bound for bound in samples.bounds() if bound is not None]
            yield from (quoted(moved(moment)) for moment in moments if _is_within(samples, moment))
        case T.BOOLEAN:
            yield from ("true", "false")
        case T.JSON:
            yield from ("0", "''", "[]", "{ deep: [{ er: null }] }", "false")
        case _:
            pass


def refused(samples: Samples) -> Iterator[str]:
    """Write values that a field does not hold: just outside each bound, of another type, or of another form."""
    field = samples.field
    if not field.nullable:
        yield "null"
    match field.type:
        case T.STRING | T.TEXT:
            yield from ("7", "true", "{}", "['text']")
            yield from _refused_texts(samples)
        case T.INTEGER:
            yield from ("1.5", "'7'", "true", "[]", str(_SAFE + 1))
            yield from (_number(bound) for bound in _outside(samples, Decimal(1)))
        case T.FLOAT:
            yield from ("'0.5'", "true", "{}")
            yield from (_number(bound) for bound in _outside(samples, Decimal("0.001")))
        case T.DECIMAL:
            yield from (
                literal(float(samples.value(1))) if samples.scale else literal(int(samples.value(1))),
                *map(quoted, ("", "1e3", "1,50", "abc", "0x10", " 1", "1.", ".5", "01")),
            )
            yield quoted(f"{samples.value(1).partition('.')[0]}.{'0' * samples.scale}1")
            yield from (quoted(f"{bound:f}") for bound in _outside(samples, Decimal(1).scaleb(-samples.scale)))
        case T.BOOLEAN:
            yield from ("'true'", "1", "'no'")
        case T.DATE:
            yield from map(quoted, ("2026-02-30", "2026-1-31", "31.01.2026", "2026-01-31T00:00:00Z", ""))
            yield "20260131"
            low, high = samples.bounds()
            yield from (quoted(_plus(low, timedelta(days=-1))),) if low else ()
            yield from (quoted(_plus(high, timedelta(days=1))),) if high else ()
        case T.DATETIME:
            yield from map(quoted, ("2026-01-31T12:00:00", "2026-02-30T12:00:00Z", "2026-01-31", "yesterday", ""))
            yield "1769860800000"
            low, high = samples.bounds()
            yield from (quoted(moved(low, timedelta(milliseconds=-1))),) if low else ()
            yield from (quoted(moved(high, timedelta(milliseconds=1))),) if high else ()
        case T.JSON:
            pass


def _refused_texts(samples: Samples) -> Iterator[str]:
    field, rules = samples.field, samples.rules
    if rules.values:
        yield quoted("something else")
        yield from (quoted(value.swapcase()) for value in rules.values[:1] if value.swapcase() not in rules.values)
    if samples.longest is not None and not rules.values and rules.format is None and rules.pattern is None:
        yield f"'x'.repeat({samples.longest + 1})"
    if samples.shortest and not rules.values:
        yield f"'x'.repeat({samples.shortest - 1})" if samples.shortest > 1 else "''"
    match rules.format:
        case FieldFormat.EMAIL:
            yield from map(quoted, ("somebody", "@example.com", "some body@example.com", "somebody@example.com\n"))
        case FieldFormat.URL:
            yield from map(quoted, ("example.com", "ftp://example.com/x", "javascript:alert(1)", "/path"))
        case FieldFormat.CURRENCY:
            yield from map(quoted, ("banana", "EU", "EURO", "ZZZ"))
        case None if samples.email and field.type is T.STRING:
            yield quoted("somebody")
        case None:
            pass
    if rules.pattern is not None:
        sample = samples.value(1)
        candidates = (f"{sample}!", f"!{sample}", f"{sample}\n", f"{sample} {sample}", "")
        yield from (quoted(text) for text in candidates if not patterns.matches(rules.pattern, text))


def _outside(samples: Samples, step: Decimal) -> Iterator[Decimal]:
    low, high = samples.bounds()
    if low is not None:
        yield Decimal(low) - step
    if high is not None:
        yield Decimal(high) + step


def _is_within(samples: Samples, value: str) -> bool:
    low, high = samples.reach()
    is_late = low is None or _order(low) <= _order(value)
    return is_late and (high is None or _order(value) <= _order(high))


def _number(value: str | Decimal) -> str:
    number = Decimal(value)
    return str(int(number)) if number == number.to_integral_value() else str(float(number))


def _named(shape: str) -> str:
    return shape.replace(patterns.DIGIT, "#").replace(patterns.LOWER, "~").replace(patterns.UPPER, "^")


def _plus(day: str, step: timedelta) -> str:
    return (date.fromisoformat(day) + step).isoformat()


def middle(start: Field, end: Field) -> str:
    """Return a day or moment that no start of rows in tests is after, and no end before."""
    low, high = (start.rules or _NO_RULES).minimum, (end.rules or _NO_RULES).maximum
    usual = "2100-01-01" if start.type is T.DATE else "2100-01-01T12:00:00.000Z"
    latest = min([usual, *(limit for limit in (high, end.default_value) if limit is not None)], key=_order)
    return max([latest, *(limit for limit in (low, start.default_value) if limit is not None)], key=_order)


def _order(text: str) -> datetime:
    """Return what compares days with days, and moments with moments."""
    return datetime.fromisoformat(text)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def moved(text: str, step: timedelta = timedelta()) -> str:
    """Write a moment, or one some time after it, as answers show it: in UTC, with milliseconds."""
    return (_moment(text) + step).isoformat(timespec="milliseconds").replace("+00:00", "Z")
