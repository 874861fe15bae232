"""Who does not want to be in the data: authors, repositories and posts, from a list that collect and export honour.

A line of the list is ``author: NAME-OR-ADDRESS``, ``repository: OWNER/NAME`` or ``post: SITE/NUMBER``; ``#`` begins a
comment. Names know no case. What an opted-out question has on it goes with it; an opted-out author's commits,
questions, answers and comments do.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from miner.collect.interface import MinedPage, Rows
from miner.errors import OptOutError
from miner.model import Omission, OmissionReason
from miner.store.postrows import SOURCE as _POSTS
from miner.store.rows import omission_row
from miner.store.tables import metadata

REDACTED = "[opted out]"
"""Stands in the archive for the names and texts of those who opted out; an author of this name always did."""

_POST = re.compile(r"[a-z0-9.-]+/\d{1,18}")
_REPOSITORY = re.compile(r"/?[^\s/]+(/[^\s/]+)+")
_DETAIL = "it, its author or its repository is on the opt-out list"


@dataclass(frozen=True, slots=True)
class OptOut:
    """An opt-out list, in lower case; ``posts`` are SITE/NUMBER."""

    authors: frozenset[str] = frozenset()
    repositories: frozenset[str] = frozenset()
    posts: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.authors or self.repositories or self.posts)

    def author(self, *names: object) -> bool:
        """Tell whether one of an author's names or addresses is on the list."""
        said = [name.strip().casefold() for name in names if isinstance(name, str)]
        return any(name in self.authors or name == REDACTED for name in said)

    def repository(self, name: str) -> bool:
        """Tell whether a repository is on the list, by its full name."""
        return name.casefold() in self.repositories

    def post(self, site: object, number: object) -> bool:
        """Tell whether a post is on the list."""
        return f"{site}/{number}" in self.posts


def read_opt_out(path: Path) -> OptOut:
    """Read an opt-out list.

    :raises OptOutError: if it cannot be read, or for a line that it does not understand: nothing goes unheard.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise OptOutError(f"the opt-out list {path} cannot be read as UTF-8 text: {error}") from None
    found: dict[str, set[str]] = {"author": set(), "repository": set(), "post": set()}
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if text:
            kind, value = _entry(path, number, text)
            found[kind].add(value)
    return OptOut(frozenset(found["author"]), frozenset(found["repository"]), frozenset(found["post"]))


def admitted(mined: MinedPage, opt_out: OptOut, run_id: int) -> MinedPage:
    """Give a page without what is opted out; each commit and post that it leaves out is an omission."""
    rows, left_out = admitted_rows(mined.rows, opt_out, run_id)
    if not left_out:
        return mined
    fixes = [_values("fix", row) for row in rows.get("fix", ())]
    labels = [_values("label", row) for row in rows.get("label", ())]
    admitted_page = replace(mined, rows=rows, fixes=len(fixes))
    admitted_page.libraries = type(mined.libraries)(str(row["library"]) for row in fixes)
    first = (row for row in labels if row["scheme"] == "pattern" and row["rank"] == 1)
    admitted_page.patterns = type(mined.patterns)(str(row["value"]) for row in first)
    admitted_page.omissions = mined.omissions + type(mined.omissions)({OmissionReason.OPTED_OUT.value: left_out})
    return admitted_page


def admitted_rows(rows: Rows, opt_out: OptOut, run_id: int) -> tuple[Rows, int]:
    """Give a page's rows without what is opted out, and how many commits and posts that leaves out."""
    shas = {
        str(row["sha"])
        for row in map(_of("git_commit"), rows.get("git_commit", ()))
        if opt_out.author(row["author_name"], row["author_email"])
    }
    posts = _posts(rows, opt_out)
    comments = {
        (row["site"], row["comment_id"])
        for row in map(_of("comment"), rows.get("comment", ()))
        if opt_out.author(row["author_name"])
    }
    if not shas and not posts and not comments:
        return rows, 0
    gone = _Gone(shas, posts, comments)
    gone.fixes = {row["fix_id"] for row in map(_of("fix"), rows.get("fix", ())) if gone.row("fix", row)}
    kept: Rows = defaultdict(list)
    kept |= {name: [row for row in found if not gone.row(name, _values(name, row))] for name, found in rows.items()}
    left_out = [
        *(("git", Omission(OmissionReason.OPTED_OUT, f"commit:{sha}", _DETAIL, sha)) for sha in sorted(shas)),
        *((_POSTS, Omission(OmissionReason.OPTED_OUT, f"post:{site}:{no}", _DETAIL)) for site, no in sorted(posts)),
    ]
    rows_of_it = [omission_row(source, one, None, run_id) for source, one in left_out]
    kept["omission"] = [*kept.get("omission", ()), *rows_of_it]
    return kept, len(left_out)


class _Gone:
    """What is opted out, by its keys."""

    def __init__(self, shas: set[str], posts: set[tuple[str, int]], comments: set[tuple[Any, Any]]) -> None:
        self._shas = shas
        self._posts = posts
        self._comments = comments
        self.fixes: set[Any] = set()

    def row(self, table: str, row: dict[str, Any]) -> bool:
        """Tell whether a row hangs on something that is opted out."""
        site = row.get("site")
        if row.get("sha") in self._shas or row.get("fix_id") in self.fixes:
            return True
        if any((site, row.get(name)) in self._posts for name in ("post_id", "question_id", "answer_id")):
            return True
        if table == "comment" and (site, row["comment_id"]) in self._comments:
            return True
        return table == "link" and (
            row["source_id"] in self._shas or row["source_id"] in {f"{site}/{no}" for site, no in self._posts}
        )


def _posts(rows: Rows, opt_out: OptOut) -> set[tuple[str, int]]:
    found = [_values("post", row) for row in rows.get("post", ())]
    named = {
        (row["site"], row["post_id"])
        for row in found
        if opt_out.post(row["site"], row["post_id"]) or opt_out.author(row["author_name"])
    }
    return named | {(row["site"], row["post_id"]) for row in found if (row["site"], row["question_id"]) in named}


def _of(table: str) -> Any:
    return lambda row: _values(table, row)


def _values(table: str, row: Iterable[Any]) -> dict[str, Any]:
    return dict(zip(metadata.tables[table].c.keys(), row, strict=True))


def _entry(path: Path, number: int, text: str) -> tuple[str, str]:
    kind, colon, rest = text.partition(":")
    value = rest.strip().casefold()
    forms = {"author": re.compile(r".+"), "repository": _REPOSITORY, "post": _POST}
    form = forms.get(kind.strip().casefold()) if colon else None
    if form is None or not form.fullmatch(value):
        raise OptOutError(
            f"line {number} of the opt-out list {path} is none of author: NAME-OR-ADDRESS, repository: OWNER/NAME, "
            f"post: SITE/NUMBER: {text[:100]!a}"
        )
    return kind.strip().casefold(), value
