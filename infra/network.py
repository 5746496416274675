"""Where everything runs: a VPC with a public and two private rows of subnets, and who may talk to whom."""

from typing import Final

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra import findings
from infra.site import Site
from infra.stages import Stage

API_PORT: Final = 8000
CACHE_PORT: Final = 6379
ADDRESSES: Final = "10.0.0.0/16"
"""The VPC's: from some of these the load balancer forwards."""


class Network(Construct):
    """The load balancer is reached from anywhere, the api from the load balancer, the event log from api and worker."""

    def __init__(self, scope: Construct, stage: Stage, site: Site) -> None:
        super().__init__(scope, "Network")
        self.vpc = self._vpc(stage, site)
        self.balancer = self._group("Balancer", "The load balancer: TLS from anywhere")
        self.api = self._group("Api", "Tasks of the api")
        self.worker = self._group("Worker", "Tasks of the worker")
        self.cache = self._group("Cache", "The event log")
        self.balancer.add_ingress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "clients")
        self.api.add_ingress_rule(self.balancer, ec2.Port.tcp(API_PORT), "the load balancer")
        findings.explain(self.balancer, "AwsSolutions-EC23", "A public API: anybody may come, over TLS.")
        for tasks in (self.api, self.worker):
            self.cache.add_ingress_rule(tasks, ec2.Port.tcp(CACHE_PORT), "api and worker")

    def _group(self, name: str, description: str) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(self, name, vpc=self.vpc, description=description)

    @property
    def region(self) -> str:
        return Stack.of(self).region

    def _vpc(self, stage: Stage, site: Site) -> ec2.Vpc:
        return ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(ADDRESSES),
            availability_zones=[f"{site.region}{letter}" for letter in site.zones[: stage.zones]],
            nat_gateways=stage.zones if stage.is_kept else 1,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=24),
                ec2.SubnetConfiguration(name="tasks", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS, cidr_mask=20),
                ec2.SubnetConfiguration(name="cache", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=26),
            ],
            gateway_endpoints={
                "Tables": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.DYNAMODB),
                "Bucket": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3),
            },
            flow_logs={"All": ec2.FlowLogOptions(destination=self._flow_logs())},
        )

    def _flow_logs(self) -> ec2.FlowLogDestination:
        group = logs.LogGroup(
            self, "FlowLogs", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
        return ec2.FlowLogDestination.to_cloud_watch_logs(group)
