"""A folder in which somebody works on what was generated: its branch `generated`, and the merge of that."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from cli.client import Refused
from cli.git import Git, words
from services.core.frozen import frozen
from services.core.git import blob_sha, quoted
from services.platforms.github.generated import GENERATED, GENERATION
from services.platforms.github.outcomes import FileOutcome, Versions, edited
from services.platforms.github.tree import Entry

MAIN: Final = "main"
"""The branch of a new repository that is worked on."""
SHOWN: Final = 5
"""Changed files that a refusal names."""

_COMMITTER: Final = "Snapinfra <snapinfra@localhost>"
_MODE: Final = "100644"
_BEGIN: Final = "Begin the branch generated"
_JOIN: Final = "Join the branch generated, of which nothing is taken over yet"
_UNDER_WAY: Final = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD")
_LOCAL: Final = f"refs/heads/{GENERATED}"
_REMOTE: Final = f"refs/remotes/origin/{GENERATED}"
_MERGE: Final = (
    *("merge", "--quiet", "--ff", "--commit", "--no-squash", "--no-edit", "--no-autostash"),
    "-Xignore-cr-at-eol",  # of an editor that writes other ends of lines
)


@frozen
class Merge:
    branch: str
    """The one that is worked on."""
    has_changes: bool
    conflicts: Sequence[str]
    """Paths of files in which conflicts are marked."""
    files: Mapping[str, FileOutcome]
    """Those that people had changed since they were generated, by path."""


@frozen
class Worktree:
    git: Git

    @classmethod
    def of(cls, git: Git) -> "Worktree":
        """Return a folder's, which is begun where there is nothing yet. Raises Refused where git can't merge there."""
        git.require()
        try:
            is_new = is_free(git.folder)
            git.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Refused(f"{git.folder} can't be used: {error.strerror}") from None
        if is_new:
            git("init", "--quiet")
            git("symbolic-ref", "HEAD", f"refs/heads/{MAIN}")
        _require_repository(git)
        _require_calm(git)
        return cls(git)

    @property
    def generation(self) -> str | None:
        """The generation that the newest commit of `generated` names."""
        trailer = f"--format=%(trailers:key={GENERATION},valueonly)"
        newest = self._ends()[:1]
        return self.git("log", "-1", trailer, *newest).strip() or None if newest else None

    def write(self, files: Mapping[str, bytes], *, message: str, base: Mapping[str, bytes] | None = None) -> None:
        """Let `generated` lead to a commit of these files. `base` is what the folder began with, if nothing says so.

        A clone's `origin/generated` is gone on with.
        """
        if base is not None and self._ends():
            raise Refused(f"The branch {GENERATED} says what was generated here: leave --from out.")
        if not self._ends() and self.git.commit("HEAD"):
            self._commit(base or {}, _BEGIN, ())
        ends = self._ends()
        if len(ends) == 1 and self._has(ends[0], files):
            self.git("update-ref", _LOCAL, ends[0])
        else:
            self._commit(files, message, ends)

    def merge(self) -> Merge:
        """Merge `generated` into the branch that is checked out. Conflicts stay in the files, as git leaves them."""
        before = self.git.commit("HEAD")
        if before and self.git.asked("merge-base", before, _LOCAL) is None:
            self._join()
        versions: Mapping[str, Versions] = self._edited() if before else {}
        done = self.git.run(*self.git.as_committer(), *_MERGE, GENERATED)
        conflicts = sorted({row.partition("\t")[2] for row in self.git.listed("ls-files", "--unmerged", "-z")})
        if done.returncode and not conflicts:
            raise Refused(words(done))
        files = dict.fromkeys(conflicts, FileOutcome.CONFLICT)
        for path, each in versions.items():
            files[path] = each.outcome(is_merged=path not in conflicts) or FileOutcome.CONFLICT
        branch = self.git("symbolic-ref", "--short", "HEAD")
        return Merge(branch, bool(conflicts) or before != self.git.commit("HEAD"), conflicts, files)

    def _join(self) -> None:
        """Give the branch the first commit of `generated` as a parent, from which git then merges."""
        root = self.git("rev-list", "--max-parents=0", _LOCAL).split()[-1]
        options = ("--allow-unrelated-histories", "--quiet", "-m", _JOIN)
        self.git(*self.git.as_committer(), "merge", "--strategy=ours", *options, root)

    def _edited(self) -> Mapping[str, Versions]:
        base = self.git("merge-base", "HEAD", _LOCAL)
        return edited(self._files(base), self._files("HEAD"), self._files(_LOCAL))

    def _files(self, commit: str) -> Mapping[str, Entry]:
        files: dict[str, Entry] = {}
        for row in self.git.listed("ls-tree", "-r", "-z", commit):
            head, _, path = row.partition("\t")
            mode, kind, sha = head.split()
            files[path] = Entry(path, mode, kind, sha)
        return files

    def _has(self, commit: str, files: Mapping[str, bytes]) -> bool:
        there = {path: entry.sha for path, entry in self._files(commit).items()}
        return there == {path: blob_sha(content) for path, content in files.items()}

    def _ends(self) -> Sequence[str]:
        """Return what `generated` leads to here and at the origin, without one that the other stands on."""
        here, there = self.git.commit(_LOCAL), self.git.commit(_REMOTE)
        if here and there:
            if self.git.is_ancestor(here, there):
                return [there]
            return [here] if self.git.is_ancestor(there, here) else [here, there]
        return [end for end in (here, there) if end]

    def _commit(self, files: Mapping[str, bytes], message: str, parents: Sequence[str]) -> None:
        """Commit files as they are, past the folder and its filters (git-scm.com/docs/git-fast-import)."""
        stream = b"".join(_stream(files, message, parents))
        self.git("fast-import", "--quiet", "--date-format=now", given=stream)


def is_free(folder: Path) -> bool:
    """Say whether there is nothing yet, or an empty folder."""
    return not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))


def _require_repository(git: Git) -> None:
    """Raise Refused unless the folder is the top of a repository with all its history."""
    top = git.asked("rev-parse", "--show-toplevel") if git.folder.is_dir() else None
    if top is None or Path(top).resolve() != git.folder.resolve():
        commands = "git init && git add --all && git commit -m 'What I have'"
        raise Refused(f"{git.folder} has no git repository of its own. To merge with what is there: {commands}")
    if git.asked("rev-parse", "--is-shallow-repository") == "true":
        raise Refused("This clone does not have all the history: git fetch --unshallow")


def _require_calm(git: Git) -> None:
    """Raise Refused unless a merge can begin, and can be undone."""
    if any(git.commit(name) for name in _UNDER_WAY):
        raise Refused("A merge is under way here: end it with `git commit`, or with `git merge --abort`.")
    if git.asked("symbolic-ref", "--quiet", "HEAD") is None:
        raise Refused(f"No branch is checked out here: git switch {MAIN}")
    if git("symbolic-ref", "HEAD") == _LOCAL or git("for-each-ref", "--format=%(worktreepath)", _LOCAL):
        raise Refused(f"The branch {GENERATED} is checked out. Go to yours: git switch {MAIN}")
    if changed := git.listed("status", "--porcelain", "-z", "--untracked-files=no", "--no-renames"):
        names = ", ".join(row[3:] for row in changed[:SHOWN])
        raise Refused(f"Commit what you have changed first, or stash it: {names}")


def _stream(files: Mapping[str, bytes], message: str, parents: Sequence[str]) -> Iterator[bytes]:
    yield f"commit {_LOCAL}\ncommitter {_COMMITTER} now\n".encode()
    yield _data(message.encode())
    for word, parent in zip(("from", "merge"), parents, strict=False):
        yield f"{word} {parent}\n".encode()
    yield b"deleteall\n"
    for path, content in sorted(files.items()):
        yield f"M {_MODE} inline {quoted(path)}\n".encode()
        yield _data(content)


def _data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)
