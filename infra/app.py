"""The app of the CDK: `python -m infra.app OUTPUT [SITE]` writes the templates of every stage."""

import sys
from pathlib import Path

import aws_cdk as cdk
import cdk_nag

from infra import site as sites
from infra.data import DataStack
from infra.run import RunStack
from infra.site import Site
from infra.stages import STAGES, Stage
from infra.watch import WatchStack
from services.bootstrap.resources import resources
from services.config.config import Config


def build(app: cdk.App, stage: Stage, site: Site) -> tuple[cdk.Stack, ...]:
    """Add a stage's stacks to an app; the data's outlives the others."""
    declared = resources(Config.model_validate(sites.settings(site, stage.name)))
    options = {"synthesizer": cdk.BootstraplessSynthesizer(), "env": cdk.Environment(region=site.region)}
    data = DataStack(app, stage, declared, termination_protection=stage.is_kept, **options)
    run = RunStack(app, stage, site, declared, **options)
    watch = WatchStack(app, stage, site, declared, run, **options)
    run.add_stack_dependency(data)
    for stack in (data, run, watch):
        cdk.Tags.of(stack).add("snapinfra:stage", stage.name)
    return data, run, watch


def audited(app: cdk.App) -> cdk.App:
    """Have an app refuse to be synthesized with a finding of AWS Solutions' rules that nothing explains."""
    cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app))
    return app


def synthesize(output: Path, site: Site) -> None:
    """Write the templates of every stage into a folder."""
    app = audited(cdk.App(outdir=str(output), analytics_reporting=False))
    for stage in STAGES.values():
        build(app, stage, site)
    app.synth()


if __name__ == "__main__":
    _, output, *given = sys.argv
    synthesize(Path(output), sites.read(Path(given[0]) if given else sites.EXAMPLE))
