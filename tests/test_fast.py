"""What a change touches, for `make test-fast`."""

from pathlib import Path

import pytest

from tests.fast import touched


@pytest.mark.parametrize(
    ("changed", "tests"),
    [
        ("services/llm/files.py", ["tests/services/llm/test_files.py"]),
        ("services/settings.py", ["tests/services/test_settings.py"]),
        ("services/teams/members.py", ["tests/services/teams"]),
        ("services/foundation/limits/throttle.py", ["tests/services/foundation/limits/test_throttle.py"]),
        ("resolvers/generations/objects.py", ["tests/resolvers/test_generations.py"]),
        ("graph/turns.py", ["tests/graph/test_turns.py"]),
        ("tests/services/jobs.py", []),
        ("tests/resolvers/test_users.py", ["tests/resolvers/test_users.py"]),
        (
            "tests/slices/users.py",
            [
                f"tests/resolvers/test_{name}.py"
                for name in ("authorization", "creates", "inputs", "isolation", "repeats")
            ],
        ),
        ("README.md", []),
        ("resolvers/shown.py", []),
    ],
)
def test_a_change_touches_the_tests_of_its_part(changed: str, tests: list[str]) -> None:
    assert touched([Path(changed)]) == tests


def test_a_file_within_a_touched_folder_is_not_run_twice() -> None:
    both = [Path("services/teams/members.py"), Path("tests/services/teams/test_deleting.py")]

    assert touched(both) == ["tests/services/teams"]
