"""Fixtures: a stage of analytics, in which Snapinfra's own events are counted."""

from tests.services.analytics.conftest import provisioned, stage

__all__ = ["provisioned", "stage"]
