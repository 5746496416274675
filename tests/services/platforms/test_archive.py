"""The tests of unpacking archives that may be hostile."""

import io
import stat
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from services.platforms.archive import MAX_FILES, MAX_UNPACKED, unpack
from services.platforms.port import DeployFailed

Fill = Callable[[zipfile.ZipFile], object]


def packed(fill: Fill) -> bytes:
    data = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # zipfile warns of the duplicates that a test asks for
        fill(archive)
    return data.getvalue()


def with_names(*names: str) -> bytes:
    return packed(lambda archive: [archive.writestr(name, "x") for name in names])


def with_kind(kind: int) -> bytes:
    entry = zipfile.ZipInfo("link")
    entry.external_attr = (kind | 0o777) << 16
    return packed(lambda archive: archive.writestr(entry, "/etc/passwd"))


def refused(archive: bytes, folder: Path) -> str:
    """Unpack an archive that must be refused; return the sentence, having made sure that nothing was written."""
    with pytest.raises(DeployFailed) as failure:
        unpack(archive, into=folder / "site")

    assert failure.value.reason == "BAD_ARCHIVE"
    assert list(folder.iterdir()) == []
    return failure.value.message


def test_files_and_folders_are_written_as_they_are(tmp_path: Path) -> None:
    archive = with_names("package.json", "src/", "src/server.ts", "src/routes/users.ts", "ünï.txt")

    unpack(archive, into=tmp_path / "site")

    written = sorted(path.relative_to(tmp_path / "site").as_posix() for path in tmp_path.rglob("*.*"))
    assert written == ["package.json", "src/routes/users.ts", "src/server.ts", "ünï.txt"]


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../out",
        "a/../../out",
        "a/./b",
        "C:/x",
        "a\\..\\b",
        "a//b",
        "a\nb",
        " a",
        "/",
        ".",
        "a/..",
        "x" * 300,
    ],
)
def test_a_path_that_could_lead_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    assert "is not allowed" in refused(with_names("ok", name), tmp_path)


def test_a_name_of_more_bytes_than_a_file_system_takes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeployFailed, match="path") as failure:
        unpack(with_names("ok", "漢" * 190 + ".ts"), into=tmp_path / "site")

    assert failure.value.reason == "BAD_ARCHIVE"


def test_a_name_that_hides_a_nul_is_refused(tmp_path: Path) -> None:
    archive = with_names("safeX../evil").replace(b"safeX", b"safe\0")

    assert "is not allowed" in refused(archive, tmp_path)


@pytest.mark.parametrize(
    "names", [("a", "a"), ("README", "readme"), ("ß", "ss"), ("a", "a/b"), ("a/b", "a"), ("a", "a/"), ("é", "e\u0301")]
)
def test_paths_that_collide_are_refused(names: tuple[str, str], tmp_path: Path) -> None:
    refused(with_names(*names), tmp_path)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_special_files_are_refused(kind: int, tmp_path: Path) -> None:
    assert "a link or a special file" in refused(with_kind(kind), tmp_path)


def test_an_archive_of_too_many_files_is_refused(tmp_path: Path) -> None:
    assert "entries" in refused(with_names(*(str(number) for number in range(MAX_FILES + 1))), tmp_path)


def test_an_archive_that_grows_too_large_is_refused(tmp_path: Path) -> None:
    half = b"\0" * (MAX_UNPACKED // 2 + 1)
    archive = packed(lambda archive: [archive.writestr(name, half) for name in "ab"])

    assert len(archive) < 1_000_000
    assert "unpacks to more than" in refused(archive, tmp_path)


def test_a_file_larger_than_the_archive_admits_is_never_written_in_full(tmp_path: Path) -> None:
    honest = packed(lambda archive: archive.writestr("a", b"\0" * 1_000_000))
    lying = honest.replace((1_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))

    with pytest.raises(DeployFailed, match="not a readable ZIP"):
        unpack(lying, into=tmp_path / "site")

    assert sum(path.stat().st_size for path in tmp_path.rglob("a")) <= 10


def test_other_packing_methods_are_refused(tmp_path: Path) -> None:
    archive = packed(lambda archive: archive.writestr("a", "x", compress_type=zipfile.ZIP_BZIP2))

    assert "deflate" in refused(archive, tmp_path)


def test_what_is_no_zip_is_refused(tmp_path: Path) -> None:
    assert refused(b"hello", tmp_path) == "The archive is not a readable ZIP."
    assert refused(with_names("a", "b")[:-30], tmp_path) == "The archive is not a readable ZIP."


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    archive = packed(lambda archive: archive.writestr("a", "some words " * 50, compress_type=zipfile.ZIP_STORED))

    with pytest.raises(DeployFailed, match="not a readable ZIP"):
        unpack(archive.replace(b"some words", b"sOme words", 1), into=tmp_path / "site")
