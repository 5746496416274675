"""How a function is built: its code, what calls it, and what is said of it."""

from typing import Final

from services.scaffold.literals import quoted
from services.scaffold.parts.messaging import named
from services.scaffold.parts.plan import FunctionPlan, PartsPlan
from services.scaffold.parts.wording import purpose
from services.scaffold.template import fill, read

_OF_CLOCKS: Final = ("src/parts/clock.ts", "src/parts/leases.ts")


def scheduled(plan: PartsPlan) -> list[FunctionPlan]:
    """Return the functions that run by the clock."""
    return [function for function in plan.functions if function.schedule is not None]


def files(plan: PartsPlan) -> dict[str, str]:
    """Write the code of all functions, and what runs some by the clock."""
    written = {
        f"src/functions/{function.names.variable}.ts": fill(
            "src/parts/function.ts",
            purpose=purpose(function),
            callers=_callers(function, plan),
            name=quoted(function.names.route),
            **named(function),
        )
        for function in plan.functions
    }
    if scheduled(plan):
        written |= {path: read(path) for path in _OF_CLOCKS} | {"src/parts/schedules.ts": _schedules(plan)}
    return written


def tests(plan: PartsPlan) -> dict[str, str]:
    """Write the test of the clock."""
    return {path: read(path) for path in ("src/tests/parts/clock.test.ts",)} if scheduled(plan) else {}


def readme(plan: PartsPlan) -> str:
    """Write what the README says of functions."""
    if not plan.functions:
        return ""
    rows = "".join(
        f"| {purpose(function)} | `src/functions/{function.names.variable}.ts` | {_callers(function, plan)} |\n"
        for function in plan.functions
    )
    clock = read("README.clock.md") if scheduled(plan) else ""
    return fill("README.functions.md", rows=rows, clock=clock, **named(plan.functions[0])).rstrip() + "\n"


def _callers(function: FunctionPlan, plan: PartsPlan) -> str:
    """Say what calls a function, in words for a comment and a table."""
    callers = [f"messages of {purpose(queue)}" for queue in plan.queues if function.names.variable in queue.functions]
    if function.schedule is not None:
        callers.append(f"the clock, {function.schedule.said}")
    return " and ".join(callers) or "your code"


def _schedules(plan: PartsPlan) -> str:
    functions = scheduled(plan)
    names = [named(function) for function in functions]
    imports = [f"import {{ run{each['capital']} }} from '../functions/{each['variable']}.js';" for each in names]
    lines = (
        f"  {{ name: {quoted(function.names.route)}, every: {function.schedule.every},"
        f" offset: {function.schedule.offset}, run: run{named(function)['capital']} }},"
        for function in functions
        if function.schedule is not None
    )
    return fill("src/parts/schedules.ts", imports="\n".join(imports), schedules="\n".join(lines))
