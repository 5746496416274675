"""The promise that what Prometheus and Grafana are given is of the instruments that there are."""

from infra.objectives import OBJECTIVES
from infra.observing import files
from services.core.instruments import ALL
from tests.infra.test_templates import RUNBOOKS


def test_the_files_are_those_that_the_code_makes() -> None:
    stale = [path.name for path, text in files().items() if path.read_text() != text]

    assert stale == [], "`python -m infra.observing` writes them"


def test_every_instrument_is_on_the_dashboard_and_on_the_page() -> None:
    pages = [text for path, text in files().items() if path.name in {"grafana.json", "snapinfra.html"}]

    assert len(pages) == 2
    assert [each.name for each in ALL if not all(each.prometheus in page for page in pages)] == []


def test_every_objective_has_a_runbook() -> None:
    sections = RUNBOOKS.read_text().splitlines()

    assert [each.name for each in OBJECTIVES if f"## {each.name}-budget" not in sections] == []
