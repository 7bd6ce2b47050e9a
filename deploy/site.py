"""What `mkdocs` needs beyond its settings: the pages that stand above `docs/`, and links to files that are no page.

Events: https://www.mkdocs.org/dev-guide/plugins/#events.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
ABOVE = {"README.md": "index.md", **{name: name for name in ("ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")}}
"""Page above `docs/` → its name on the site."""
_FENCE = re.compile(r"^( *```+\w*)[ \t][^\n`]*$", re.MULTILINE)
"""A fence says what a test does with its block behind the language, which Python's Markdown takes for no fence."""
_LINK = re.compile(r"\[([^\]\[]*)\]\((?!https?:|mailto:|#)([^)#\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, *, config: Any) -> Files:
    """Adds the pages above."""
    for name, page in ABOVE.items():
        files.append(File.generated(config, page, content=(ROOT / name).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, *, page: Any, files: Files, **_: Any) -> str:
    """Turns links that are right in the project into those of the site; a file that is no page keeps its name only."""
    here = next((name for name, uri in ABOVE.items() if uri == page.file.src_uri), f"docs/{page.file.src_uri}")
    pages = {**{f"docs/{file.src_uri}": file.src_uri for file in files}, **ABOVE}

    def moved(match: re.Match[str]) -> str:
        words, path, anchor = match[1], match[2], match[3] or ""
        target = posixpath.normpath(posixpath.join(posixpath.dirname(here), path))
        if target not in pages and (ROOT / target).exists():
            return words if words.startswith("`") else f"{words} (`{target}`)"
        if target not in pages:
            return match[0]  # for mkdocs to complain of
        return f"[{words}]({posixpath.relpath(pages[target], posixpath.dirname(page.file.src_uri) or '.')}{anchor})"

    return _LINK.sub(moved, _FENCE.sub(r"\1", markdown))
