"""The mutants of `make backends` still find what they break: templates change, and a mutant must with them."""

from pathlib import Path

import pytest

from tests.backends.mutants import MUTANTS
from tests.backends.mutating import Mutant
from tests.backends.subjects import SUBJECTS


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The five backends, one in a folder each."""
    written: list[Path] = []
    for subject in SUBJECTS:
        written.append(tmp_path_factory.mktemp(subject.name))
        subject.write(written[-1])
    return written


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_breaks_something_of_one_of_the_five_backends(mutant: Mutant, folders: list[Path]) -> None:
    assert any(mutant.broken(folder) for folder in folders)
