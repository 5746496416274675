"""What is looked for before a version is released."""

from tests.release import faults

CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-11-30\n\n### Added\n"


def test_a_version_is_the_packages_and_has_a_section() -> None:
    assert faults("1.2.3", package="1.2.3", changelog=CHANGELOG) == []
    assert faults("1.2.3", package="1.2.2", changelog=CHANGELOG) == ["pyproject.toml is of 1.2.2, not of 1.2.3."]
    assert faults("1.2.4", package="1.2.4", changelog=CHANGELOG) == ["CHANGELOG.md has no section [1.2.4]."]
    assert len(faults("", package="1.2.3", changelog=CHANGELOG)) == 2
