"""`snapinfra doctor`: it finds what is wrong, says what to do, and changes nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import redis

from cli.doctor import examine
from services.bootstrap import resources
from services.config import Config
from services.core.diagnosis import Diagnosis
from services.foundation.aws.clients import connect
from services.foundation.aws.emulator import free_port
from services.foundation.aws.inspection import clock
from services.foundation.events.inspection import inspect as inspect_log
from tests.cli.command import snapinfra
from tests.e2e.processes import variables_of
from tests.services.foundation.events.redis_server import RedisServer
from tests.snapinfra import provisioned, settings

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    started = RedisServer(tmp_path_factory.mktemp("redis"))
    started.start()
    yield started
    started.kill()


async def faults(config: Config) -> dict[str, str]:
    return {found.about: found.fault async for found in examine(config) if found.fault}


async def test_a_stage_that_is_set_up_is_well(emulator: str, server: RedisServer, tmp_path: Path) -> None:
    key = {"KMS_KEY_ALIAS": "alias/snapinfra-secrets", "SNAPINFRA_DATA": str(tmp_path)}
    config = provisioned(emulator, EVENTS_URL=server.url, CODE_CHECKS="true", **key)

    ended = await snapinfra("doctor", folder=tmp_path, **variables_of(config))

    assert (ended.status, "✗" in ended.out) == (0, False), ended.out
    assert f"✓ tables: {len(resources(config).tables)}, as declared" in ended.out
    assert "✓ clock: that of AWS" in ended.out
    assert "noeviction" not in ended.out


async def test_what_is_missing_is_named_with_what_makes_it(emulator: str, server: RedisServer, tmp_path: Path) -> None:
    config = settings(emulator, EVENTS_URL=server.url, CODE_CHECKS="false")

    ended = await snapinfra("doctor", folder=tmp_path, **variables_of(config))

    missing = [line for line in ended.out.splitlines() if "is missing: run `snapinfra provision`" in line]
    declared = resources(config)
    assert ended.status == 1
    assert len(missing) == len(declared.tables) + 2 * len(declared.queues) + 1


async def test_a_table_of_another_version_is_told_by_how_it_differs(emulator: str, server: RedisServer) -> None:
    config = provisioned(emulator, EVENTS_URL=server.url)
    aws = connect(region=config.aws_region, endpoint=config.aws_endpoint_url)
    name, spec = next((name, spec) for name, spec in resources(config).tables if spec.indexes)
    aws.dynamodb.delete_table(TableName=name)
    aws.dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "other", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "other", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    aws.close()

    fault = (await faults(config))[f"table {name}"]

    assert f"its key is other and must be {' + '.join(spec.key)}" in fault
    assert f"its index {spec.indexes[0].name} is missing" in fault


async def test_nobody_who_answers_is_a_fault_and_no_crash(server: RedisServer) -> None:
    config = settings(f"http://127.0.0.1:{free_port()}", EVENTS_URL=server.url)

    found = await faults(config)

    assert found["AWS"].startswith("does not answer as it should")
    assert "answer of dynamodb" in found


async def test_an_event_log_that_forgets_or_is_away_is_a_fault(server: RedisServer) -> None:
    port = free_port()
    client = cast("Any", redis).Redis.from_url(server.url)
    assert (await inspect_log(server.url)).fault == ""
    client.config_set("maxmemory", "100mb")
    client.config_set("maxmemory-policy", "allkeys-lru")

    assert "maxmemory-policy allkeys-lru" in (await inspect_log(server.url)).fault
    assert "does not answer" in (await inspect_log(f"redis://127.0.0.1:{port}/0")).fault

    client.config_set("maxmemory-policy", "noeviction")
    client.close()


@pytest.mark.parametrize(
    ("seconds", "fault"),
    [(0, ""), (59, ""), (90, "90 s ahead of that of AWS"), (-3600, "3,600 s behind that of AWS")],
)
def test_a_clock_that_is_off_is_told_by_how_much(seconds: int, fault: str) -> None:
    found = clock(NOW, NOW + timedelta(seconds=seconds))

    assert found.fault.startswith(fault)
    assert bool(found.fault) is bool(fault)


def test_without_an_answer_there_is_no_clock_to_compare() -> None:
    assert clock(None, NOW) == Diagnosis("clock", found="nobody to compare it with")
