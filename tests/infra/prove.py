"""`python -m tests.infra.prove TEMPLATES` proves the templates, and writes docs/operations/infra.md.

They are linted, deployed into the emulator by its CloudFormation as far as it goes, and left as they are by
`provision`; then api and worker do the main job on them as processes of their own, each with its role enforced on its
way.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from cli.client import Refused
from cli.integrating import keep
from cli.journey import travel
from infra import site
from services.bootstrap.resources import resources
from services.config import Config
from services.foundation.aws.clients import Aws, connect
from services.foundation.aws.permissions import Process
from services.foundation.aws.provision import provision
from tests.e2e.processes import processes
from tests.emulating import emulated
from tests.fakes.targets.kinds import KINDS
from tests.fakes.targets.machine import Machine
from tests.infra.forbidden import forbidden
from tests.infra.guard import Guard, guarding
from tests.infra.policies import allows
from tests.infra.report import MEANT, Proof, page
from tests.infra.requests import Account
from tests.infra.templates import STACKS, Template, buildable, changed, deploy, policy_of, read, unbuilt
from tests.services.foundation.events.redis_server import RedisServer
from tests.snapinfra import settings

STAGE: Final = "dev"
REPORT: Final = Path(__file__).parents[2] / "docs" / "operations" / "infra.md"
_LINT: Final = Path(__file__).parents[2] / ".tools" / "backends" / "bin" / "cfn-lint"
_SECRET: Final = "a secret of the backend, long enough"
_ACCOUNT: Final = Account("us-east-1", "000000000000")


def lint(folder: Path) -> int:
    """Return how many templates cfn-lint has nothing to say of. Raises AssertionError with what it says."""
    templates = sorted(folder.glob("*.template.json"))
    command = [_LINT, "--ignore-checks", *MEANT, "--", *templates]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout
    return len(templates)


def shape(aws: Aws, config: Config) -> dict[str, Any]:
    """Return what the data's resources are like, to see that nothing changes them.

    The emulator's CloudFormation knows neither TTLs nor lifecycle rules: test_templates.py reads the template for them.
    """
    declared = resources(config)
    tables = {name: aws.dynamodb.describe_table(TableName=name)["Table"] for name, _ in declared.tables}
    queues = [name for queue in declared.queues for name in (queue.name, f"{queue.name}-dlq")]
    urls = [aws.sqs.get_queue_url(QueueName=name)["QueueUrl"] for name in queues]
    return {
        "keys": {name: table.get("KeySchema") for name, table in tables.items()},
        "indexes": {
            name: sorted(
                (index.get("IndexName"), str(index.get("KeySchema")))
                for index in table.get("GlobalSecondaryIndexes", [])
            )
            for name, table in tables.items()
        },
        "queues": [_attributes(aws, url) for url in urls],
        "versioning": aws.s3.get_bucket_versioning(Bucket=declared.bucket).get("Status"),
    }


def _attributes(aws: Aws, url: str) -> dict[str, Any]:
    kept = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    named = {name: kept.get(name) for name in ("VisibilityTimeout", "MessageRetentionPeriod")}
    return {**named, "RedrivePolicy": json.loads(kept.get("RedrivePolicy", "null"))}


def prove(folder: Path) -> Proof:
    """Prove the templates in a folder. Raises AssertionError where something is not so."""
    linted = lint(folder)
    templates = {stack: read(folder, stack, STAGE) for stack in STACKS}
    unknown = sorted({kind for template in templates.values() for kind in unbuilt(template)})
    named = site.settings(site.read(site.EXAMPLE), STAGE)
    with emulated() as emulator, tempfile.TemporaryDirectory() as data:
        config = settings(
            emulator,
            **{
                **named,
                "MAIL_FROM": "",
                "KMS_KEY_ALIAS": "alias/snapinfra-secrets",
                "SNAPINFRA_DATA": data,
                "CODE_CHECKS": "true",
            },
        )
        aws = connect(region=config.aws_region, endpoint=config.aws_endpoint_url)
        built = {
            stack: len(deploy(aws, f"snapinfra-{stack}-{STAGE}", buildable(template), emulator))
            for stack, template in templates.items()
        }
        before = shape(aws, config)
        provision(aws, resources(config))
        after = shape(aws, config)
        changes = {name: (before[name], after[name]) for name in before if before[name] != after[name]}
        assert not changes, f"`provision` changed what CloudFormation had made: {changes}"
        seen = asyncio.run(_work(config, templates["run"], Path(data)))
    return Proof(STAGE, linted, built, unknown, forbidden(STAGE, other="production"), seen)


async def _work(config: Config, template: Template, data: Path) -> Mapping[str, int]:
    """Do the main job with both policies enforced; return how many permissions each process has asked for."""
    alias = resources(config).key_alias or ""
    refused = forbidden(STAGE, other="production")
    policies = {process: policy_of(template, process) for process in (Process.API, Process.WORKER)}
    for process, policy in policies.items():
        wrong = [each for each in refused if allows(policy, each.action, each.arn, {"kms:ResourceAliases": [alias]})]
        assert not wrong, f"{process.value} may: {wrong}"
    own = frozenset(name for name, _ in resources(config).tables)
    redis = RedisServer(data)
    redis.start()
    kind, failure = KINDS["HEROKU"], ""
    fake = kind.fake()
    fake.host = Machine(data / "machines")
    guards = {process: Guard(policy, _ACCOUNT, (alias,), own) for process, policy in policies.items()}
    try:
        with ExitStack() as stack:
            stack.enter_context(fake)
            for guard in guards.values():
                stack.enter_context(guarding(str(config.aws_endpoint_url), guard))
            changed = config.model_copy(update={"events_url": redis.url, "heroku_api_url": fake.url})
            async with processes(changed) as started:
                server, _ = await started.serve(AWS_ENDPOINT_URL=guards[Process.API].url)
                await started.start("worker", AWS_ENDPOINT_URL=guards[Process.WORKER].url)
                alice = server.user()
                for integration, credentials in kind.integrations(fake).items():
                    await keep(alice, integration, credentials)
                try:
                    await travel(alice, "A library with books", to="HEROKU", secret=_SECRET)
                except Refused as error:
                    failure = str(error)
    finally:
        redis.kill()
    refusals = {process.value: guard.refused for process, guard in guards.items() if guard.refused}
    if refusals or failure:
        raise AssertionError(f"{failure} Refused: {refusals}")
    return {process.value: len(guard.seen) for process, guard in guards.items()}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    if different := changed(folder, "production"):
        sys.exit(f"These templates of production are others now, see `git diff`, and run again: {', '.join(different)}")
    proof = prove(folder)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(page(proof))
