"""Snapinfra on an AWS account, as stacks of the CDK: `make infra` writes their templates and proves them."""
