"""What the security check sees in code of several styles, and that it accuses none that is sound."""

import asyncio
import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from services.checks.packages import Npm, Packages
from services.checks.port import FileFault
from services.checks.sandbox import Limits, Sandbox
from services.checks.typescript import TypeScript
from services.designs.schema import encode
from services.platforms.npm import network_settings
from services.scaffold.backend import write_backend
from services.scaffold.schema import derive_schema
from tests.backends.schemas import VERSIONS
from tests.backends.subjects import SUBJECTS
from tests.services.checks.machine import ENVIRONMENT, SEARCH_PATH
from tests.services.checks.sound import BLOG, MISTAKES, STYLES, VARIANTS, Mistake
from tests.snapinfra import NPM

pytestmark = pytest.mark.npm

JUDGE: Final = Path(__file__).parents[3] / "services" / "checks" / "node" / "security" / "judge.mjs"
MANY: Final = """
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
const [judge, typescript] = process.argv.slice(1);
const ts = createRequire(judge)(typescript);
const { judge: judged } = await import(judge);
for (const { files, schema } of JSON.parse(readFileSync(0, "utf8"))) {
  console.log(JSON.stringify(judged(ts, files, schema)));
}
"""
"""Judges many projects in one process."""

SENTENCES: Final = ("a blog with comments and tags",)
SCHEMAS: Final = {
    **{subject.name: subject.schema for subject in SUBJECTS},
    **{f"version {number}": schema for number, schema in enumerate(VERSIONS[:-1])},
    **{sentence: derive_schema(sentence) for sentence in SENTENCES},
}
"""Of backends that the scaffold writes."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("security")


@pytest.fixture(scope="module")
def typescript(data: Path) -> TypeScript:
    npm = Npm(SEARCH_PATH, NPM, network_settings(ENVIRONMENT, home=Path.home()))
    return TypeScript(Sandbox(SEARCH_PATH, Limits()), Packages(NPM / "checked" / "typescript", npm), data)


async def test_a_fault_is_named_at_its_place_by_the_check_itself(typescript: TypeScript) -> None:
    broken = {path: text.replace("app.use('/api', authenticate);\n", "") for path, text in STYLES["routers"].items()}

    sound, answer = [await typescript.security(files, BLOG) for files in (STYLES["routers"], broken)]

    assert (sound.faults, sound.count) == ((), 0)
    first = answer.faults[0]
    assert (first.check, first.path, first.line, first.column) == ("security", "src/routes/posts.ts", 13, 1)
    assert first.message.startswith("POST / knows nobody: no middleware before it verifies a token.")
    assert answer.count == len(answer.faults) == 7


@pytest.fixture(scope="module")
def judged(typescript: TypeScript) -> Mapping[str, Sequence[FileFault]]:
    """The faults of each project of this module, by its name."""
    compiler = asyncio.run(installed(typescript))
    projects = {
        **{style: (files, BLOG) for style, files in STYLES.items()},
        **{
            name: (write_backend(project_name="x", description="y", schema=schema), schema)
            for name, schema in SCHEMAS.items()
        },
        **{mistake.name: (mistake.made(), BLOG) for mistake in (*MISTAKES, *VARIANTS)},
    }
    given = [{"files": files, "schema": json.loads(encode(schema))} for files, schema in projects.values()]
    done = subprocess.run(
        ["node", "--input-type=module", "-e", MANY, str(JUDGE), str(compiler)],
        input=json.dumps(given),
        env={**ENVIRONMENT, "PATH": SEARCH_PATH},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    found: list[list[dict[str, Any]]] = [json.loads(line) for line in done.stdout.splitlines()]
    return {
        name: [FileFault("security", **fault) for fault in each] for name, each in zip(projects, found, strict=True)
    }


async def installed(typescript: TypeScript) -> Path:
    async with typescript.compiler() as folder:
        return folder / "lib" / "typescript.js"


@pytest.mark.parametrize("name", [*STYLES, *SCHEMAS, *(variant.name for variant in VARIANTS)])
def test_sound_code_is_not_accused(judged: Mapping[str, Sequence[FileFault]], name: str) -> None:
    assert judged[name] == []


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake.name for mistake in MISTAKES])
def test_a_mistake_is_seen(judged: Mapping[str, Sequence[FileFault]], mistake: Mistake) -> None:
    messages = [fault.message for fault in judged[mistake.name]]

    assert messages != []
    assert [message for message in messages if mistake.says not in message] == []
