"""The load balancer: TLS from anywhere, to the tasks of the api that are alive."""

from typing import Final

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_certificatemanager as certificates
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_s3 as s3

from infra import findings
from infra.network import API_PORT, Network
from infra.site import Site
from infra.stages import Stage

IDLE: Final = Duration.seconds(120)
"""Silence after which a connection is closed; the api pings its sockets far more often."""
LEAVING: Final = Duration.seconds(30)
"""For which a task that is to go keeps its connections: the api spreads its closes over ten seconds."""


def balancing(
    stack: Stack, stage: Stage, site: Site, network: Network, api: ecs.FargateService
) -> tuple[elb.ApplicationLoadBalancer, elb.ApplicationTargetGroup]:
    """Put a load balancer before the api, and return it and its targets.

    Nobody is sent to the task that they were at before: any of them goes on with a stream.
    """
    balancer = elb.ApplicationLoadBalancer(
        stack,
        "Balancer",
        vpc=network.vpc,
        internet_facing=True,
        security_group=network.balancer,
        idle_timeout=IDLE,
        drop_invalid_header_fields=True,
        deletion_protection=stage.is_kept,
        http2_enabled=True,
    )
    balancer.log_access_logs(_access_logs(stack, stage), stage.name)
    listener = balancer.add_listener(
        "Tls",
        port=443,
        open=False,
        certificates=[certificates.Certificate.from_certificate_arn(stack, "Certificate", site.certificate)],
        ssl_policy=elb.SslPolicy.RECOMMENDED_TLS,
    )
    targets = listener.add_targets(
        "Api",
        port=API_PORT,
        protocol=elb.ApplicationProtocol.HTTP,
        targets=[api],
        deregistration_delay=LEAVING,
        load_balancing_algorithm_type=elb.TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS,
        health_check=elb.HealthCheck(
            path="/api/live", interval=Duration.seconds(10), timeout=Duration.seconds(5), healthy_threshold_count=2
        ),
    )
    return balancer, targets


def _access_logs(stack: Stack, stage: Stage) -> s3.Bucket:
    bucket = s3.Bucket(
        stack,
        "AccessLogs",
        encryption=s3.BucketEncryption.S3_MANAGED,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        enforce_ssl=True,
        lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(stage.log_days))],
        removal_policy=RemovalPolicy.RETAIN if stage.is_kept else RemovalPolicy.DESTROY,
    )
    findings.explain(bucket, "AwsSolutions-S1", "It holds access logs itself.")
    return bucket
