"""A stage's archives of teams: for the operator, with the operator's own rights, beside whatever runs."""

from collections.abc import Generator
from contextlib import contextmanager

from services.bootstrap.parts import TABLES
from services.bootstrap.resources import table_name
from services.config import Config
from services.core.clock import utc_now
from services.foundation.aws.bucket import Bucket
from services.foundation.aws.clients import connect
from services.foundation.aws.tables import Table
from services.lifecycle.archive import Archives


@contextmanager
def archives(config: Config) -> Generator[Archives]:
    aws = connect(region=config.aws_region, endpoint=config.aws_endpoint_url)
    try:
        tables = [Table(aws=aws, spec=spec, name=table_name(config, spec), now=utc_now) for spec in TABLES]
        yield Archives(tables=tables, bucket=Bucket(aws, config.name_of(config.bucket)))
    finally:
        aws.close()
