"""The promise that what is selected of an object is answered as by graphql-core, by a plan or without."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import SimpleNamespace
from typing import Annotated, Any

import strawberry
from graphql import (
    execute,  # pyright: ignore[reportUnknownVariableType] - its middleware
    parse,
    validate,
)
from hypothesis import given, settings, strategies
from strawberry.execution.is_awaitable import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graph.rendering import executor_of


@strawberry.enum
class Colour(Enum):
    RED = "red"
    GREEN = "green"


@strawberry.interface
class Named:
    name: str


@strawberry.type
class Leaf(Named):
    colour: Colour | None
    sizes: list[int]
    weight: float | None = None


@strawberry.type
class Branch(Named):
    leaves: list[Leaf | None]
    first: Leaf | None
    count: int

    @strawberry.field
    async def later(self) -> str:
        return f"{self.name} later"

    @strawberry.field
    def now(self, twice: bool = False) -> str:  # noqa: FBT001, FBT002 - an argument
        return self.name * (1 + twice)

    @strawberry.field
    async def wrong(self) -> str | None:
        raise ValueError("It went wrong.")

    @strawberry.field
    async def below(self) -> "Branch | None":
        return BROKEN if self is TREE else None


Either = Annotated[Leaf | Branch, strawberry.union("Either")]
LEAF = Leaf(name="leaf", colour=Colour.RED, sizes=[1, 2, 3])
ODD: Any = Leaf(name=None, colour=None, sizes=["many"])  # pyright: ignore[reportArgumentType] - what is wrong with it is the point
TREE = Branch(name="tree", leaves=[LEAF, None, LEAF] * 10, first=LEAF, count=30)
FULL = Branch(name="full", leaves=[LEAF] * 3, first=None, count=3)
BROKEN = Branch(name="broken", leaves=[LEAF, ODD], first=ODD, count=2)


@strawberry.type
class Query:
    @strawberry.field
    async def tree(self) -> Branch:
        return TREE

    @strawberry.field
    def broken(self) -> Branch | None:
        return BROKEN

    @strawberry.field
    def full(self) -> list[Branch]:
        return [FULL, FULL]

    @strawberry.field
    def named(self) -> list[Named]:
        return [LEAF, TREE, BROKEN]

    @strawberry.field
    def anything(self) -> list[Either | None]:
        return [LEAF, TREE, ODD, None]


SCHEMA: Any = strawberry.Schema(Query, types=[Leaf, Branch])._schema  # pyright: ignore[reportPrivateUsage] - no other way
OF_LEAF = ["name", "colour", "sizes", "weight", "__typename"]
OF_BRANCH = ["name", "count", "__typename", "later", "now", "now(twice: true)", "now(twice: $yes)", "wrong"]


@dataclass
class Drawn:
    """A document as it is drawn."""

    draw: strategies.DrawFn
    fragments: list[str] = field(default_factory=list[str])

    def fields(self, names: list[str]) -> list[str]:
        chosen = self.draw(strategies.lists(strategies.sampled_from(names), min_size=1, max_size=4))
        return [self.decorated(name, f"a{number}") for number, name in enumerate(chosen)]

    def decorated(self, field_: str, alias: str) -> str:
        kind = self.draw(strategies.integers(0, 5))
        if kind == 0 or "(" in field_:
            return f"{alias}: {field_}"
        return f"{field_} @skip(if: $yes)" if kind == 1 else field_

    def leaf(self) -> str:
        return self.selection("Leaf", self.fields(OF_LEAF))

    def branch(self, depth: int) -> str:
        parts = self.fields(OF_BRANCH)
        for name in self.draw(strategies.lists(strategies.sampled_from(["leaves", "first"]), max_size=2, unique=True)):
            parts.insert(self.draw(strategies.integers(0, len(parts))), f"{name} {self.leaf()}")
        if depth and self.draw(strategies.booleans()):
            parts.insert(0, f"below {self.branch(depth - 1)}")
        return self.selection("Branch", parts)

    def selection(self, kind: str, parts: list[str]) -> str:
        if self.draw(strategies.integers(0, 3)):
            return f"{{ {' '.join(parts)} }}"
        name = f"F{len(self.fragments)}"
        self.fragments.append(f"fragment {name} on {kind} {{ {' '.join(parts)} }}")
        return f"{{ ...{name} }}"


@strategies.composite
def documents(draw: strategies.DrawFn) -> str:
    drawn = Drawn(draw)
    roots = [
        f"tree {drawn.branch(2)}",
        f"broken {drawn.branch(1)}",
        f"full {drawn.branch(0)}",
        f"named {{ name __typename ... on Leaf {drawn.leaf()} ... on Branch {drawn.branch(1)} }}",
        f"anything {{ ... on Named {{ name }} ... on Leaf {drawn.leaf()} }}",
    ]
    chosen = draw(strategies.lists(strategies.sampled_from(roots), min_size=1, max_size=3, unique=True))
    used = "".join(drawn.fragments)
    return f"query($yes: Boolean = false) {{ {' '.join(chosen)} }} {used}"


async def ours(document: Any, plans: dict[Any, Any] | None, *, yes: bool | None) -> Any:
    about: Any = SimpleNamespace(
        context=SimpleNamespace(plans=plans),
        operation_name=None,
        graphql_document=document,
        root_value=None,
        variables={"yes": yes},
        operation_extensions=None,
    )
    executor = executor_of(SCHEMA, about)
    if isinstance(executor, list):
        return None, told(executor)
    return await outcome(executor.execute_operation())


async def theirs(document: Any, *, yes: bool | None) -> Any:
    answer: Any = execute(
        SCHEMA,
        document,
        None,
        SimpleNamespace(),
        {"yes": yes},
        is_awaitable=optimized_is_awaitable,  # pyright: ignore[reportArgumentType] - as the schema gives it
        executor_class=StrawberryGraphQLCoreExecutionContext,
    )
    return await outcome(answer)


async def outcome(answer: Any) -> Any:
    result: Any = await answer if optimized_is_awaitable(answer) else answer
    return result.data, told(result.errors or [])


def told(errors: Sequence[Any]) -> list[Any]:
    return sorted((error.message, error.path) for error in errors)


@settings(deadline=None, max_examples=200)
@given(documents(), strategies.lists(strategies.booleans(), min_size=2, max_size=3))
async def test_whatever_is_selected_the_answer_is_graphql_cores(text: str, answers: list[bool]) -> None:
    document = parse(text)
    wrong = [error for error in validate(SCHEMA, document) if "never used" not in error.message]
    if wrong:
        return  # names that clash
    plans = None if "@" in text else dict[Any, Any]()
    for yes in answers:  # the second request is answered by what was kept of the first, and has other variables
        given, expected = await ours(document, plans, yes=yes), await theirs(document, yes=yes)
        assert given == expected
        assert str(given) == str(expected), "the order of fields"


async def test_wrong_variables_are_told_as_by_graphql_core_and_keep_nothing() -> None:
    document, plans = parse("query($yes: Boolean!) { tree { now(twice: $yes) } }"), dict[Any, Any]()

    for yes in (None, True, None):
        assert await ours(document, plans, yes=yes) == await theirs(document, yes=yes)


async def test_the_same_objects_are_planned_once_for_all_requests() -> None:
    document, plans = parse("{ tree { name leaves { name colour } first { name } } }"), dict[Any, Any]()
    await ours(document, plans, yes=False)
    before = dict(plans)

    data, _ = await ours(document, plans, yes=False)

    assert plans == before
    assert len(plans) == 3 + 2, "and how much they are, and the executor"
    assert data["tree"]["leaves"][:2] == [{"name": "leaf", "colour": "RED"}, None]
