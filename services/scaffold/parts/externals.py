"""How a service of somebody else is built: its client, its settings, and what is said of them."""

from typing import Final

from services.scaffold.literals import quoted
from services.scaffold.parts.plan import ExternalPlan, PartsPlan
from services.scaffold.parts.wording import purpose
from services.scaffold.template import fill, read

_SHARED: Final = "src/parts/externals.ts"


def files(plan: PartsPlan) -> dict[str, str]:
    """Write the clients of all services."""
    if not plan.externals:
        return {}
    return {_SHARED: read(_SHARED)} | {
        f"src/parts/externals/{external.names.variable}.ts": fill(
            "src/parts/external.ts",
            purpose=purpose(external),
            variable=external.names.variable,
            name=quoted(external.names.shown),
        )
        for external in plan.externals
    }


def tests(plan: PartsPlan) -> dict[str, str]:
    """Write the test of what all clients share, on the first."""
    if not plan.externals:
        return {}
    path = "src/tests/parts/externals.test.ts"
    return {path: fill(path, variable=plan.externals[0].names.variable, setting=plan.externals[0].names.setting)}


def config_types(plan: PartsPlan) -> str:
    return "".join(fill("src/config.externalTypes.ts", **_settings(external)) for external in plan.externals)


def config_settings(plan: PartsPlan) -> str:
    return "".join(fill("src/config.externalSettings.ts", **_settings(external)) for external in plan.externals)


def example(plan: PartsPlan) -> str:
    return "".join(fill("env.external.example", **_settings(external)) for external in plan.externals)


def readme(plan: PartsPlan) -> str:
    """Write what the README says of services of others."""
    if not plan.externals:
        return ""
    rows = "".join(
        f"| {purpose(external)} | `src/parts/externals/{external.names.variable}.ts`"
        f" | `{external.names.setting}_BASE_URL`, `_API_TOKEN`, `_API_TIMEOUT_MS` |\n"
        for external in plan.externals
    )
    return fill("README.externals.md", rows=rows, variable=plan.externals[0].names.variable)


def _settings(external: ExternalPlan) -> dict[str, str]:
    names = external.names
    return {"variable": names.variable, "setting": names.setting, "purpose": purpose(external)}
