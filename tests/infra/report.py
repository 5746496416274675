"""The report of `make infra`."""

from collections.abc import Mapping, Sequence
from typing import Final

from services.core.clock import utc_now
from services.core.frozen import frozen
from tests.infra.requests import Asked

MEANT: Final = {"W3010": "the site says its zones", "W3005": "the CDK writes dependencies twice"}
"""Warnings of cfn-lint that are meant to be so."""

_PAGE: Final = """# The infrastructure, proven

Written by `make infra` on {today}. It writes the templates of all stages (`infra/`) and fails where anything below is
not so.

- **Linted**: cfn-lint has nothing to say of {linted} templates, but for what is meant to be so ({meant}).
- **Audited**: the AWS Solutions pack of cdk-nag finds nothing without a reason, which stands beside what it is about
  (`findings.explain` in `infra/`).
- **Built**: the emulator's CloudFormation makes the stacks of the stage `{stage}`, and `snapinfra provision` finds
  nothing to change of what the first of them holds.

| stack | resources made |
|---|--:|
{stacks}

What the emulator does not know is checked by cfn-lint alone: {unbuilt}; it makes tables without
their TTL and buckets without their lifecycle rules, for which tests/infra/test_templates.py looks.

- **Used**: `snapinfra serve` and `snapinfra worker`, processes of their own, go from a sentence to a backend on these
  resources, and deploy it to a fake of Heroku that really installs, compiles and starts it. On its way to the
  emulator each process meets the policy of its role, taken from the template: what that does not allow is refused, as
  on AWS. (What is asked of the tables of backends passes: in production they are in the team's account.)

| process | permissions asked for | refused |
|---|--:|--:|
{processes}

- **Forbidden**: neither role may do any of {forbidden} things, on the stage's own resources, another stage's or
  somebody else's: {actions}.
"""


@frozen
class Proof:
    """What was seen."""

    stage: str
    linted: int
    built: Mapping[str, int]
    """Resources that the emulator has made, by stack."""
    unbuilt: Sequence[str]
    """Types that it does not know."""
    refused: Sequence[Asked]
    """What neither role may do."""
    seen: Mapping[str, int]
    """Permissions that were asked for, by process."""


def page(proof: Proof) -> str:
    """Return the report."""
    return _PAGE.format(
        today=f"{utc_now():%Y-%m-%d}",
        linted=proof.linted,
        meant="; ".join(f"{rule}: {why}" for rule, why in MEANT.items()),
        stage=proof.stage,
        stacks="\n".join(f"| `snapinfra-{stack}-{proof.stage}` | {number} |" for stack, number in proof.built.items()),
        unbuilt=", ".join(f"`{kind}`" for kind in proof.unbuilt),
        processes="\n".join(f"| {process} | {number} | 0 |" for process, number in proof.seen.items()),
        forbidden=len(proof.refused),
        actions=", ".join(f"`{action}`" for action in dict.fromkeys(each.action for each in proof.refused)),
    )
