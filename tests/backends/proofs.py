"""What each of the five backends must stand: linters, its own tests on two Nodes, any request that it documents."""

import json
import re
import shutil
import sys
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

from services.core.frozen import frozen
from tests.backends.building import BackendFailed, Building
from tests.backends.callers import SECRET, admin_of
from tests.backends.mutants import MUTANTS
from tests.backends.mutating import Verdict, mutate
from tests.backends.owasp import RISKS, attack
from tests.backends.schemas import EVERY_FEATURE
from tests.backends.subjects import Subject

ROOT: Final = Path(__file__).parents[2]
WHO_MAY: Final = ROOT / "tests" / "backends" / "whoMay.test.ts"
OLDER_NODE: Final = ROOT / ".tools" / "node22" / "node" / "bin"
REDOCLY: Final = ROOT / "tests" / "backends" / "npm" / "node_modules" / ".bin" / "redocly"
TOOLS: Final = ROOT / ".tools" / "backends" / "bin"
EXAMPLES: Final = 10
"""Requests that schemathesis makes up for each operation, in each of its phases."""
REQUESTS_LIMIT: Final = 20 * 60
"""Seconds that all of them may take."""
PATIENCE: Final = 5
"""How many times as long as without a mutant its tests may take, before they count as hanging, and it as dead."""
SERVER: Final = {
    "JWT_SECRET": SECRET,
    "SEALING_KEYS": f"test:{b64encode(bytes(32)).decode()}",
    "NODE_ENV": "test",
    # Nothing listens there: mails are lost, and requests don't know.
    "SMTP_URL": "smtp://127.0.0.1:9",
    "MAIL_FROM": "tests@example.com",
    "PASSWORD_COST": "5",
    "RATE_LIMIT_PER_ADDRESS": "0",
    "RATE_LIMIT_PER_USER": "0",
}


@frozen
class Put:
    """A backend put to the test: installed, compiled, with its tables on the emulator."""

    subject: Subject
    building: Building


async def build(put: Put) -> str:
    """Install and compile it, and make its tables; without that there is nothing to prove."""
    await put.building.build()
    return "built"


async def lint(put: Put) -> str:
    """Run the backend's own linter over it."""
    await put.building.step("lint", "npm", "run", "lint")
    return "clean"


async def own_tests(put: Put) -> str:
    return f"{await put.building.test()} passed"


async def own_tests_on_the_older_node(put: Put) -> str:
    environment = dict(put.building.environment)
    environment["PATH"] = f"{OLDER_NODE}:{environment['PATH']}"
    return f"{await Building(put.building.folder, environment).test()} passed"


async def template_lint(put: Put) -> str:
    """Run cfn-lint over the template; warnings count."""
    await put.building.step("cfn-lint", str(TOOLS / "cfn-lint"), "infrastructure/template.json")
    return "clean"


async def document_lint(put: Put) -> str:
    """Run redocly over the OpenAPI document."""
    await put.building.step("redocly", str(REDOCLY), "lint", "openapi.json")
    return "clean"


async def typed_client(put: Put) -> str:
    """Make a client of the OpenAPI document, with its types, and let it try the backend."""
    await put.building.step("client", "npm", "run", "test:client")
    return "passed"


async def any_request(put: Put) -> str:
    """Let schemathesis make up requests from the document, as an admin: no 5xx, no answer that it does not tell of."""
    async with put.building.serving(**SERVER) as url:
        token = await admin_of(put.subject, url, put.building.environment, "tester")
        said = await put.building.step(
            "schemathesis",
            *(str(TOOLS / "schemathesis"), "run", f"{url}/openapi.json"),
            *("--header", f"Authorization: Bearer {token}"),
            # Nothing that ends the admin's own session, and with it the test.
            *("--exclude-path-regex", "^/auth/(sign-out|password$|sessions)"),
            *("--checks", "not_a_server_error,status_code_conformance,content_type_conformance"),
            *("--checks", "response_schema_conformance"),
            *("--max-examples", str(EXAMPLES), "--seed", "1", "--workers", "2", "--no-color"),
            limit=REQUESTS_LIMIT,
            told_from="= (FAILURES|ERRORS) =",
        )
    tested = re.search(r"Test cases:\s*\n?\s*([\d,]+) generated", said)
    if tested is None:
        raise BackendFailed(f"schemathesis: {said[-300:]}")
    return f"{tested[1]} requests"


async def ten_risks(put: Put) -> str:
    """Try the OWASP API Security Top 10; the script is of the backend with every feature."""
    if put.subject.schema is not EVERY_FEATURE:
        return ""
    async with put.building.serving(**SERVER) as url:
        faults = await attack(put.subject, url, put.building.environment)
    if faults:
        raise BackendFailed("\n".join(faults))
    return f"{len(RISKS)} stood"


async def who_may(put: Put) -> str:
    """Ask the backend with every feature, as several users, what they may do; of the others nothing is written here."""
    if put.subject.schema is not EVERY_FEATURE:
        return ""
    test = put.building.folder / "src" / "tests" / WHO_MAY.name
    shutil.copy(WHO_MAY, test)
    try:
        await put.building.step("compile who may", "npx", "tsc")
        said = await put.building.step("who may", "node", "--test", "dist/tests/whoMay.test.js")
    finally:
        test.unlink()
        (put.building.folder / "dist" / "tests" / "whoMay.test.js").unlink(missing_ok=True)
    passed = re.search(r"^. pass (\d+)$", said, re.MULTILINE)
    if passed is None:
        raise BackendFailed(f"who may: {said[-300:]}")
    return f"{passed[1]} passed"


async def all_mutants_die(put: Put) -> str:
    """Try all mutants that make a difference, and say how long that took, and which of them other tests noticed."""
    if "test" not in put.building.seconds:
        await own_tests(put)
    patience = PATIENCE * put.building.seconds["test"]

    def tell(verdict: Verdict) -> None:
        end = "survives" if verdict.failed is None else verdict.failed
        sys.stdout.write(f"{put.subject.name}: mutant: {verdict.mutant.name}: {verdict.seconds:.0f} s: {end}\n")
        sys.stdout.flush()

    began = time.monotonic()
    verdicts = await mutate(put.building.folder, MUTANTS, put.building.environment, patience=patience, tell=tell)
    survivors = [verdict.mutant.name for verdict in verdicts if verdict.failed is None]
    if survivors or not verdicts:
        raise BackendFailed(f"mutants: {json.dumps(survivors)} of {len(verdicts)} survive")
    by_others = [verdict.mutant.name for verdict in verdicts if not verdict.is_noticed]
    others = f", by other tests than should: {'; '.join(by_others)}" if by_others else ""
    return f"{len(verdicts)} dead in {time.monotonic() - began:.0f} s{others}"


PROOFS: Final[Mapping[str, Callable[[Put], Awaitable[str]]]] = {
    "ESLint": lint,
    "cfn-lint": template_lint,
    "redocly": document_lint,
    "own tests": own_tests,
    "on Node 22": own_tests_on_the_older_node,
    "client": typed_client,
    "schemathesis": any_request,
    "OWASP top ten": ten_risks,
    "who may": who_may,
    "mutants": all_mutants_die,
}
"""By the name of its column in the report."""
