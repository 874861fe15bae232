"""Makes an instance of each fix: the bug, its repair, who labelled it as what, where it is from, and who wrote it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from miner.export.families import Families, Node
from miner.export.values import plain
from miner.store import exports
from miner.store.exports import Selection

Instance = dict[str, Any]


def instances(connection: Connection, selection: Selection, families: Families) -> Iterator[tuple[Instance, Node]]:
    """Give an instance of each selected fix, in the order of their ids, with the node of its family."""
    for page in exports.pages(connection, selection):
        made = _Page(connection, page, families)
        for row in page:
            yield made.instance(row)


class _Page:
    """Everything that belongs to a page of fixes."""

    def __init__(self, connection: Connection, page: list[Any], families: Families) -> None:
        ids = [row.fix_id for row in page]
        shas = sorted({row.sha for row in page if row.sha is not None})
        self._families = families
        self._labels = exports.labels(connection, ids)
        self._clusters = exports.by_fix(connection, "fix_cluster", ids)
        self._hunks = exports.by_fix(connection, "fix_hunk", ids)
        self._pairs = exports.by_fix(connection, "pair", ids)
        self._commits = exports.commits(connection, shas)
        self._changes = exports.changes(connection, shas)
        posts = {(row.site, number) for row in page if row.site for number in (row.question_id, row.answer_id)}
        self._posts = exports.posts(connection, posts)

    def instance(self, row: Any) -> tuple[Instance, Node]:
        node: Node = ("question", row.site, row.question_id)
        if row.sha is not None:
            node = ("repository", self._commits[row.sha].repository_id, 0)
        cluster = self._clusters.get(row.fix_id)
        about = {
            "instance_id": row.fix_id,
            "source": row.source,
            "library": row.library,
            "fixed_at": plain(row.fixed_at),
            "family": self._families.of(node),
            "cluster_id": cluster[0].cluster_id if cluster else row.fix_id,
        }
        of_source = self._of_commit(row) if row.sha is not None else self._of_answer(row)
        return {**about, **of_source, "labels": [_label(one) for one in self._labels.get(row.fix_id, ())]}, node

    def _of_commit(self, row: Any) -> Instance:
        commit = self._commits[row.sha]
        url = f"https://github.com/{commit.repository}/commit/{row.sha}" if commit.host == "github.com" else None
        changed = self._changes.get(row.sha, {})
        wanted: dict[int, set[int]] = {}
        for one in self._hunks.get(row.fix_id, ()):
            wanted.setdefault(one.file_no, set()).add(one.hunk_no)
        return {
            "repository": commit.repository,
            "sha": row.sha,
            "base_commit": commit.parents.partition(" ")[0] or None,
            "url": url,
            "title": commit.message.partition("\n")[0],
            "text": commit.message,
            "bug_fix_score": commit.bug_fix_score,
            "selection_rule": "bug_fix_commit",
            "changes": [_file(*changed[no], wanted[no]) for no in sorted(wanted) if no in changed],
            "attribution": [{"kind": "commit", "url": url, "author": commit.author_name, "licence": commit.licence}],
        }

    def _of_answer(self, row: Any) -> Instance:
        question = self._posts[(row.site, row.question_id)]
        answer = self._posts[(row.site, row.answer_id)]
        return {
            "url": f"https://{row.site}/a/{row.answer_id}",
            "question_url": f"https://{row.site}/q/{row.question_id}",
            "title": question.title,
            "text": question.body,
            "answer": answer.body,
            "selection_rule": row.selection_rule,
            "changes": [_pair(one) for one in self._pairs.get(row.fix_id, ())],
            "attribution": [_attribution(one) for one in (question, answer)],
        }


def patch(file: Any, hunks: list[Any]) -> str:
    """Write hunks of a file as a unified diff that git and patch apply.

    https://git-scm.com/docs/diff-format#generate_patch_text_with_p
    """
    old = f"a/{file.old_path}" if file.old_path else "/dev/null"
    new = f"b/{file.new_path}" if file.new_path else "/dev/null"
    either = (file.old_path or file.new_path, file.new_path or file.old_path)
    lines = [f"diff --git a/{either[0]} b/{either[1]}"]
    if not file.old_path:
        lines.append(f"new file mode {file.new_mode}")
    elif not file.new_path:
        lines.append(f"deleted file mode {file.old_mode}")
    elif file.old_path != file.new_path:
        lines += [f"rename from {file.old_path}", f"rename to {file.new_path}"]
    lines += [f"--- {old}", f"+++ {new}"]
    for one in hunks:
        heading = f" {one.heading}" if one.heading else ""
        lines.append(f"@@ -{one.old_start},{one.old_lines} +{one.new_start},{one.new_lines} @@{heading}")
        lines.append(one.body.removesuffix("\n"))
    return "\n".join(lines) + "\n"


def sides(body: str) -> tuple[str, str]:
    """Give the text before and after a hunk."""
    lines = [line for line in body.split("\n") if line and not line.startswith("\\")]
    before = [line[1:] for line in lines if line[0] in " -"]
    after = [line[1:] for line in lines if line[0] in " +"]
    return "\n".join(before), "\n".join(after)


def _file(file: Any, hunks: list[Any], wanted: set[int]) -> Instance:
    chosen = [one for one in hunks if one.hunk_no in wanted]
    parts = [sides(one.body) for one in chosen]
    return {
        "path": file.new_path or file.old_path,
        "old_path": file.old_path,
        "language": file.language,
        "before": "\n".join(before for before, _ in parts),
        "after": "\n".join(after for _, after in parts),
        "diff": patch(file, chosen),
        "old_blob": file.old_blob,
        "new_blob": file.new_blob,
    }


def _pair(one: Any) -> Instance:
    return {
        "language": one.language,
        "before": one.before,
        "after": one.after,
        "diff": one.diff,
        "method": one.method,
        "confidence": one.confidence,
    }


def _label(one: Any) -> Instance:
    return {
        "scheme": one.scheme,
        "value": one.value,
        "rank": one.rank,
        "confidence": one.confidence,
        "rater": one.rater,
    }


def _attribution(one: Any) -> Instance:
    page = {"question": "q", "answer": "a"}[one.kind]
    return {
        "kind": one.kind,
        "url": f"https://{one.site}/{page}/{one.post_id}",
        "author": one.author_name,
        "author_url": None if one.author_id is None else f"https://{one.site}/users/{one.author_id}",
        "licence": one.licence,
    }
