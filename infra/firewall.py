"""What is refused before it reaches the api: known attacks, known bad senders, and whoever asks far too often."""

from typing import Final

from aws_cdk import aws_elasticloadbalancingv2 as balancing
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from infra.stages import Stage

RATE: Final = 3000
"""Requests of one address in five minutes; the api limits users by itself, and far closer."""
_MANAGED: Final = ("AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet")
"""Not the common rule set: it takes code and long queries, which are what this API is sent, for attacks."""


def protect(scope: Construct, balancer: balancing.ApplicationLoadBalancer, stage: Stage) -> None:
    """Put a firewall before the load balancer."""
    rate = waf.CfnWebACL.RuleProperty(
        name="Rate",
        priority=0,
        action=waf.CfnWebACL.RuleActionProperty(block={}),
        statement=waf.CfnWebACL.StatementProperty(
            rate_based_statement=waf.CfnWebACL.RateBasedStatementProperty(limit=RATE, aggregate_key_type="IP")
        ),
        visibility_config=_seen("rate"),
    )
    managed = [_managed(name, priority) for priority, name in enumerate(_MANAGED, start=1)]
    acl = waf.CfnWebACL(
        scope,
        "Firewall",
        name=f"snapinfra-{stage.name}",
        scope="REGIONAL",
        default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
        rules=[rate, *managed],
        visibility_config=_seen(f"snapinfra-{stage.name}"),
    )
    waf.CfnWebACLAssociation(
        scope, "FirewallOfBalancer", resource_arn=balancer.load_balancer_arn, web_acl_arn=acl.attr_arn
    )


def _managed(name: str, priority: int) -> waf.CfnWebACL.RuleProperty:
    return waf.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        override_action=waf.CfnWebACL.OverrideActionProperty(none={}),
        statement=waf.CfnWebACL.StatementProperty(
            managed_rule_group_statement=waf.CfnWebACL.ManagedRuleGroupStatementProperty(vendor_name="AWS", name=name)
        ),
        visibility_config=_seen(name),
    )


def _seen(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=True
    )
