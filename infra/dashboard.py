"""The dashboard for Grafana: for each instrument what an operator asks of it, and above all the objectives' budgets."""

import json
from collections.abc import Iterator
from typing import Any, Final

from infra.objectives import OBJECTIVES
from services.core import instruments
from services.core.telemetry import Instrument, Kind

_BY: Final = {
    instruments.OPERATIONS: "graphql_operation_name",
    instruments.JOB_WAIT: "messaging_destination_name",
    instruments.ATTEMPTS: "messaging_destination_name",
    instruments.GENERATIONS: "snapinfra_kind",
    instruments.DEPLOYMENTS: "snapinfra_target",
    instruments.PROVIDER_SECONDS: "gen_ai_provider_name",
    instruments.FIRST_TOKEN: "gen_ai_provider_name",
    instruments.TOKENS: "gen_ai_token_type",
    instruments.FALLBACKS: "gen_ai_provider_name",
    instruments.COST: "gen_ai_provider_name",
}
"""By which label an instrument is drawn."""


_SHOWN: Final = {"s": "humanizeDuration", "percentunit": "humanizePercentage", "short": 'printf "%.6g"'}
"""How Prometheus writes a figure of a unit of Grafana's."""


def _queries(instrument: Instrument, window: str) -> Iterator[tuple[str, str, str]]:
    """Yield what is drawn of an instrument: a title, the query, and the unit as Grafana calls it.

    Within a window, as it changes; or since the processes began, which shows the first of everything as well.
    """
    by, name = _BY.get(instrument, ""), instrument.prometheus
    label = f" by ({by})" if by else ""
    unit = "s" if instrument.unit == "s" else "short"
    title, times = ("a minute", "60 * ") if window else ("so far", "")

    def growth(series: str) -> str:
        return f"(rate({series}[{window}]))" if window else f"({series})"

    match instrument.kind:
        case Kind.COUNTER:
            yield title, f"{times}sum{label} {growth(name)}", "short"
        case Kind.UP_DOWN_COUNTER:
            yield "now", f"sum{label} ({name})", "short"
        case Kind.HISTOGRAM:
            within = f"by (le{', ' + by if by else ''})"
            buckets = f"sum {within} {growth(name + '_bucket')}"
            yield title, f"{times}sum{label} {growth(name + '_count')}", "short"
            yield "95 of 100", f"histogram_quantile(0.95, {buckets})", unit


def _panels(window: str) -> Iterator[tuple[str, str, str, str]]:
    for objective in OBJECTIVES:
        budget = f"({objective.errors('3d')}) / {1 - objective.part:g}"
        yield f"{objective.name}: errors in 3 days, of those allowed", objective.says, budget, "percentunit"
    for instrument in instruments.ALL:
        for title, query, unit in _queries(instrument, window):
            yield f"{instrument.name}: {title}", instrument.description, query, unit


def dashboard() -> str:
    """Write the dashboard as Grafana imports it."""
    panels = [
        {
            "id": number + 1,
            "type": "timeseries",
            "title": title,
            "description": description,
            "datasource": {"type": "prometheus", "uid": "${source}"},
            "gridPos": {"h": 8, "w": 8, "x": 8 * (number % 3), "y": 8 * (number // 3)},
            "fieldConfig": {"defaults": {"unit": unit}, "overrides": list[Any]()},
            "targets": [{"refId": "A", "expr": query}],
        }
        for number, (title, description, query, unit) in enumerate(_panels("5m"))
    ]
    whole: dict[str, Any] = {
        "uid": "snapinfra",
        "title": "Snapinfra",
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [{"name": "source", "type": "datasource", "query": "prometheus"}]},
        "panels": panels,
    }
    return f"{json.dumps(whole, indent=2)}\n"


def console() -> str:
    """Write the same as a page of Prometheus itself, which needs nothing else: the figures as they are now.

    What is no number, as nothing was counted, is left out by a comparison.
    """
    rows = "\n".join(
        f'<tr><th title="{description}">{title}</th><td>{{{{ range query `({query}) >= 0` }}}}'
        f"{{{{ range $name, $value := .Labels }}}}{{{{ $value }}}} {{{{ end }}}}{{{{ .Value | {_SHOWN[unit]} }}}}<br>"
        f"{{{{ end }}}}</td></tr>"
        for title, description, query, unit in _panels("")
    )
    alerts = (
        '{{ range query `ALERTS{alertstate="firing"}` }}<p class="ringing">{{ .Labels.alertname }} '
        "({{ .Labels.severity }}, {{ .Labels.window }})</p>{{ else }}<p>No alert rings.</p>{{ end }}"
    )
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="30">
<title>Snapinfra</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c1e21 }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid #d8dbe0 }}
th {{ font-weight: 500; width: 50% }}
td {{ font-variant-numeric: tabular-nums }}
.ringing {{ color: #b3261e; font-weight: 600 }}
</style>
<h1>Snapinfra</h1>
{alerts}
<table>
{rows}
</table>
</html>
"""
