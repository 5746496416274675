"""Render's own Python SDK, made from the specification of its API, against our fake, and on what our adapter sends."""

import asyncio
import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from services.platforms.offers import Hosting
from services.platforms.port import Built
from tests.fakes.targets.render import FakeRender
from tests.services.platforms.conformance import SITE, Record, Rig
from tests.services.platforms.test_targets import render as render_rig
from tests.vendors.proof import Proof
from tests.vendors.rigs import deploy

PYTHON: Final = Path(__file__).parents[2] / ".tools" / "vendors" / "render" / "bin" / "python"
SCRIPT: Final = Path(__file__).parent / "pypi" / "render_sdk.py"

_VERSION: Final = "import importlib.metadata; print(importlib.metadata.version('render'))"
_WITH_BODY: Final = {"POST", "PATCH", "PUT"}


def proofs(home: Path) -> Iterator[Proof]:
    """Deploy twice by our adapter, and have Render's client read it all, deploy, roll back and stop."""
    del home
    by = f"render {_run('-c', _VERSION).strip()} (PyPI)"
    with contextmanager(render_rig)() as rig:
        fake = rig.fake
        assert isinstance(fake, FakeRender)
        first = deploy(rig, "deployment_1", KEY="value-1")
        deploy(rig, "deployment_2", KEY="value-2")
        _others(rig, first)
        (service,) = fake.services.values()
        sent = [(_pattern(call), body) for call, body in fake.bodies]
        told = _sdk(fake, service.id, service.deploys[0].commit, bodies=sent)
        asked = {name.partition(" #")[0] for name in told if "/v1/" in name}
        assert len(asked) == 6
        for name in told:
            if "/v1/" not in name:
                yield Proof(by, f"`{name}`: the answers are of the models, with nothing that these do not know.")
        for name in sorted(asked):
            yield Proof(by, f"What our adapter sends to `{name}` is of the model, with nothing that it does not know.")
        assert [each.trigger for each in service.deploys[5:7]] == ["api", "rollback"]
        assert service.variables["BY_THE_SDK"] == "1"


def _others(rig: Rig, first: Record) -> None:
    """Do the rest of what has bodies: change settings, go back, and scale."""
    order = rig.order(id="deployment_3", KEY="value-1")
    chosen = replace(order, config=replace(order.config, health_path="/well"))
    back, record = replace(order, built=Built(SITE, first.progress)), Record()
    asyncio.run(Record().follow(rig.platform.deploy(chosen)))
    asyncio.run(record.follow(rig.platform.deploy(back)))
    asyncio.run(record.follow(rig.platform.scale(record.running(back), Hosting(size="standard", instances=2))))


def _sdk(fake: FakeRender, service_id: str, commit: str, *, bodies: Sequence[tuple[str, object]]) -> list[str]:
    """Run the SDK and return what it did. Raises AssertionError for what it was not content with."""
    output = _run(str(SCRIPT), fake.url, fake.token, service_id, commit, given=json.dumps(bodies))
    results = [json.loads(line) for line in output.splitlines()]
    wrong = [f"{name}: {what}" for name, what in results if what]
    assert not wrong, wrong
    return [name for name, _ in results]


def _run(*arguments: str, given: str = "") -> str:
    done = subprocess.run(
        [PYTHON, *arguments], input=given, env={}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _pattern(call: str) -> str:
    return re.sub(r"srv-\w+", "*", call)
