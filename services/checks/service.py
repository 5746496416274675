"""The checks of produced code: whether its JSON and its code parse, all of it compiles, and it keeps to the schema."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Final

from services.checks.dependencies import PACKAGE, Declined, dependencies_of
from services.checks.packages import NotInstallable, NotInstalled, Npm, Packages
from services.checks.parsing import is_json, json_faults
from services.checks.port import JSON, SECURITY, SYNTAX, TYPES, Check, CheckState, FileFault, Findings, OnCheck, clipped
from services.checks.sandbox import Limits, NoNode, Sandbox
from services.checks.typescript import GaveUp, TypeScript, is_code
from services.core.frozen import frozen
from services.designs.schema import SchemaModel

CONFIG: Final = "tsconfig.json"
_UNSEEN: Final = "Nothing is found. What cannot be seen without running the code is not judged."
_UNPARSED: Final = "Not made, because there are files that do not parse."
AT_ONCE: Final = 2
"""Projects that a process checks at a time; the others wait."""

log = logging.getLogger(__name__)


@frozen
class Verdict:
    """What one check says."""

    state: CheckState
    output: str
    faults: tuple[FileFault, ...] = ()


Step = Callable[[Mapping[str, str], Findings], Awaitable[Verdict]]
"""Makes one check of the files, knowing what the earlier ones found."""


@frozen
class ProjectChecks:
    """The checks `json`, `syntax`, `types` and `security`, in this order. `packages` keeps what projects depend on."""

    typescript: TypeScript
    packages: Packages
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE), init=False)

    async def check(self, files: Mapping[str, str], *, schema: SchemaModel, on_check: OnCheck) -> Findings:
        """Check as port.Checks says."""
        findings = Findings()
        async with self._slots:
            for name, step in self._steps(schema).items():
                verdict = await _run(name, step, files, findings)
                check = Check(name, verdict.state, verdict.output)
                findings = Findings((*findings.checks, check), (*findings.faults, *verdict.faults))
                await on_check(check)
        return findings

    def _steps(self, schema: SchemaModel) -> Mapping[str, Step]:
        return {JSON: self._json, SYNTAX: self._syntax, TYPES: self._types, SECURITY: self._security(schema)}

    async def _json(self, files: Mapping[str, str], _: Findings) -> Verdict:
        faults = await asyncio.to_thread(lambda: tuple(json_faults(files)))
        return _verdict(faults, len(faults), passed=_parsed(filter(is_json, files)))

    async def _syntax(self, files: Mapping[str, str], _: Findings) -> Verdict:
        answer = await self.typescript.syntax(files)
        return _verdict(answer.faults, answer.count, passed=_parsed(filter(is_code, files)))

    async def _types(self, files: Mapping[str, str], findings: Findings) -> Verdict:
        if CONFIG not in files:
            return _skipped(f"The project has no {CONFIG}.")
        if findings.states.get(SYNTAX) is CheckState.FAILED or findings.unparsable & {CONFIG, PACKAGE}:
            return _skipped(_UNPARSED)
        try:
            async with self.packages.installed(dependencies_of(files.get(PACKAGE, "{}"))) as folder:
                answer = await self.typescript.types(files, dependencies=folder)
        except Declined as declined:
            return _verdict(declined.faults, len(declined.faults), passed="")
        return _verdict(answer.faults, answer.count, passed=f"TypeScript {answer.version} finds nothing wrong.")

    def _security(self, schema: SchemaModel) -> Step:
        async def step(files: Mapping[str, str], findings: Findings) -> Verdict:
            if findings.states.get(SYNTAX) is not CheckState.PASSED:
                return _skipped(_UNPARSED)
            answer = await self.typescript.security(files, schema)
            return _verdict(
                answer.faults, answer.count, passed="Nothing was found, which does not mean that nothing is there."
            )

        return step


def open_checks(
    data: Path, *, search_path: str, cache: Path, network: Mapping[str, str], seconds: float
) -> ProjectChecks:
    """Build the checks of this machine; `data` is where they keep what they install, `seconds` the limit of each."""
    npm = Npm(search_path, cache, network)
    sandbox = Sandbox(search_path, Limits(seconds=seconds))
    return ProjectChecks(TypeScript(sandbox, Packages(data / "typescript", npm)), Packages(data / "packages", npm))


async def _run(name: str, step: Step, files: Mapping[str, str], findings: Findings) -> Verdict:
    try:
        return await step(files, findings)
    except (GaveUp, NotInstallable) as error:
        return Verdict(CheckState.FAILED, clipped([str(error)]))
    except NoNode:
        return _skipped("There is no Node.js on this machine.")
    except NotInstalled as error:
        return _skipped(str(error))
    except Exception:
        log.exception("the check %s broke", name)
        return _skipped("It could not be made, for a reason that is not the code's.")


def _verdict(faults: Iterable[FileFault], count: int, *, passed: str) -> Verdict:
    kept = tuple(faults)
    if not count:
        return Verdict(CheckState.PASSED, passed)
    more = [f"… and {count - len(kept)} more"] if count > len(kept) else []
    return Verdict(CheckState.FAILED, clipped([*map(str, kept), *more]), kept)


def _skipped(why: str) -> Verdict:
    return Verdict(CheckState.SKIPPED, clipped([why]))


def _parsed(paths: Iterable[str]) -> str:
    count = sum(1 for _ in paths)
    return "1 file parses." if count == 1 else f"{count} files parse."
