"""How a generated backend gets its tables, and what it has beside them: its own CloudFormation template, as a stack."""

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from botocore.exceptions import ClientError

from services.core.foreign_json import UnreadableJson, read_json
from services.core.frozen import frozen
from services.designs.bucket_names import bucket_prefix
from services.foundation.aws.clients import AWS_ERRORS, Aws
from services.foundation.aws.outage import Outage
from services.platforms.port import DeployFailed

MIGRATED: Final = "Migrated"
"""Metadata of a template whose backend itself creates and drops the indexes of tables that are there."""

_INDEXING: Final = ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes")

MOST_BYTES: Final = 51_200
"""Of a template in a request to AWS; a larger one comes from a bucket, and we have none in users' accounts."""

TIME_LIMIT: Final = 180.0
"""Seconds that a stack may take."""

_TIES: Final = frozenset({"AWS::SNS::Subscription", "AWS::SQS::QueuePolicy"})
"""What only ties others together goes when it is no longer in the template."""
_PARAMETER: Final = "TablePrefix"
_BUCKETS: Final = "BucketPrefix"
_STAGE: Final = "Stage"
_GONE: Final = "DELETE_COMPLETE"
_USELESS: Final = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"})
"""A stack that never worked can only be deleted: docs.aws.amazon.com/AWSCloudFormation, "Stack status codes"."""
_GOOD: Final = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})


@frozen
class StackTables:
    """Creates and updates stacks. Give an instance to LocalPlatform as its `create_tables`."""

    aws: Aws
    stage: str = "development"
    """The parameter Stage of templates that allow it: in production, a scaffolded backend's tables are protected."""
    most_bytes: int = sys.maxsize
    """Of a template as it is sent. AWS accepts MOST_BYTES, the emulator more."""

    async def __call__(self, template: str, *, prefix: str, stack: str) -> None:
        """Bring a stack to what the template says; `prefix` is its parameter TablePrefix, where it declares that, and
        with what S3 accepts of it BucketPrefix.

        Twice is the same as once. Where the backend migrates its tables, those that are there stay as they are indexed,
        and in the stack: what runs needs its indexes until then, and CloudFormation changes one at a time.

        Raises DeployFailed TABLES_FAILED.
        """
        content = _read(template)
        parameters = _parameters(content, prefix, self.stage)
        try:
            async with asyncio.timeout(TIME_LIMIT):
                if await self._apply(content, parameters, stack):
                    await self._require_good(stack)
        except Outage as error:
            raise _failed("AWS does not answer just now") from error
        except AWS_ERRORS as error:
            raise _failed(str(error)) from error
        except TimeoutError as error:
            raise _failed(f"it took longer than {TIME_LIMIT:.0f} seconds") from error

    async def _apply(self, content: Mapping[str, object], parameters: list[Any], stack: str) -> bool:
        """Create or update, and say whether there is anything to wait for."""
        formation = self.aws.cloudformation
        status = await self._settled(stack)
        if status in _USELESS:
            await self.aws.run(formation.delete_stack, StackName=stack)
            status = await self._settled(stack)
        if status != _GONE and MIGRATED in _part(content, "Metadata"):
            answer = await self.aws.run(formation.get_template, StackName=stack)
            content = _with_tables_kept(content, _read(answer["TemplateBody"]))
        template = json.dumps(content, separators=(",", ":"))  # without what makes it readable: it may be large
        if (size := len(template.encode())) > self.most_bytes:
            raise _failed(
                f"with their indexes they take {size:,} bytes, of which CloudFormation accepts {self.most_bytes:,}"
                " in a request. Make fewer tables or indexes"
            )
        call = formation.create_stack if status == _GONE else formation.update_stack
        try:
            await self.aws.run(
                cast("Callable[..., Any]", call), StackName=stack, TemplateBody=template, Parameters=parameters
            )
        except ClientError as error:
            if "No updates are to be performed" in str(error):
                return False
            raise
        return True

    async def _require_good(self, stack: str) -> None:
        if (status := await self._settled(stack)) not in _GOOD:
            raise _failed(f"the stack ended as {status}{await self._reason(stack)}")

    async def _settled(self, stack: str) -> str:
        """Wait until nothing is in progress and return the status; of a stack that does not exist, DELETE_COMPLETE."""
        pause = 0.05
        while (status := await self._status(stack)).endswith("_IN_PROGRESS"):
            await asyncio.sleep(pause)
            pause = min(2.0, pause * 1.5)
        return status

    async def _status(self, stack: str) -> str:
        try:
            answer = await self.aws.run(self.aws.cloudformation.describe_stacks, StackName=stack)
        except ClientError as error:
            if "does not exist" in str(error):
                return _GONE
            raise
        return answer["Stacks"][0]["StackStatus"]

    async def _reason(self, stack: str) -> str:
        answer = await self.aws.run(self.aws.cloudformation.describe_stack_events, StackName=stack)
        reasons = [
            f"{event.get('LogicalResourceId', '')}: {event['ResourceStatusReason']}"
            for event in reversed(answer["StackEvents"])  # newest first
            if event.get("ResourceStatus", "").endswith("_FAILED") and "ResourceStatusReason" in event
        ]
        return f" ({reasons[0]})" if reasons else ""


def _read(template: object) -> dict[str, object]:
    """Read a template, which AWS answers read if it is JSON. Raises DeployFailed."""
    try:
        content = read_json(template) if isinstance(template, str) else template
    except UnreadableJson as error:
        raise _failed(f"the template {error}") from error
    if not isinstance(content, dict):
        raise _failed("the template is not a JSON object")
    return cast("dict[str, object]", content)


def _parameters(content: Mapping[str, object], prefix: str, stage: str) -> list[dict[str, str]]:
    declared = content.get("Parameters")
    if not isinstance(declared, dict):
        return []
    parameters = cast("dict[str, object]", declared)
    prefixes = {_PARAMETER: prefix, _BUCKETS: bucket_prefix(prefix)}
    values = {name: value for name, value in prefixes.items() if name in parameters}
    if _allows(parameters.get(_STAGE), stage):
        values[_STAGE] = stage
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]


def _allows(parameter: object, value: str) -> bool:
    """Whether a template says that a parameter may be this: what others mean by its name is not known."""
    allowed = cast("dict[str, object]", parameter).get("AllowedValues") if isinstance(parameter, dict) else None
    return isinstance(allowed, list) and value in cast("list[object]", allowed)


def _part(document: Mapping[str, object], name: str) -> dict[str, Any]:
    part = document.get(name)
    return cast("dict[str, Any]", part) if isinstance(part, dict) else {}


def _with_tables_kept(document: Mapping[str, object], deployed: Mapping[str, object]) -> dict[str, object]:
    before, after = _part(deployed, "Resources"), _part(document, "Resources")
    kept = {name: _indexed_as(before[name], table) for name, table in after.items() if name in before}
    lasting = {name: each for name, each in before.items() if each.get("Type") not in _TIES}
    return {**document, "Resources": {**lasting, **after, **kept}}


def _indexed_as(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    indexing = {name: value for name, value in _part(old, "Properties").items() if name in _INDEXING}
    others = {name: value for name, value in _part(new, "Properties").items() if name not in _INDEXING}
    return {**new, "Properties": {**others, **indexing}}


def _failed(why: str) -> DeployFailed:
    return DeployFailed("TABLES_FAILED", f"What infrastructure/template.json describes could not be created: {why}.")
