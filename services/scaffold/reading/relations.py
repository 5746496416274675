"""From what is said of things to how many of one belong to how many of another."""

from collections.abc import Callable, Collection, Iterator, Sequence

from services.core.frozen import frozen
from services.scaffold.reading.grammar import grammar
from services.scaffold.reading.nouns import is_many, is_person
from services.scaffold.reading.phrases import Phrase
from services.scaffold.reading.reading import Relation
from services.scaffold.reading.sayings import Link, Saying


@frozen
class _Fact:
    """One of `one` has `many`; `is_many`: it is said that it may have several."""

    one: str
    many: str
    link: Link
    is_many: bool = False
    is_single: bool = False
    verb: str | None = None

    @property
    def pair(self) -> frozenset[str]:
        return frozenset({self.one, self.many})


@frozen
class Relations:
    sayings: Sequence[Saying]
    """Those that are of no qualities."""
    things: Collection[str]
    name: Callable[[Phrase], str]
    stands_alone: Callable[[Phrase], bool]
    """Whether what a phrase names is there without what has it."""

    def all(self) -> Iterator[Relation]:
        """Yield one relation for each pair of things, in the order of first mention."""
        facts = [fact for fact in (*self._facts(), *self._facts_of_acts()) if fact.one != fact.many]
        many = {(fact.one, fact.many) for fact in facts if fact.is_many}
        shared = {fact.pair for fact in facts if fact.link is Link.SHARES}
        firm = set(self._firm())
        for fact in {fact.pair: fact for fact in reversed(facts)}.values().__reversed__():
            one, other = fact.one, fact.many
            is_stated = {(one, other), (other, one)} <= many
            is_mutual = fact.pair in shared or is_stated
            if is_mutual and (other, one) in firm and (one, other) not in firm:
                one, other = other, one
            is_mutual = is_mutual and (one, other) not in firm
            acts = self._named_acts(facts, fact)
            yield Relation(
                one,
                other,
                is_mutual=is_mutual,
                is_stated=is_mutual and is_stated,
                is_single=fact.is_single,
                is_loose=fact.link is Link.UNDER and fact.verb is None and not is_mutual,
                acts=acts,
            )

    def _named_acts(self, facts: Sequence[_Fact], fact: _Fact) -> tuple[str, ...]:
        """Return what tables are called of what is done with what, as of a fact."""
        verbs = (other.verb for other in facts if other.pair == fact.pair and other.link is Link.SHARES)
        names = (grammar().acts.get(verb or "") for verb in verbs)
        return tuple(next((name.split("|") for name in names if name is not None), ()))

    def _facts(self) -> Iterator[_Fact]:
        for saying in self.sayings:
            if saying.whole is None or saying.link is Link.SEES:
                continue
            whole, part = self.name(saying.whole), self.name(saying.part)
            if whole in self.things and part in self.things and not self._is_told_by_act(saying):
                yield from self._facts_of(saying, whole, part)

    def _facts_of(self, saying: Saying, whole: str, part: str) -> Iterator[_Fact]:
        match saying.link:
            case Link.UNDER if self._is_divided(saying):
                yield _Fact(part, whole, Link.UNDER, is_many=True, verb=saying.verb)
            case Link.HAS if not saying.part.is_plural:
                is_referred = is_person(saying.part.word) or self.stands_alone(saying.part)
                yield _Fact(part, whole, Link.HAS) if is_referred else _Fact(whole, part, Link.HAS, is_single=True)
            case Link.UNDER if saying.is_many:
                yield _Fact(part, whole, Link.UNDER, is_many=True)
                yield _Fact(whole, part, Link.UNDER, is_many=True)
            case Link.DOES if self._is_of_others(saying):
                yield _Fact(whole, part, Link.DOES, is_many=True, verb=saying.verb)
                yield _Fact(part, whole, Link.DOES, is_many=True, verb=saying.verb)
            case Link.HAS if is_person(saying.part.word) and whole in self._arranged:
                yield _Fact(part, whole, Link.HAS, is_many=True)
            case Link.HAS:
                yield _Fact(whole, part, Link.HAS, is_many=True)
            case _:
                is_done = saying.link is not Link.UNDER and saying.part.is_plural
                yield _Fact(whole, part, saying.link, is_many=is_done or is_many(saying.part), verb=saying.verb)

    def _is_of_others(self, saying: Saying) -> bool:
        """Whether something does something with several that are there without it: an incident affects components."""
        whole, part = saying.whole, saying.part
        if whole is None or is_person(whole.word) or part.is_foreign or saying.verb in grammar().making:
            return False
        return is_many(part)

    def _is_divided(self, saying: Saying) -> bool:
        """Whether one of something comes to several others: a loan is repaid in instalments."""
        whole = saying.whole
        if whole is None or saying.part.is_plural or not whole.is_plural or is_person(whole.word):
            return False
        return not saying.is_many and bool(saying.verb) and saying.verb not in grammar().belonging

    @property
    def _arranged(self) -> frozenset[str]:
        """The names of what people book with others, and so is of those: appointments with doctors."""
        done = (saying for saying in self.sayings if saying.link is Link.DOES and saying.verb in grammar().arranging)
        return frozenset(self.name(saying.part) for saying in done)

    def _firm(self) -> Iterator[tuple[str, str]]:
        """Yield pairs of which each of the second is said to have just one of the first."""
        for saying in self.sayings:
            if saying.whole is not None and saying.link is Link.UNDER and "one" in saying.whole.articles:
                yield self.name(saying.whole), self.name(saying.part)

    def _acts(self, saying: Saying) -> list[str]:
        """Return the things that are named for what is done: loans, where something is borrowed."""
        if saying.link not in {Link.DOES, Link.SHARES, Link.UNDER}:
            return []
        return [name for name in grammar().acts.get(saying.verb or "", "").split("|") if name in self.things]

    def _is_told_by_act(self, saying: Saying) -> bool:
        return saying.link is not Link.UNDER and bool(self._acts(saying))

    def _facts_of_acts(self) -> Iterator[_Fact]:
        """Yield what verbs say of the things that are named for them: who borrows something has a loan of it."""
        for saying in self.sayings:
            acts = self._acts(saying)
            if saying.whole is not None and acts:
                yield _Fact(self.name(saying.whole), acts[0], Link.DOES)
                yield _Fact(self.name(saying.part), acts[0], Link.DOES)
