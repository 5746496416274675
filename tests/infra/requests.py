"""What a request to AWS asks for, as IAM names it: actions, and the ARNs of what they are on."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from services.core.frozen import frozen

_TARGETS: Final = {"DynamoDB_20120810": "dynamodb", "AmazonSQS": "sqs", "TrentService": "kms"}
_TRANSACTED: Final = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


@frozen
class Asked:
    """One permission that a request needs."""

    action: str
    arn: str


@frozen
class Account:
    """Whose resources the requests are about."""

    region: str
    number: str

    def arn(self, service: str, name: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.number}:{name}"


def asked(method: str, target: str, headers: Mapping[str, str], body: bytes, account: Account) -> list[Asked]:
    """Return the permissions that a request needs. Raises ValueError for one that Snapinfra is not known to make."""
    named = headers.get("x-amz-target", "")
    if named:
        prefix, _, operation = named.rpartition(".")
        return list(_of_json(_TARGETS[prefix], operation, json.loads(body), account))
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        fields = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        return [_of_form(_service(headers), fields, account)]
    if target.startswith("/v2/email/"):
        return [_of_mail(method, target, json.loads(body or b"{}"), account)]
    return list(_of_s3(method, target, body))


def _of_json(service: str, operation: str, params: Mapping[str, Any], account: Account) -> Iterator[Asked]:
    if service == "dynamodb":
        yield from _of_tables(operation, params, account)
    elif service == "sqs":
        name = params.get("QueueName") or params["QueueUrl"].rpartition("/")[2]
        yield Asked(f"sqs:{operation}", account.arn("sqs", name))
    else:
        yield Asked(f"kms:{operation}", account.arn("kms", "key/of-the-stage"))


def _of_tables(operation: str, params: Mapping[str, Any], account: Account) -> Iterator[Asked]:
    if operation == "TransactWriteItems":
        for item in params["TransactItems"]:
            for kind, part in item.items():
                yield Asked(f"dynamodb:{_TRANSACTED[kind]}", account.arn("dynamodb", f"table/{part['TableName']}"))
    elif operation.startswith("Batch"):
        for name in params["RequestItems"]:
            yield Asked(f"dynamodb:{operation}", account.arn("dynamodb", f"table/{name}"))
    else:
        index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
        yield Asked(f"dynamodb:{operation}", account.arn("dynamodb", f"table/{params['TableName']}{index}"))


def _service(headers: Mapping[str, str]) -> str:
    """Return the service that a request is signed for."""
    scope = re.search(r"Credential=[^,]*/([a-z0-9-]+)/aws4_request", headers.get("authorization", ""))
    return "" if scope is None else scope[1]


def _of_form(service: str, fields: Mapping[str, str], account: Account) -> Asked:
    action = fields["Action"]
    if service == "cloudformation":
        return Asked(f"cloudformation:{action}", account.arn("cloudformation", f"stack/{fields.get('StackName')}"))
    if action == "AssumeRole":
        return Asked("sts:AssumeRole", fields["RoleArn"])
    if action == "CreateTopic":
        return Asked("sns:CreateTopic", account.arn("sns", fields["Name"]))
    return Asked(f"sns:{action}", fields.get("TopicArn") or fields.get("SubscriptionArn") or "*")


def _of_mail(method: str, target: str, params: Mapping[str, Any], account: Account) -> Asked:
    if (method, target) != ("POST", "/v2/email/outbound-emails"):
        raise ValueError(f"Snapinfra is not known to ask AWS for {method} {target}: say here what it needs.")
    address = re.sub(r".*<(.*)>", r"\1", params["FromEmailAddress"])
    return Asked("ses:SendEmail", account.arn("ses", f"identity/{address}"))


def _of_s3(method: str, target: str, body: bytes) -> Iterator[Asked]:
    parts = urlsplit(target)
    bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
    query = parse_qs(parts.query, keep_blank_values=True)
    arn = f"arn:aws:s3:::{bucket}"
    if key:
        action = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "POST": "PutObject"}.get(method)
        if method == "DELETE":
            action = "AbortMultipartUpload" if "uploadId" in query else "DeleteObject"
        yield Asked(f"s3:{action}", f"{arn}/{key}")
    elif method == "POST" and "delete" in query:
        for each in re.findall(rb"<Key>(.*?)</Key>", body):
            yield Asked("s3:DeleteObject", f"{arn}/{each.decode()}")
    elif method in {"GET", "HEAD"}:
        yield Asked("s3:ListBucket", arn)
    else:
        raise ValueError(f"Snapinfra is not known to ask AWS for {method} {target}: say here what it needs.")
