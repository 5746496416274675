"""Railway's published schema, against our documents and our fake: no client of Railway's deploys by npm or PyPI.

Its command line comes from GitHub alone and takes no other address; its SDKs (`railway`) make sandboxes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import graphql

from services.platforms.railway.documents import ALL
from tests.fakes.targets.railway import FakeRailway
from tests.fakes.targets.railway_schema import railway_schema
from tests.services.platforms.test_targets import railway as railway_rig
from tests.vendors.proof import Proof
from tests.vendors.rigs import deploy


def proofs(home: Path) -> Iterator[Proof]:
    """Validate what we send, and have the schema execute a deployment and an update on the fake."""
    by = f"the published schema, with graphql-core {graphql.version}"
    schema = railway_schema()
    for document in ALL:
        assert graphql.validate(schema, graphql.parse(document.text)) == [], document.name
    yield Proof(by, f"The {len(ALL)} documents that we send are valid.")
    with contextmanager(railway_rig)() as rig:
        fake = rig.fake
        assert isinstance(fake, FakeRailway)
        deploy(rig, "deployment_1", KEY="value-1", OTHER="value-2")
        deploy(rig, "deployment_2", KEY="value-3")
        executed = {document.name for document in ALL if f"POST {document.name}" in fake.calls}
        assert fake.mistakes == []
        assert {"ProjectCreate", "ServiceCreate", "VariablesUpsert", "DomainCreate", "Look"} <= executed
    yield Proof(by, "It executes those of a deployment on the fake, which answers with the types that it asks for.")
