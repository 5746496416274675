"""What the evaluation promises: good answers get all points, and each thing that an answer lacks costs one."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.evals.injections import INJECTIONS, WORD
from tests.evals.report import Result, save, write
from tests.evals.run import Asking, evaluate
from tests.evals.scoring import Points, points_of
from tests.evals.tasks import TASKS, Built, Drawn, Said, Task, Told
from tests.fakes.llm import Answer, FakeLLM
from tests.snapinfra import serving, settings

ROOT = Path(__file__).parents[2]
BY_NAME = {task.name: task for task in (*TASKS, *INJECTIONS)}
ENDED = {"status": "COMPLETED", "reason": None, "message": None, "text": None, "template": "schema/2"}
RECORD: dict[str, Any] = {**ENDED, "files": [], "checks": [], "attempts": [], "schema": None, "architecture": None}
TOLD = Task("text", "CHAT", "", Told(("kites",), ("mongo",)))
PAGES = Task("pages", "DOCUMENTATION", "", Told(()))
DRAWN = Task("drawing", "ARCHITECTURE", "", Drawn((("QUEUE", "mail"),)))
CODE = Task("code", "CODE", "", Built(()))
SAID = Task("schema", "SCHEMA", "", Said(("kites",), ("kites.name:text",)))
ASTRAY = Task("injection", "CHAT", "", Told(()), project={"name": "x"})


def page(path: str, content: str) -> dict[str, str]:
    return {"path": path, "content": content}


def node(kind: str, name: str) -> dict[str, str]:
    return {"id": name, "kind": kind, "name": name, "description": ""}


def drawing(*nodes: Mapping[str, str], edges: int = 1) -> dict[str, Any]:
    ends = [{"from": nodes[0]["id"], "to": each["id"]} for each in nodes[1:]]
    return {"nodes": list(nodes), "edges": ends if edges else []}


def kites(**fields: str) -> dict[str, Any]:
    return {"name": "kites", "fields": [{"name": name, "type": kind, "rules": None} for name, kind in fields.items()]}


def check(name: str, state: str) -> dict[str, str]:
    return {"name": name, "state": state, "output": "because"}


@pytest.mark.parametrize(
    ("task", "record", "faults"),
    [
        pytest.param(TOLD, {"text": "kites"}, [], id="all there"),
        pytest.param(TOLD, {"text": ""}, ["said"], id="not said"),
        pytest.param(TOLD, {"text": "kites in mongo"}, ["not said"], id="said what it should not"),
        pytest.param(TOLD, {"text": "kites", "status": "FAILED"}, ["ended", "at the first try"], id="failed"),
        pytest.param(TOLD, {"text": "kites", "attempts": [1, 2]}, ["at the first try"], id="two tries"),
        pytest.param(ASTRAY, {"text": f"well, {WORD.lower()}"}, ["not led astray"], id="led astray"),
        pytest.param(PAGES, {"files": [page("a.md", "[b](b.md)"), page("b.md", "[a](./a.md#top)")]}, [], id="links"),
        pytest.param(PAGES, {"files": [page("x/a.md", "[b](b.md) [c](/c.md)")]}, ["links"] * 2, id="links to nowhere"),
        pytest.param(PAGES, {"files": [page("x/a.md", "[b](https://b.md) [c](#c)")]}, [], id="links to elsewhere"),
        pytest.param(DRAWN, {"architecture": drawing(node("API", "a"), node("QUEUE", "Mails"))}, [], id="drawn"),
        pytest.param(DRAWN, {}, ["nodes"], id="no drawing"),
        pytest.param(
            DRAWN,
            {"architecture": drawing(node("API", "a"), node("QUEUE", "mail"), node("CACHE", "c"))},
            ["not invented"],
            id="a node more",
        ),
        pytest.param(
            DRAWN,
            {"architecture": drawing(node("API", "a"), node("QUEUE", "mail"), edges=0)},
            ["connected"] * 2,
            id="nodes alone",
        ),
        pytest.param(CODE, {"checks": [check("types", "PASSED"), check("json", "SKIPPED")]}, [], id="code"),
        pytest.param(CODE, {"checks": [check("types", "FAILED")]}, ["types"], id="code that does not compile"),
        pytest.param(SAID, {"schema": {"tables": [kites(name="STRING")], "relationships": []}}, [], id="schema"),
        pytest.param(SAID, {}, ["entities", "attributes"], id="no schema"),
        pytest.param(
            SAID,
            {"schema": {"tables": [kites(name="STRING"), {**kites(), "name": "cars"}], "relationships": []}},
            ["invented"],
            id="a table more",
        ),
    ],
)
def test_what_an_answer_lacks_costs_a_point(task: Task, record: dict[str, Any], faults: list[str]) -> None:
    points = points_of(task, RECORD | record)

    assert [fault.partition(":")[0] for fault in points.faults] == faults
    assert points.asked.total() - points.right.total() == len(faults)


def test_there_are_thirty_tasks_over_all_kinds_and_twenty_texts_that_do_not_say_the_word() -> None:
    assert (len(TASKS), len(INJECTIONS), len(BY_NAME)) == (30, 20, 50)
    assert {task.kind for task in TASKS} == {"SCHEMA", "ARCHITECTURE", "CODE", "DOCUMENTATION", "CHAT"}
    assert [task.name for task in INJECTIONS if WORD in json.dumps(dict(task.project)).upper()] == []


async def test_a_good_model_gets_all_points(emulator: str, tmp_path: Path) -> None:
    asked = ("code of one table", "code that is changed", "pages about two tables", "kites by themselves")
    tasks = [BY_NAME[name] for name in asked]
    with FakeLLM(default=Answer()) as fake:
        variables = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": fake.openai_url, "SNAPINFRA_DATA": str(tmp_path)}
        with serving(settings(emulator, **variables)) as server:
            changed = Answer(files={"README.md": "Longer kites need a permit.\n"})
            fake.script.extend([Answer(), changed])
            results = await evaluate(Asking(server, server.user(), {}, runs_code=False), tasks)

    assert [list(result.faults) for result in results] == [[], [], [], []]
    assert {result.provider for result in results} == {"openai"}
    assert all(result.output_tokens > 0 for result in results)


def test_a_page_compares_runs(tmp_path: Path) -> None:
    points = Points()
    points.add("said", is_right=True, fault="")
    points.add("said", is_right=False, fault="nothing | like it")
    attempt = {"provider": "groq", "model": "llama", "usage": {"inputTokens": 7, "outputTokens": 3}, "cost": "0.002"}
    record = {**RECORD, "template": "chat/1+go-on/1", "attempts": [attempt, attempt]}
    one = Result.of(TOLD, record, points, seconds=1.25)
    save(tmp_path, [one], label="first prompts")
    save(tmp_path, [replace(one, right={"said": 2}, faults=())], label=None)

    write(tmp_path / "page.md", tmp_path)

    page = (tmp_path / "page.md").read_text()
    assert "| said | 50 % (1 of 2) | 100 % (2 of 2) |" in page
    assert "| prompts | chat/1 | chat/1 |" in page
    assert "| dollars | 0.0040 | 0.0040 |" in page
    assert "- text: said: nothing \\| like it" in page


def test_the_page_is_that_of_the_runs_that_are_kept(tmp_path: Path) -> None:
    write(tmp_path / "evals.md", ROOT / "docs" / "evals")

    assert (tmp_path / "evals.md").read_text() == (ROOT / "docs" / "evals.md").read_text()
