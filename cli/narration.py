"""What happens to generations and deployments, as lines for the terminal."""

from typing import Any, Final

import click

_COLORS: Final = {"ERROR": "red", "WARN": "yellow"}
_NAMED: Final = 5
"""Of what there was no room for, so many are named."""


def show_generation(event: dict[str, Any]) -> None:
    match event["__typename"]:
        case "AttemptStarted":
            click.secho(f"{event['provider']} ({event['model']}), attempt {event['attempt']}", dim=True)
            _show_left_out(event["leftOut"])
        case "TokenDelta":
            click.echo(event["text"], nl=False)
        case "FileCompleted":
            click.echo(f"  {click.style('✓', fg='green')} {event['path']}  {event['bytes']:,} bytes")
        case "FileDiscarded":
            click.secho(f"  ✗ {event['path']}  {event['discardReason']}", fg="red")
        case "CheckFinished":
            _show_check(event)
        case "AttemptFailed":
            click.secho(f"{event['message']}{' Trying again.' if event['willRetry'] else ''}", fg="yellow")
        case "StreamGap":
            click.secho("Some of the stream is lost; what follows starts anew.", fg="yellow")
        case "GenerationFinished":
            click.echo(f"\n{_summary(event)}")
            _show_unfollowed(event["generation"])
        case _:
            pass


def _show_left_out(parts: list[str]) -> None:
    if parts:
        more = f" and {len(parts) - _NAMED} more" if len(parts) > _NAMED else ""
        click.secho(f"  no room in the model's window for {', '.join(parts[:_NAMED])}{more}", fg="yellow")


def _show_check(event: dict[str, Any]) -> None:
    click.echo(f"  check {event['name']}: {event['checkState']}")
    if event["checkState"] != "PASSED":
        for line in event["output"].splitlines():
            click.secho(f"    {line}", fg="yellow")


def _show_unfollowed(generation: dict[str, Any] | None) -> None:
    for request in generation["notFollowed"] if generation else ():
        click.secho(f"  not followed: {request['text']}. {request['reason']}", fg="yellow")


def _summary(event: dict[str, Any]) -> str:
    generation = event["generation"]
    parts = [event["status"]]
    if generation and generation["files"]:
        parts.append(f"{len(generation['files'])} files")
    elif generation and generation["schema"]:
        parts.append(f"tables: {', '.join(table['name'] for table in generation['schema']['tables'])}")
    return click.style("  ".join(parts), bold=True)


def show_deployment(event: dict[str, Any]) -> None:
    match event["__typename"]:
        case "LogLines":
            show_lines(event["lines"])
        case "StepChanged":
            click.secho(f"{event['step']}: {event['state'].lower()}", fg="cyan")
        case "DeploymentStatusChanged":
            click.secho(" ".join(filter(None, [event["status"], event["url"]])), bold=True)
        case "DeploymentFinished":
            reason = (event["message"] or "").partition("\n")[0]  # what follows are lines that were shown
            click.secho(f"{event['status']} {reason}".strip(), bold=True)
        case "StreamGap":
            click.secho("Some of the log is lost; what follows is what storage has.", fg="yellow")
        case _:
            pass


def show_lines(lines: list[dict[str, Any]]) -> None:
    for line in lines:
        source = click.style(f"{line['stream'].lower():>7} │ ", dim=True)
        click.echo(source + click.style(line["message"], fg=_COLORS.get(line["level"])))


def headline(text: str) -> None:
    click.echo()
    click.secho(text, bold=True, fg="blue")
