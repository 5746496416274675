"""The promise that all slices have one shape, so that who knows one finds their way in every other.

A slice that is small is a module, `services/users.py`. Any other is a package: its entities and their tables in
`model.py`, what users do with them in `service.py`, with what its methods take beside it.
"""

import dataclasses
import sys
from collections.abc import Iterator
from inspect import getmembers, isclass, isfunction
from pathlib import Path
from typing import Any, Final, get_args, get_type_hints

import pytest

from services.analytics.validation import NewEvent
from services.bootstrap import TABLES, Services
from services.deployments.service import Deployments
from services.foundation.aws.spec import TableSpec
from services.foundation.jobs.record import JobRecord
from services.generations.service import Generations
from services.projects.jobs import ProjectJobs

ROOT: Final = Path(__file__).parents[2]
NO_SLICES: Final = frozenset({"foundation", "config", "bootstrap", "journal", "memberships", "lifecycle"})
"""What slices stand on, or what stands above them, with a table or a service of its own."""
MODULES_ELSEWHERE: Final = {NewEvent: "stands with the rules of its fields"}
JOBS: Final = (Generations, Deployments)
JOB_FILES: Final = ("model", "service", "job", "events", "history")


def room_of(value: type) -> str:
    return value.__module__.split(".")[1] if value.__module__.startswith("services.") else ""


def services() -> list[type]:
    """Return the services of all slices."""
    return [kind for kind in get_type_hints(Services).values() if room_of(kind) not in NO_SLICES]


SPECS: Final = [spec for spec in TABLES if room_of(spec.entity) not in NO_SLICES]
SLICES: Final = sorted({room_of(kind) for kind in services()} | {room_of(spec.entity) for spec in SPECS})


def inputs_of(service: type) -> Iterator[type]:
    """Yield what the service's methods take that is a new object or a change of one."""
    for _, method in getmembers(service, isfunction):
        hints = {} if method.__name__.startswith("_") else get_type_hints(method)
        hints.pop("return", None)
        for kind in (kind for hint in hints.values() for kind in (hint, *get_args(hint)) if isclass(kind)):
            if dataclasses.is_dataclass(kind) and (kind.__name__.startswith("New") or kind.__name__.endswith("Change")):
                yield kind


def declared_in(module: str) -> list[Any]:
    return [value for value in vars(sys.modules[module]).values() if isinstance(value, TableSpec)]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_an_entity_and_its_table_are_in_the_model_of_their_slice(spec: TableSpec[Any]) -> None:
    name = f"services.{room_of(spec.entity)}"

    assert spec.entity.__module__ in {name, f"{name}.model"}
    assert spec in declared_in(spec.entity.__module__)


@pytest.mark.parametrize("name", SLICES)
def test_a_slice_is_a_module_or_a_package_with_a_service(name: str) -> None:
    folder = ROOT / "services" / name
    files = {path.stem for path in folder.glob("*.py")}

    assert folder.with_suffix(".py").is_file() != ("service" in files)
    assert files == set() or len(files) > len({"__init__", "service"}), "a package of one module is a module"
    assert files == set() or (folder / "__init__.py").read_text() == "", "who imports names the module"


@pytest.mark.parametrize("service", services(), ids=lambda service: service.__name__)
def test_what_a_service_takes_stands_beside_it(service: type) -> None:
    inputs = set(inputs_of(service)) - set(MODULES_ELSEWHERE)

    assert {kind.__module__ for kind in inputs} <= {service.__module__}


def test_inputs_are_seen() -> None:
    inputs = {kind.__name__ for service in services() for kind in inputs_of(service)}

    assert {"NewProject", "ProjectChange", "NewGeneration", "NewWebhook", "SettingsChange", "NewEvent"} <= inputs


@pytest.mark.parametrize("service", JOBS)
def test_a_slice_of_jobs_has_the_files_of_one(service: type) -> None:
    folder = ROOT / "services" / room_of(service)
    model, history = (sys.modules[f"services.{folder.name}.{name}"] for name in ("model", "history"))

    assert [name for name in JOB_FILES if not (folder / f"{name}.py").is_file()] == []
    assert any(isclass(kind) and issubclass(kind, JobRecord) and kind is not JobRecord for kind in vars(model).values())
    assert {"finished", "close_stream"} <= set(vars(history))


def test_all_slices_of_jobs_are_known() -> None:
    subclasses: list[type] = type.__subclasses__(ProjectJobs)

    assert {kind.__name__ for kind in subclasses} == {kind.__name__ for kind in JOBS}
