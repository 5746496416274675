"""The tests of what the checks say of whole projects, with real TypeScript."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from services.checks.packages import Npm, Packages
from services.checks.port import LONGEST_OUTPUT, Check, CheckState, Findings, NoChecks
from services.checks.sandbox import Limits, Sandbox
from services.checks.service import ProjectChecks, open_checks
from services.checks.typescript import TypeScript
from services.platforms.npm import network_settings
from services.scaffold.backend import write_backend
from services.scaffold.schema import derive_schema
from tests.services.checks.machine import BOTH_WAYS, ENVIRONMENT, SEARCH_PATH, processes_of
from tests.snapinfra import NPM

CHECKED = NPM / "checked"
"""Where the servers of tests keep what they have installed for checks."""

SCHEMA = derive_schema("users, posts and comments")
PASSED, FAILED, SKIPPED = CheckState.PASSED, CheckState.FAILED, CheckState.SKIPPED
OPTIONS = {
    "strict": True,
    "target": "es2022",
    "module": "nodenext",
    "lib": ["es2022"],
    "types": [],
    "skipLibCheck": True,
}
ENDLESS = """
type Tree<P extends string, N extends 0[]> =
  N["length"] extends 18 ? P : Tree<`${P}l`, [...N, 0]> extends Tree<`${P}r`, [...N, 0]> ? 1 : 2;
""" + "".join(f"export const a{number}: Tree<'{number}', []> = 2;\n" for number in range(200))
LARGE = "type D = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;\n" + "".join(
    f"export const a{number}: `{number}-${{D}}${{D}}${{D}}${{D}}` = '{number}-0000';\n" for number in range(500)
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all tests of this file keep what is being checked."""
    data = tmp_path_factory.mktemp("checks")
    (data / "work").mkdir()
    return data


def checks(
    data: Path, *, limits: Limits | None = None, bubblewrap: bool = True, network: Mapping[str, str] | None = None
) -> ProjectChecks:
    own = network_settings(ENVIRONMENT, home=Path.home())
    tool = Packages(CHECKED / "typescript", Npm(SEARCH_PATH, NPM, own))
    packages = Packages(CHECKED / "packages", Npm(SEARCH_PATH, NPM, own if network is None else network))
    return ProjectChecks(
        TypeScript(Sandbox(SEARCH_PATH, limits or Limits(), bubblewrap), tool, data / "work"), packages
    )


def project(files: Mapping[str, str], *, config: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Make a small project without dependencies."""
    tsconfig = {"compilerOptions": OPTIONS, "include": ["src"], **(config or {})}
    return {"package.json": '{"type": "module"}', "tsconfig.json": json.dumps(tsconfig), **files}


def states(findings: Findings) -> dict[str, CheckState]:
    return dict(findings.states)


async def found(what: ProjectChecks, files: Mapping[str, str]) -> Findings:
    """Check, and see that all checks were reported as they came."""
    reported: list[Check] = []

    async def report(check: Check) -> None:
        reported.append(check)

    findings = await what.check(files, schema=SCHEMA, on_check=report)
    assert tuple(reported) == findings.checks
    return findings


def left_over(data: Path) -> list[Path]:
    return list((data / "work").iterdir())


def output(findings: Findings, name: str) -> str:
    return next(check.output for check in findings.checks if check.name == name)


@pytest.mark.npm
@pytest.mark.parametrize("bubblewrap", BOTH_WAYS)
async def test_the_scaffolds_backend_passes(data: Path, bubblewrap: bool) -> None:  # noqa: FBT001 - a parameter
    files = write_backend(project_name="Blog", description="A blog", schema=SCHEMA)

    findings = await found(checks(data, bubblewrap=bubblewrap), files)

    assert [(check.name, check.state) for check in findings.checks] == [
        ("json", PASSED),
        ("syntax", PASSED),
        ("types", PASSED),
        ("security", PASSED),
    ]
    assert output(findings, "json") == "7 files parse."
    assert output(findings, "types") == "TypeScript 5.9.3 finds nothing wrong."
    assert findings.faults == ()
    assert not findings.failed


@pytest.mark.npm
async def test_a_type_error_across_files_is_found(data: Path) -> None:
    files = project(
        {
            "src/user.ts": "export interface User { name: string; age: number }\n",
            "src/main.ts": 'import type { User } from "./user.js";\n\nexport const user: User = { name: 1, age: 1 };\n',
            "notes/outside.ts": "const x: number = 'not in this project';\n",
        }
    )

    findings = await found(checks(data), files)

    assert states(findings) == {"json": PASSED, "syntax": PASSED, "types": FAILED, "security": PASSED}
    assert output(findings, "types") == "src/main.ts:3:29 TS2322: Type 'number' is not assignable to type 'string'."
    assert [(fault.line, fault.column) for fault in findings.by_path["src/main.ts"]] == [(3, 29)]
    assert list(findings.by_path) == ["src/main.ts"]
    assert findings.failed
    assert findings.unparsable == frozenset()


@pytest.mark.npm
async def test_each_file_that_does_not_parse_is_named(data: Path) -> None:
    files = project(
        {
            "src/fine.ts": "export const x: number = 1;\n",
            "src/cut.ts": "export const y = {\n  a: 1,\n",
            "public/page.js": "const z: number = 1;\n",
            "public/view.tsx": "export const v = <div>;\n",
            "README.md": "export const = \n",
        }
    )

    findings = await found(checks(data), files)

    assert states(findings) == {"json": PASSED, "syntax": FAILED, "types": SKIPPED, "security": SKIPPED}
    assert "src/cut.ts:3:1 TS1005: '}' expected." in output(findings, "syntax").splitlines()
    assert "public/page.js:1:10 TS8010: Type annotations can only be used in TypeScript files." in output(
        findings, "syntax"
    )
    assert findings.unparsable == {"src/cut.ts", "public/page.js", "public/view.tsx"}
    assert output(findings, "types") == "Not made, because there are files that do not parse."


@pytest.mark.npm
async def test_json_that_no_code_needs_does_not_keep_the_types_from_being_checked(data: Path) -> None:
    findings = await found(checks(data), project({"src/a.ts": "export {};\n", "infrastructure/template.json": "{,}"}))

    assert states(findings) == {"json": FAILED, "syntax": PASSED, "types": PASSED, "security": PASSED}
    assert findings.unparsable == {"infrastructure/template.json"}


@pytest.mark.npm
async def test_without_a_package_json_that_parses_nothing_is_installed(data: Path) -> None:
    findings = await found(checks(data), project({"src/a.ts": "export {};\n", "package.json": "{"}))

    assert states(findings) == {"json": FAILED, "syntax": PASSED, "types": SKIPPED, "security": PASSED}


@pytest.mark.npm
async def test_a_project_cannot_have_npm_run_anything(data: Path, tmp_path: Path) -> None:
    touch = f"touch {tmp_path}/ran"
    package = {"scripts": dict.fromkeys(["preinstall", "install", "postinstall", "prepare"], touch)}
    files = project(
        {
            "src/a.ts": "export {};\n",
            "package.json": json.dumps(package),
            ".npmrc": f"ignore-scripts=false\nregistry=http://127.0.0.1:1/\nscript-shell={tmp_path}/sh\n",
        }
    )

    findings = await found(checks(data), files)

    assert states(findings)["types"] is PASSED
    assert not (tmp_path / "ran").exists()


@pytest.mark.npm
async def test_a_dependency_that_is_not_from_the_registry_fails_with_its_place(data: Path) -> None:
    package = json.dumps({"dependencies": {"left": "git+https://example.com/left.git"}}, indent=2)

    findings = await found(checks(data), project({"src/a.ts": "export {};\n", "package.json": package}))

    assert states(findings)["types"] is FAILED
    assert output(findings, "types").startswith(
        "package.json:3:5 'left' is wanted as 'git+https://example.com/left.git'"
    )


@pytest.mark.npm
async def test_a_registry_that_is_away_skips_the_types(data: Path) -> None:
    network = {"NPM_CONFIG_REGISTRY": "http://127.0.0.1:1/", "NPM_CONFIG_FETCH_RETRIES": "0"}
    package = '{"dependencies": {"surely-not-cached": "1.0.0"}}'

    findings = await found(
        checks(data, network=network), project({"src/a.ts": "export {};\n", "package.json": package})
    )

    assert states(findings) == {"json": PASSED, "syntax": PASSED, "types": SKIPPED, "security": PASSED}
    assert output(findings, "types") == "npm could not install the dependencies (ECONNREFUSED)."


@pytest.mark.npm
@pytest.mark.parametrize("bubblewrap", BOTH_WAYS)
async def test_a_project_reaches_nothing_outside_of_itself(data: Path, tmp_path: Path, bubblewrap: bool) -> None:  # noqa: FBT001 - a parameter
    (tmp_path / "base.json").write_text(json.dumps({"compilerOptions": {"secret_option": True}}))
    (tmp_path / "secret.ts").write_text("export const secret_name = 1;\nsecret_fault\n")
    up = "../" * 12
    source = f"""/// <reference path="{up}{tmp_path}/secret.ts" />
import * as s from "{tmp_path}/secret.js";
export const x: never = s;
"""
    config = {
        "extends": f"{tmp_path}/base.json",
        "files": [f"{tmp_path}/secret.ts", "src/a.ts"],
        "include": [f"{tmp_path}/**/*", "../**/*"],
        "compilerOptions": {
            **OPTIONS,
            "paths": {"*": [f"{tmp_path}/*"]},
            "typeRoots": [str(tmp_path)],
            "rootDirs": [str(tmp_path), "src"],
            "plugins": [{"name": f"{tmp_path}/plugin.js"}],
        },
    }
    files = project({"src/a.ts": source}, config=config)

    findings = await found(checks(data, bubblewrap=bubblewrap), files)

    assert states(findings)["types"] is FAILED
    assert "secret_" not in output(findings, "types")
    assert f"TS5083: Cannot read file '{tmp_path}/base.json'." in output(findings, "types")
    assert f"File '{tmp_path}/secret.ts' not found." in output(findings, "types")


@pytest.mark.npm
async def test_types_that_take_for_ever_are_said_to(data: Path) -> None:
    findings = await found(checks(data, limits=Limits(seconds=8)), project({"src/a.ts": ENDLESS}))

    assert states(findings) == {"json": PASSED, "syntax": PASSED, "types": FAILED, "security": PASSED}
    assert output(findings, "types") == "It did not end within 8 seconds."


@pytest.mark.npm
async def test_types_that_take_all_memory_are_said_to(data: Path) -> None:
    findings = await found(checks(data, limits=Limits(memory=96)), project({"src/a.ts": LARGE}))

    assert states(findings) == {"json": PASSED, "syntax": PASSED, "types": FAILED, "security": PASSED}
    assert output(findings, "types") == "It needed more memory than 96 MiB."


@pytest.mark.npm
async def test_code_that_is_too_deep_for_the_compiler_fails(data: Path) -> None:
    findings = await found(checks(data), project({"src/a.ts": "(" * 500_000}))

    assert states(findings) == {"json": PASSED, "syntax": FAILED, "types": SKIPPED, "security": SKIPPED}
    assert output(findings, "syntax").startswith("It ended with status 1. RangeError")


@pytest.mark.npm
async def test_very_many_errors_are_cut_and_counted(data: Path) -> None:
    many = "".join(f"export const a{number}: number = '{'x' * 100}';\n" for number in range(1_000))

    findings = await found(checks(data), project({"src/a.ts": many}))

    assert len(findings.faults) == 200
    assert output(findings, "types").endswith("… and 800 more")
    assert len(output(findings, "types")) <= LONGEST_OUTPUT


@pytest.mark.npm
async def test_cancelling_leaves_no_process_and_no_file(data: Path) -> None:
    reached = asyncio.Event()

    async def report(check: Check) -> None:
        if check.name == "syntax":
            reached.set()

    checking = asyncio.create_task(checks(data).check(project({"src/a.ts": ENDLESS}), schema=SCHEMA, on_check=report))
    async with asyncio.timeout(30):
        await reached.wait()
        while not (left_over(data) and processes_of(data)):  # noqa: ASYNC110 - nothing tells of another process's start
            await asyncio.sleep(0.01)

    checking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await checking

    assert processes_of(data) == []
    assert left_over(data) == []


async def test_without_node_json_is_checked_all_the_same(tmp_path: Path) -> None:
    what = open_checks(tmp_path, search_path=str(tmp_path), cache=tmp_path, network={}, seconds=60)

    findings = await found(what, project({"src/a.ts": "export {};\n", "x.json": "{"}))

    assert states(findings) == {"json": FAILED, "syntax": SKIPPED, "types": SKIPPED, "security": SKIPPED}
    assert output(findings, "syntax") == "There is no Node.js on this machine."
    assert output(findings, "json") == "x.json:1:2 Expecting property name enclosed in double quotes"


async def test_a_project_without_a_tsconfig_has_no_types_to_check(tmp_path: Path) -> None:
    what = open_checks(tmp_path, search_path=str(tmp_path), cache=tmp_path, network={}, seconds=60)

    findings = await found(what, {"package.json": "{}"})

    assert output(findings, "types") == "The project has no tsconfig.json."


async def test_checks_that_are_switched_off_report_nothing() -> None:
    async def report(check: Check) -> None:
        raise AssertionError(check)

    assert await NoChecks().check({"x.json": "{"}, schema=SCHEMA, on_check=report) == Findings()
