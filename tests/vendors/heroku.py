"""Heroku's command line, against our fake: it takes HEROKU_HOST for where the API is."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fakes.targets.heroku import FakeHeroku
from tests.services.platforms.test_targets import heroku as heroku_rig
from tests.vendors.client import Program, version
from tests.vendors.proof import Proof
from tests.vendors.rigs import deploy


def proofs(home: Path) -> Iterator[Proof]:
    """Deploy twice by our adapter, and have Heroku's client read it all and roll back."""
    by = version("heroku")
    with contextmanager(heroku_rig)() as rig:
        fake = rig.fake
        assert isinstance(fake, FakeHeroku)
        deploy(rig, "deployment_1", KEY="value-1")
        deploy(rig, "deployment_2", KEY="value-2")
        (app,) = fake.apps.values()
        settings = {"HEROKU_API_KEY": fake.token, "HEROKU_HOST": fake.url, "HEROKU_SKIP_NEW_VERSION_CHECK": "1"}
        heroku = Program("heroku", home, settings)

        assert heroku("auth:whoami").strip() == "alice@example.com"
        yield Proof(by, "`auth:whoami` reads the account.")
        assert json.loads(heroku("config", "-a", app.name, "--json"))["KEY"] == "value-2"
        yield Proof(by, "`config` reads the config vars that a deployment set.")
        releases = json.loads(heroku("releases", "-a", app.name, "--json"))
        assert [each["version"] for each in releases] == [each["version"] for each in reversed(app.releases)]
        yield Proof(by, "`releases` lists them, the newest first, by `Range`.")
        assert "web.1: up" in heroku("ps", "-a", app.name)
        yield Proof(by, "`ps` reads the dynos.")
        assert "Listening" in heroku("logs", "-a", app.name, "-n", "50")
        yield Proof(by, "`logs` makes a log session and reads it as a stream of events.")
        first = next(each for each in app.releases if each["description"] == "Deploy")
        heroku("rollback", "-a", app.name, f"v{first['version']}")
        assert app.releases[-1]["description"] == f"Rollback to v{first['version']}"
        assert "value-1" in heroku("releases:info", "-a", app.name)
        yield Proof(by, "`rollback` makes a release of the earlier code with its config vars.")
