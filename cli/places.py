"""The commands for what a project has: its tables, environments with their variables, and domains."""

from pathlib import Path

import click

from cli.commands import Target, platform
from cli.options import at_server, client_of, kind_option, run, to_option


@click.group()
def tables() -> None:
    """The schema of a project: its tables, who may do what to their rows, and how they relate."""


@tables.command("show")
@click.argument("project_id", metavar="PROJECT")
@at_server
def show_tables(project_id: str, *, server: Target) -> None:
    """Print the newest version of the schema of PROJECT as JSON, to be edited and saved."""
    from cli.tables import show  # noqa: PLC0415 - commands load what they need

    run(show(client_of(server), project_id))


@tables.command("save")
@click.argument("project_id", metavar="PROJECT")
@click.argument("file", type=click.Path(path_type=Path))
@at_server
def save_tables(project_id: str, file: Path, *, server: Target) -> None:
    """Save what FILE has as the next version of the schema of PROJECT, and generate its code."""
    from cli.tables import save  # noqa: PLC0415 - commands load what they need

    run(save(client_of(server), project_id, file))


@click.group()
def env() -> None:
    """The environments of a project: places of their own, with variables."""


@env.command("list")
@click.argument("project_id", metavar="PROJECT")
@at_server
def list_environments(project_id: str, *, server: Target) -> None:
    """List the environments of PROJECT, with the names of their variables."""
    from cli.environments import show_all  # noqa: PLC0415 - commands load what they need

    run(show_all(client_of(server), project_id))


@env.command("create")
@click.argument("project_id", metavar="PROJECT")
@click.argument("name")
@to_option
@kind_option
@click.option("--region", help="Where its platform is to run it.")
@click.option("--size", help="How large each instance is to be, as its platform calls that.")
@click.option("--instances", type=int, help="How many are to run.")
@click.option("--health-path", "health_path", help="Answers 200 once it is up; unset, /health.")
@at_server
def create_environment(
    project_id: str,
    name: str,
    *,
    to: str,
    kind: str,
    region: str | None,
    size: str | None,
    instances: int | None,
    health_path: str | None,
    server: Target,
) -> None:
    """Make an environment of PROJECT."""
    from cli.environments import create  # noqa: PLC0415 - commands load what they need

    chosen = {"region": region, "size": size, "instances": instances, "healthPath": health_path}
    client = client_of(server)
    run(create(client, project_id, name=name, kind=kind.upper(), platform=platform(to), **chosen))


@env.command("set")
@click.argument("environment_id", metavar="ENVIRONMENT")
@click.argument("variables", metavar="NAME[=VALUE]...", nargs=-1, required=True)
@at_server
def set_variables(environment_id: str, variables: tuple[str, ...], *, server: Target) -> None:
    """Set variables of ENVIRONMENT. A value that is not given is asked for, and not shown."""
    from cli.environments import put, read  # noqa: PLC0415 - commands load what they need

    run(put(client_of(server), environment_id, read(variables)))


@env.command("unset")
@click.argument("environment_id", metavar="ENVIRONMENT")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@at_server
def unset_variables(environment_id: str, names: tuple[str, ...], *, server: Target) -> None:
    """Delete variables of ENVIRONMENT."""
    from cli.environments import drop  # noqa: PLC0415 - commands load what they need

    run(drop(client_of(server), environment_id, names))


@env.command("deploy")
@click.argument("environment_id", metavar="ENVIRONMENT")
@click.argument("generation_id", metavar="GENERATION")
@at_server
def deploy_to_environment(environment_id: str, generation_id: str, *, server: Target) -> None:
    """Deploy the code of GENERATION to ENVIRONMENT, and watch it."""
    from cli.environments import deploy  # noqa: PLC0415 - commands load what they need

    run(deploy(client_of(server), environment_id, generation_id))


@click.group()
def domain() -> None:
    """Domains of your own, for what is deployed."""


@domain.command("add")
@click.argument("deployment_id", metavar="DEPLOYMENT")
@click.argument("name")
@at_server
def add_domain(deployment_id: str, name: str, *, server: Target) -> None:
    """Let the domain NAME lead to DEPLOYMENT, and show the DNS records to set."""
    from cli.domains import add  # noqa: PLC0415 - commands load what they need

    run(add(client_of(server), deployment_id, name))


@domain.command("check")
@click.argument("domain_id", metavar="DOMAIN")
@at_server
def check_domain(domain_id: str, *, server: Target) -> None:
    """Let the platform look at DOMAIN again."""
    from cli.domains import check  # noqa: PLC0415 - commands load what they need

    run(check(client_of(server), domain_id))
