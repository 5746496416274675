"""The templates that `make infra` has written, and their life in the emulator's CloudFormation."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

from botocore.exceptions import WaiterError

from services.foundation.aws.clients import Aws
from services.foundation.aws.permissions import Process
from tests.infra.policies import Policy

STACKS: Final = ("data", "run", "watch")
UNBUILT: Final = frozenset(
    {
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        "AWS::Backup::BackupSelection",
        "AWS::Budgets::Budget",
        "AWS::CloudWatch::Alarm of an expression",
        "AWS::EC2::EIP",
        "AWS::EC2::FlowLog",
        "AWS::EC2::NatGateway",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::WAFv2::WebACLAssociation",
    }
)
"""What the emulator's CloudFormation does not know: cfn-lint alone has checked it."""

PSEUDO: Final = {"AWS::Partition": "aws", "AWS::AccountId": "000000000000", "AWS::Region": "us-east-1"}
SNAPSHOTS: Final = Path(__file__).parent / "snapshots"
"""The templates of production as they were when `make infra` ran last."""

_TEMPLATES: Final = "templates"

Template = Mapping[str, Any]


def read(folder: Path, stack: str, stage: str) -> Template:
    """Read a stack's template."""
    return json.loads((folder / f"snapinfra-{stack}-{stage}.template.json").read_text())


def changed(folder: Path, stage: str) -> list[str]:
    """Keep the templates of a stage as snapshots; return those that differ from what was kept."""
    SNAPSHOTS.mkdir(exist_ok=True)
    different: list[str] = []
    for stack in STACKS:
        path = SNAPSHOTS / f"{stack}.json"
        text = f"{json.dumps(read(folder, stack, stage), indent=1, sort_keys=True)}\n"
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            different.append(stack)
    return different


def snapshot(stack: str) -> Template:
    """Return a stack's template of production as it was kept."""
    return json.loads((SNAPSHOTS / f"{stack}.json").read_text())


def unbuilt(template: Template) -> set[str]:
    """Return what of a template the emulator's CloudFormation does not know."""
    kinds = {_kind(resource) for resource in template["Resources"].values()}
    return kinds & UNBUILT


def _kind(resource: Mapping[str, Any]) -> str:
    """Return the type of a resource, and what is special in it."""
    return f"{resource['Type']}{' of an expression' if 'Metrics' in resource.get('Properties', {}) else ''}"


def policy_of(template: Template, process: Process) -> Policy:
    """Return the policy that a template gives a process's role, with what only CloudFormation knows filled in."""
    (policy,) = (
        resource["Properties"]["PolicyDocument"]
        for name, resource in template["Resources"].items()
        if name == f"{process.value.title()}Policy"
    )
    return filled(policy)


def filled(part: Any) -> Any:
    """Return a part of a template with what only CloudFormation knows filled in."""
    if isinstance(part, dict):
        part = cast("dict[str, Any]", part)
        if set(part) == {"Fn::Join"}:
            glue, pieces = part["Fn::Join"]
            return glue.join([filled(piece) for piece in pieces])
        if set(part) == {"Ref"}:
            return PSEUDO[part["Ref"]]
        return {name: filled(value) for name, value in part.items()}
    return [filled(each) for each in cast("list[Any]", part)] if isinstance(part, list) else part


def buildable(template: Template) -> Template:
    """Return a template without what the emulator does not know, and without what refers to that."""
    resources = {name: resource for name, resource in template["Resources"].items() if _kind(resource) not in UNBUILT}
    gone = template["Resources"].keys() - resources.keys()
    while lost := {name for name, resource in resources.items() if gone & _references(resource)}:
        gone |= lost
        resources = {name: resource for name, resource in resources.items() if name not in lost}
    for name, resource in resources.items():
        kept = [other for other in _depends(resource) if other in resources]
        resources[name] = {**resource, "DependsOn": kept} if kept else _without(resource, "DependsOn")
    outputs = {name: output for name, output in template.get("Outputs", {}).items() if not gone & _references(output)}
    return {**template, "Resources": resources, "Outputs": outputs}


def deploy(aws: Aws, name: str, template: Template, endpoint: str) -> Sequence[str]:
    """Create a stack and wait for it; return the physical ids of its resources. Raises AssertionError where it fails.

    A template of more than 51,200 bytes is taken from S3 only.
    """
    aws.s3.create_bucket(Bucket=_TEMPLATES)
    aws.s3.put_object(Bucket=_TEMPLATES, Key=name, Body=json.dumps(template).encode())
    given = {"Image": "1.0.0"}
    aws.cloudformation.create_stack(
        StackName=name,
        TemplateURL=f"{endpoint}/{_TEMPLATES}/{name}",
        Parameters=[
            {"ParameterKey": key, "ParameterValue": given[key]}
            for key in template.get("Parameters", {})
            if key in given
        ],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    waiter = aws.cloudformation.get_waiter("stack_create_complete")
    try:
        waiter.wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    except WaiterError as error:
        events = aws.cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        why = [event.get("ResourceStatusReason", "") for event in events if "FAILED" in event.get("ResourceStatus", "")]
        raise AssertionError(f"{name}: {'; '.join(why)}") from error
    found = aws.cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    return [resource.get("PhysicalResourceId", "") for resource in found]


def _references(part: Any) -> set[str]:
    """Return the resources that a part of a template refers to."""
    if isinstance(part, dict):
        named: set[str] = set()
        for key, value in cast("dict[str, Any]", part).items():
            if key == "Ref" and isinstance(value, str):
                named.add(value)
            elif key == "Fn::GetAtt":
                named.add(value.partition(".")[0] if isinstance(value, str) else value[0])
            elif key != "DependsOn":
                named |= _references(value)
        return named
    if isinstance(part, list):
        return set[str]().union(*map(_references, cast("list[Any]", part)))
    return set()


def _depends(resource: Mapping[str, Any]) -> Sequence[str]:
    named = resource.get("DependsOn", [])
    return [named] if isinstance(named, str) else named


def _without(resource: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name != key}
