"""Assembles what the site of documentation is built from: `python docs/site/assemble.py FOLDER` (`make docs`).

The pages are those of docs/, as they are read in the repository, behind the README. Links that lead out of docs/ lead
to copies, or become the name of the file where it is no page.
"""  # noqa: INP001 - a script beside the configuration

import re
import shutil
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"
PAGES: Final = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
"""Pages that stand beside docs/, and what they are called in the site."""

COPIED: Final = ("schema.graphql",)
FOLDERS: Final = {"how-to": "How to", "reference": "Reference", "operations": "Operations", "adr": "Decisions"}
MEASURED: Final = re.compile(r"# .*\n\n(?:[^\n]+\n){0,2}[^\n]*`(?:make|python -m) ")
"""How a page begins that a command has written."""

MERMAID: Final = ROOT / ".tools" / "site" / "node_modules" / "mermaid" / "dist" / "mermaid.min.js"
"""What draws diagrams. Pages with one load it from the site itself."""

_LINK: Final = re.compile(r"\]\(([^()#:\s]+)(#[^()\s]*)?\)")


def assemble(folder: Path) -> None:
    """Write the pages and the configuration into a folder, which is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    pages = folder / "pages"
    shutil.copytree(DOCS, pages, ignore=shutil.ignore_patterns("site"))
    for file in (*(ROOT / name for name in COPIED), MERMAID):
        shutil.copy(file, pages / file.name)
    for page in sorted(pages.rglob("*.md")):
        page.write_text(_relinked(page.read_text(), DOCS / page.relative_to(pages), page, pages))
    for name, called in PAGES.items():
        (pages / called).write_text(_relinked((ROOT / name).read_text(), ROOT / name, pages / called, pages))
    configuration = (DOCS / "site" / "mkdocs.yml").read_text()
    (folder / "mkdocs.yml").write_text(f"{configuration}nav:\n{''.join(_nav(pages))}")


def _relinked(text: str, source: Path, page: Path, pages: Path) -> str:
    """Return a page's text with links that lead where their targets are in the site."""

    def relink(link: re.Match[str]) -> str:
        target = (source.parent / link[1]).resolve()
        name = target.relative_to(ROOT).as_posix()
        if target.is_dir():
            target = next(iter(sorted(target.glob("*.md"))), target)
        if target.is_relative_to(DOCS) and target.is_file():
            inside = pages / target.relative_to(DOCS)
        elif name in PAGES or name in COPIED:
            inside = pages / PAGES.get(name, name)
        else:
            return f"] (`{name}`)"
        up = "../" * len(page.relative_to(pages).parent.parts)
        return f"]({up}{inside.relative_to(pages).as_posix()}{link[2] or ''})"

    return _without_brackets(_LINK.sub(relink, text)) + _drawing(text, page, pages)


def _drawing(text: str, page: Path, pages: Path) -> str:
    """Return what draws the diagrams of a page."""
    up = "../" * len(page.relative_to(pages).parent.parts)
    return f'\n<script src="{up}{MERMAID.name}"></script>\n' if "```mermaid" in text else ""


def _without_brackets(text: str) -> str:
    """Write a link to a file that is no page as its words, with the file's name behind them."""
    return re.sub(r"\[([^\[\]]*)\] (\(`[^`]*`\))", r"\1 \2", text)


def _nav(pages: Path) -> list[str]:
    """Return the navigation: the README, what is explained, the folders, what commands have measured."""
    own = {page for page in pages.glob("*.md") if page.name not in PAGES.values()}
    measured = {page for page in own if MEASURED.match(page.read_text())}
    sections = {"Explained": own - measured}
    sections |= {title: set((pages / name).glob("*.md")) for name, title in FOLDERS.items()}
    sections["Measured"] = measured
    lines = ["  - index.md\n"]
    for title, members in sections.items():
        lines.append(f"  - {title}:\n")
        lines += [f"      - {page.relative_to(pages).as_posix()}\n" for page in sorted(members)]
    return [*lines, "  - contributing.md\n", "  - changelog.md\n"]


if __name__ == "__main__":
    assemble(Path(sys.argv[1]))
