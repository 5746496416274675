"""What cdk-nag finds and is meant to be so: every finding that stays has its reason here, beside what it is about."""

import re
from typing import Final

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct

_TOKEN: Final = re.compile(r"\$\{Token\[AWS\.(\w+)\.\d+\]\}")
"""How the CDK writes what only CloudFormation knows, such as the account."""


def explain(construct: IConstruct, rule: str, reason: str, *, of: str = "") -> None:
    """Say why a rule of cdk-nag's does not hold of a construct; `of` is the part of it that the rule is about."""
    named = _TOKEN.sub(r"<AWS::\1>", of)
    part = f"[{named}]" if of else ""
    Validations.of(construct).acknowledge(Acknowledgment(id=f"AwsSolutions::{rule}{part}", reason=reason))
