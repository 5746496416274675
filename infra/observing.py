"""`python -m infra.observing` writes what Prometheus and Grafana are given, from the instruments and the objectives."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from infra.dashboard import console, dashboard
from infra.objectives import rules

FOLDER: Final = Path(__file__).parent / "prometheus"


def files() -> Mapping[Path, str]:
    """Return the files, by where they belong."""
    return {
        FOLDER / "rules.json": rules(),
        FOLDER / "grafana.json": dashboard(),
        FOLDER / "consoles" / "snapinfra.html": console(),
    }


def main() -> None:
    for path, text in files().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()
