"""Turns questions, answers and the fixes that answers give into rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from miner.extract.references import of_post
from miner.model import CodePair, Comment, Hunk, Post, PostFix, PostKind, SelectionRule, Snippet, Thread
from miner.store.rows import PageBuilder
from miner.store.values import clean, key, stamp

SOURCE = "stackoverflow"
"""The source of every post, whatever site it is of and however it came."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What rows of posts lead back to: a response of the API or a dump; and the moment that they show."""

    run_id: int
    observed_at: datetime
    response_sha256: str | None = None
    dump_id: str | None = None


class PostPage(PageBuilder):
    """Collects the rows of a page of posts."""

    def __init__(self, run_id: int) -> None:
        super().__init__(SOURCE, run_id)

    def thread(self, thread: Thread, origin: Origin, judged_as: str) -> None:
        """Add a question with its answers and all comments."""
        self.post(thread.site, thread.question, origin, judged_as)
        for answer in thread.answers:
            self.post(thread.site, answer, origin)
        for comment in thread.comments:
            self.comment(thread.site, comment, origin)

    def post(self, site: str, post: Post, origin: Origin, judged_as: str = "") -> None:
        """Add a question or an answer, its tags and the time of its last edit."""
        self.rows["post"].append(_post(site, post, origin, judged_as))
        self.rows["post_tag"] += [(site, post.post_id, key(tag), no) for no, tag in enumerate(dict.fromkeys(post.tags))]
        self.links("post", f"{site}/{post.post_id}", of_post(post.body))
        if post.last_edited_at is not None:
            self.edit(site, post.post_id, post.last_edited_at)

    def edit(self, site: str, post_id: int, moment: datetime) -> None:
        """Add a time at which a post was edited."""
        self.rows["post_edit"].append((site, post_id, stamp(moment)))

    def comment(self, site: str, comment: Comment, origin: Origin) -> None:
        """Add a comment."""
        author = comment.author
        self.rows["comment"].append((
            site, comment.comment_id, comment.post_id, author.user_id, clean(author.name), comment.score,
            stamp(comment.created_at), clean(comment.text), clean(comment.licence), stamp(origin.observed_at),
        ))  # fmt: skip

    def vote(self, site: str, vote_id: int, post_id: int, kind: str, day: datetime) -> None:
        """Add a vote: accepted, up or down."""
        self.rows["vote"].append((site, vote_id, post_id, kind, stamp(day)))

    def link(self, site: str, post_id: int, related: int, kind: str, moment: datetime) -> None:
        """Add a link between two posts: linked or duplicate."""
        self.rows["post_link"].append((site, post_id, related, kind, stamp(moment)))

    def observed(self, thread: Thread, rules: dict[int, SelectionRule], min_score: int) -> None:
        """Add what a look at a question and its answers showed."""
        accepted = thread.question.accepted_answer_id
        moments = dict(thread.moments)
        for post in (thread.question, *thread.answers):
            of_question = post.kind is PostKind.QUESTION
            is_accepted = accepted is not None if of_question else post.post_id == accepted
            rule = rules.get(post.post_id)
            moment = moments.get(post.post_id, thread.observed_at)
            self.rows["post_observation"].append((
                thread.site, post.post_id, min_score, stamp(moment), post.score, is_accepted,
                None if rule is None else rule.value,
            ))  # fmt: skip

    def post_fix(self, fix: PostFix) -> None:
        """Add a fix that an answer gives, with the pieces of both posts, its pairs and its labels."""
        self.rows["fix"].append((
            fix.fix_id, SOURCE, None, fix.library, stamp(fix.fixed_at),
            fix.site, fix.question_id, fix.answer_id, fix.rule.value,
        ))  # fmt: skip
        self._snippets(fix.fix_id, "question", fix.question)
        self._snippets(fix.fix_id, "answer", fix.answer)
        self.rows["pair"] += [_pair(fix.fix_id, pair) for pair in fix.pairs]
        self.labels(fix.fix_id, fix.labels)

    def _snippets(self, fix_id: str, side: str, snippets: Iterable[Snippet]) -> None:
        self.rows["snippet"] += [
            (fix_id, side, snippet.no, snippet.kind.value, snippet.language, clean(snippet.text))
            for snippet in snippets
        ]


def question_subject(site: str, question_id: int) -> str:
    """Name a question as the subject of an omission."""
    return f"question:{site}:{question_id}"


def unified(hunks: Iterable[Hunk]) -> str:
    """Write hunks as a unified diff without file names."""
    return "\n".join(
        f"@@ -{hunk.old_start},{hunk.old_lines} +{hunk.new_start},{hunk.new_lines} @@\n{hunk.body}" for hunk in hunks
    )


def _post(site: str, post: Post, origin: Origin, judged_as: str) -> tuple[Any, ...]:
    return (
        site,
        post.post_id,
        post.kind.value,
        post.question_id,
        clean(post.title),
        clean(post.body),
        post.score,
        post.author.user_id,
        clean(post.author.name),
        stamp(post.created_at),
        None if post.last_edited_at is None else stamp(post.last_edited_at),
        stamp(post.last_activity_at),
        None if post.closed_at is None else stamp(post.closed_at),
        clean(post.licence),
        post.accepted_answer_id,
        post.answer_count,
        post.view_count,
        "there",
        judged_as,
        stamp(origin.observed_at),
        origin.response_sha256,
        origin.dump_id,
        origin.run_id,
    )


def _pair(fix_id: str, pair: CodePair) -> tuple[Any, ...]:
    return (
        fix_id,
        pair.no,
        pair.question_no,
        pair.answer_no,
        pair.language,
        clean(pair.before),
        clean(pair.after),
        clean(unified(pair.hunks)),
        pair.method,
        pair.confidence,
    )
