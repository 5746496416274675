"""Provisioning: the tables, queues, bucket and topic that the declarations ask for are made, or made to fit.

Running it again changes nothing. It never deletes, and what others have set up beside it stays.
"""

import json
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from services.core.frozen import frozen
from services.foundation.aws.clients import Aws
from services.foundation.aws.spec import Index, TableSpec

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import TableDescriptionTypeDef, TimeToLiveDescriptionTypeDef

RETENTION: Final = 14 * 24 * 3600
"""Seconds that a queue keeps a message."""

OLD_VERSIONS_KEPT: Final = 90
"""Days that S3 keeps what was overwritten or deleted."""

EXPORTS: Final = "exports/"
"""Prefix of the keys of files that S3 forgets after a day."""

RECEIVES: Final = 10
"""Deliveries after which SQS itself moves a message to the dead-letter queue. The worker moves a poison job there after
three crashes; this is the net below, wide enough for deliveries that find the job held by another."""


_ENCRYPTION: Final[Any] = {"Enabled": True, "SSEType": "KMS"}
"""By the key of AWS's that the account sees and its trail logs (`aws/dynamodb`), not by the one DynamoDB owns."""

_STREAM: Final[Any] = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


@frozen
class QueueSpec:
    """A queue and its dead-letter queue, `<name>-dlq`."""

    name: str
    visibility: int
    """Seconds."""


@frozen
class Resources:
    """Everything that a stage needs. Names are full."""

    tables: Sequence[tuple[str, TableSpec[Any]]]
    queues: Sequence[QueueSpec]
    bucket: str
    topic: str
    key_alias: str | None = None
    """Of the KMS key that wraps the data keys of secrets; None where a key of our own does."""
    mail_from: str | None = None
    """The address that mail comes from; None where none is sent."""


class DoesNotFit(Exception):
    """Something is there already and is not as it must be, and AWS does not let it be changed in place."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n  ".join(["These do not fit, and provisioning can't change them:", *faults]))
        self.faults = tuple(faults)


def provision(aws: Aws, resources: Resources) -> None:
    """Create what is missing, change what does not fit, and wait until it can be used (blocks).

    Raises DoesNotFit with all that can't be changed, after everything else is done.
    """
    faults: list[str] = []
    new = {name: _table(aws, name, spec) for name, spec in resources.tables}
    for name, spec in resources.tables:
        table = _ready(aws, name, new[name])
        faults += _faults_of_keys(table, name, spec)
        _missing_indexes(aws, table, name, spec)
        faults += _faults_of_ttl(aws, name, spec, is_new=new[name] is not None)
        faults += _faults_of_stream(aws, table, name, spec)
        _encrypt(aws, table, name)
        aws.dynamodb.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
    for queue in resources.queues:
        _queue(aws, queue)
    _bucket(aws, resources.bucket)
    aws.sns.create_topic(Name=resources.topic)
    if resources.key_alias:
        _key(aws, resources.key_alias)
    if resources.mail_from:
        _sender(aws, resources.mail_from)
    if faults:
        raise DoesNotFit(faults)


def key_types(spec: TableSpec[Any]) -> dict[str, str]:
    """Return every key attribute of a table and its indexes with its DynamoDB type."""
    types = {spec.partition: "S"}
    if spec.sort:
        types[spec.sort] = spec.sort_type
    for index in spec.indexes:
        types[index.partition] = "S"
        if index.sort:
            types[index.sort] = index.sort_type
    return types


def _table(aws: Aws, name: str, spec: TableSpec[Any]) -> "TableDescriptionTypeDef | None":
    """Create a table, and return what it is by now; None where it was there already."""
    request: dict[str, Any] = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": _keys(spec.partition, spec.sort),
        "AttributeDefinitions": [
            {"AttributeName": attribute, "AttributeType": kind} for attribute, kind in key_types(spec).items()
        ],
    }
    if spec.indexes:
        request["GlobalSecondaryIndexes"] = [_index(index) for index in spec.indexes]
    if spec.stream:
        request["StreamSpecification"] = _STREAM
    request["SSESpecification"] = _ENCRYPTION
    with _unless("ResourceInUseException"):
        return aws.dynamodb.create_table(**request)["TableDescription"]
    return None


def _index(index: Index) -> dict[str, Any]:
    return {
        "IndexName": index.name,
        "KeySchema": _keys(index.partition, index.sort),
        "Projection": {"ProjectionType": "ALL"},
    }


def _missing_indexes(aws: Aws, table: "TableDescriptionTypeDef", name: str, spec: TableSpec[Any]) -> None:
    """Add indexes that the declaration has gained; DynamoDB makes one at a time."""
    there = table.get("GlobalSecondaryIndexes", [])
    names = {index.get("IndexName") for index in there}
    types = key_types(spec)
    for index in (index for index in spec.indexes if index.name not in names):
        keys = [index.partition, *([index.sort] if index.sort else [])]
        request: dict[str, Any] = {
            "TableName": name,
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": types[key]} for key in keys],
            "GlobalSecondaryIndexUpdates": [{"Create": _index(index)}],
        }
        aws.dynamodb.update_table(**request)
        _ready(aws, name)


def _ready(aws: Aws, name: str, new: "TableDescriptionTypeDef | None" = None) -> "TableDescriptionTypeDef":
    """Return what a table is, once it and its indexes can be used; `new` is what one was when it was created."""
    if new is not None and _is_active(new):
        return new
    aws.dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    while not _is_active(table := aws.dynamodb.describe_table(TableName=name)["Table"]):
        time.sleep(1)
    return table


def _is_active(table: "TableDescriptionTypeDef") -> bool:
    indexes = table.get("GlobalSecondaryIndexes", [])
    states = [table.get("TableStatus"), *(index.get("IndexStatus", "ACTIVE") for index in indexes)]
    return all(state == "ACTIVE" for state in states)


def _keys(partition: str, sort: str | None) -> list[dict[str, str]]:
    keys = [{"AttributeName": partition, "KeyType": "HASH"}]
    return keys if sort is None else [*keys, {"AttributeName": sort, "KeyType": "RANGE"}]


def _faults_of_keys(table: "TableDescriptionTypeDef", name: str, spec: TableSpec[Any]) -> Iterator[str]:
    """Yield which keys differ from the declaration: neither a table's nor an index's can be changed."""
    key, wanted = table.get("KeySchema"), _keys(spec.partition, spec.sort)
    if key != wanted:
        yield f"{name}: its key must be {_shown(wanted)}, and is {_shown(key)}"
    there = {index.get("IndexName"): index.get("KeySchema") for index in table.get("GlobalSecondaryIndexes", [])}
    for index in spec.indexes:
        wanted = _keys(index.partition, index.sort)
        if index.name in there and there[index.name] != wanted:
            yield f"{name}: the key of {index.name} must be {_shown(wanted)}, and is {_shown(there[index.name])}"


def _shown(keys: Any) -> str:
    return " + ".join(key["AttributeName"] for key in keys or ())


def _faults_of_ttl(aws: Aws, name: str, spec: TableSpec[Any], *, is_new: bool) -> Iterator[str]:
    """Switch a table's TTL on; yield that it is on by another attribute, which DynamoDB changes only within hours."""
    if spec.ttl is None:
        return
    state: TimeToLiveDescriptionTypeDef = {}
    if not is_new:
        state = aws.dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    status, attribute = state.get("TimeToLiveStatus"), state.get("AttributeName")
    if status in (None, "DISABLED"):
        aws.dynamodb.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": spec.ttl}
        )
    elif status == "DISABLING":
        yield f"{name}: its TTL is just being switched off; provision again in an hour"
    elif attribute != spec.ttl:
        yield (
            f"{name}: its TTL must be by '{spec.ttl}', and is by '{attribute}'; switch it off "
            "(aws dynamodb update-time-to-live), and provision again in an hour"
        )


def _faults_of_stream(aws: Aws, table: "TableDescriptionTypeDef", name: str, spec: TableSpec[Any]) -> Iterator[str]:
    """Switch a table's stream on; yield that it is on with other contents, for then it has readers."""
    if not spec.stream:
        return
    stream = table.get("StreamSpecification", {})
    if not stream.get("StreamEnabled"):
        aws.dynamodb.update_table(TableName=name, StreamSpecification=_STREAM)
        _ready(aws, name)
    elif stream.get("StreamViewType") != _STREAM["StreamViewType"]:
        yield (
            f"{name}: its stream must have {_STREAM['StreamViewType']}, and has {stream.get('StreamViewType')}; "
            "switch it off when nobody reads it, and provision again"
        )


def _encrypt(aws: Aws, table: "TableDescriptionTypeDef", name: str) -> None:
    """Encrypt a table by AWS's key in the account; one that is encrypted by a key of the account's own stays so."""
    if table.get("SSEDescription", {}).get("Status") not in ("ENABLED", "ENABLING", "UPDATING"):
        aws.dynamodb.update_table(TableName=name, SSESpecification=_ENCRYPTION)
        _ready(aws, name)


def _queue(aws: Aws, spec: QueueSpec) -> None:
    dead = _queue_with(aws, f"{spec.name}-dlq", {"MessageRetentionPeriod": str(RETENTION)})
    arn = aws.sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    attributes = {
        "VisibilityTimeout": str(spec.visibility),
        "MessageRetentionPeriod": str(RETENTION),
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": RECEIVES}),
    }
    _queue_with(aws, spec.name, attributes)


def _queue_with(aws: Aws, name: str, attributes: dict[str, str]) -> str:
    """Make a queue, or have the one that is there, with these attributes; return its URL."""
    with _unless("QueueAlreadyExists", "QueueNameExists"):
        aws.sqs.create_queue(QueueName=name)
    url = aws.sqs.get_queue_url(QueueName=name)["QueueUrl"]
    aws.sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)  # pyright: ignore[reportArgumentType] - a plain dict
    return url


def _bucket(aws: Aws, name: str) -> None:
    region = aws.s3.meta.region_name
    location: dict[str, Any] = (
        {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    )
    with _unless("BucketAlreadyOwnedByYou"):
        aws.s3.create_bucket(Bucket=name, **location)
    aws.s3.put_public_access_block(
        Bucket=name,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    aws.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    rule: Any = {
        "ID": "DeleteOldVersions",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": OLD_VERSIONS_KEPT},
        "Expiration": {"ExpiredObjectDeleteMarker": True},
    }
    exports: Any = {
        "ID": "DeleteExports",
        "Status": "Enabled",
        "Filter": {"Prefix": EXPORTS},
        "Expiration": {"Days": 1},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }
    ours = [rule, exports]
    theirs = [other for other in _lifecycle(aws, name) if other.get("ID") not in {own["ID"] for own in ours}]
    aws.s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [*ours, *theirs]})


def _lifecycle(aws: Aws, name: str) -> Sequence[Any]:
    """Return the rules that a bucket has."""
    with _unless("NoSuchLifecycleConfiguration"):
        return aws.s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    return ()


def _key(aws: Aws, alias: str) -> None:
    with _unless("NotFoundException"):
        aws.kms.describe_key(KeyId=alias)
        return
    key_id = aws.kms.create_key(Description="Wraps the data keys of Snapinfra's secrets")["KeyMetadata"]["KeyId"]
    aws.kms.enable_key_rotation(KeyId=key_id)
    aws.kms.create_alias(AliasName=alias, TargetKeyId=key_id)


def _sender(aws: Aws, address: str) -> None:
    """Have SES ask the owner of the address, unless it knows the address or its domain."""
    for identity in (address, address.rpartition("@")[2]):
        with _unless("NotFoundException"):
            aws.ses.get_email_identity(EmailIdentity=identity)
            return
    aws.ses.create_email_identity(EmailIdentity=address)


@contextmanager
def _unless(*codes: str) -> Generator[None, None, None]:
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in codes:
            raise
