"""The work of one page of questions: threads -> qualifying answers -> fixes -> rows. No database, no clock.

The same for what the API sent and for what a dump brought; called again, it gives the same rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final, Self

from miner.classify import labelling, libraries, ruleset
from miner.classify.labelling import Context
from miner.classify.rulesource import SHIPPED, RuleSource
from miner.classify.selection import NOT_SELECTED, select
from miner.collect.interface import MinedPage
from miner.extract.pairs import align
from miner.extract.snippets import snippets
from miner.extract.wording import wording
from miner.model import (
    Change,
    ChangedFile,
    CodePair,
    Hunk,
    Label,
    Omission,
    OmissionReason,
    Post,
    PostFix,
    SelectionRule,
    Snippet,
    SnippetKind,
    Thread,
)
from miner.store.postrows import Origin, PostPage, question_subject

_JUDGED_AS: Final = re.compile(r"score>=(?P<score>-?\d+) libraries=(?P<libraries>\S+) labels=(?:yes|no)")

JUDGED_REASONS: Final = (
    *NOT_SELECTED,
    OmissionReason.NO_LIBRARY_CODE,
    OmissionReason.LIBRARY_NOT_SELECTED,
    OmissionReason.QUESTION_FAILED,
)
"""Why a question that was judged has no fix. Judged again, it has none of these, or one."""


@dataclass(frozen=True, slots=True)
class Judge:
    """What counts as a fix: the score where nothing is accepted, the libraries (empty: all), and whether to label."""

    min_score: int
    libraries: tuple[str, ...] = ()
    classify: bool = True
    rules: RuleSource = SHIPPED

    def __str__(self) -> str:
        """Name what decides which rows a question gives: one that was judged otherwise is judged again."""
        wanted = ",".join(sorted(self.libraries)) or "*"
        return f"score>={self.min_score} libraries={wanted} labels={'yes' if self.classify else 'no'}"

    @classmethod
    def read(cls, text: str, min_score: int, rules: RuleSource) -> Judge:
        """Give what judged a question so, by the text that names it, but with labels, of some rules.

        :param min_score: where the text names none.
        """
        found = _JUDGED_AS.fullmatch(text)
        wanted = () if found is None or found["libraries"] == "*" else tuple(found["libraries"].split(","))
        return cls(int(found["score"]) if found else min_score, wanted, True, rules)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a question gave: why each answer qualified, by id, the fixes, and the reason if there is none."""

    rules: dict[int, SelectionRule]
    fixes: tuple[PostFix, ...] = ()
    omission: Omission | None = None


@dataclass(frozen=True, slots=True)
class QuestionTask:
    """Questions to search for fixes. With an ``origin``, the posts themselves are among the rows."""

    threads: tuple[Thread, ...]
    judge: Judge
    run_id: int
    origin: Origin | None = None

    def run(self) -> MinedPage:
        """Judge every question of the page."""
        ruleset.use(self.judge.rules)
        page = PostPage(self.run_id)
        mined = MinedPage(page.rows)
        for thread in self.threads:
            self._thread(thread, page, mined)
        return mined

    def only(self, shas: tuple[str, ...]) -> Self:
        """Give the task itself: it never leaves a part for another page."""
        del shas
        return self

    def _thread(self, thread: Thread, page: PostPage, mined: MinedPage) -> None:
        if self.origin is not None:
            page.thread(thread, self.origin, str(self.judge))
        found = judge(thread, self.judge)
        page.observed(thread, found.rules, self.judge.min_score)
        mined.seen += 1
        mined.candidates += bool(found.rules)
        if found.omission is not None:
            _omit(page, mined, found.omission)
        for failure in ruleset.take_failures()[:1]:
            _omit(page, mined, _left_out(thread, OmissionReason.RULE_FAILED, str(failure)))
        for fix in found.fixes:
            page.post_fix(fix)
            mined.count_fix(fix.library, fix.labels)


def _omit(page: PostPage, mined: MinedPage, omission: Omission) -> None:
    page.omissions([omission])
    mined.omissions[omission.reason.value] += 1


def judge(thread: Thread, by: Judge) -> Judgement:
    """Find the fixes of a question. A rule that fails over an odd post costs that question alone."""
    pieces = cache(_pieces)
    try:
        chosen = select(thread, by.min_score, pieces)
        rules = {answer.post_id: rule for answer, rule in chosen.answers}
        if chosen.reason is not None:
            return Judgement({}, (), _left_out(thread, chosen.reason, chosen.detail))
        if not by.classify:
            return Judgement(rules)
        question = pieces(thread.question)
        found = [_fix(thread, question, answer, rule, pieces(answer)) for answer, rule in chosen.answers]
    except Exception as error:  # noqa: BLE001 - one odd post must not end an import of millions
        detail = f"a defect of the miner, please report it: {error!r}"
        return Judgement({}, (), _left_out(thread, OmissionReason.QUESTION_FAILED, detail))
    return _within(thread, rules, found, by)


def _within(thread: Thread, rules: dict[int, SelectionRule], found: list[PostFix | None], by: Judge) -> Judgement:
    """Keep the fixes of the libraries that are wanted."""
    fixes = [fix for fix in found if fix is not None]
    if not fixes:
        detail = "neither its tags nor its code name one of the libraries"
        return Judgement(rules, (), _left_out(thread, OmissionReason.NO_LIBRARY_CODE, detail))
    wanted = tuple(fix for fix in fixes if not by.libraries or fix.library in by.libraries)
    if wanted:
        return Judgement(rules, wanted)
    detail = f"it repairs the use of {fixes[0].library}, which --library leaves out"
    return Judgement(rules, (), _left_out(thread, OmissionReason.LIBRARY_NOT_SELECTED, detail))


def _fix(
    thread: Thread, question: tuple[Snippet, ...], answer: Post, rule: SelectionRule, pieces: tuple[Snippet, ...]
) -> PostFix | None:
    pairs = align(question, pieces)
    labels = labels_of(thread.question, question, pairs)
    if not labels:
        return None
    return PostFix(
        fix_id=f"{thread.site}:{answer.post_id}",
        site=thread.site,
        question_id=thread.question.post_id,
        answer_id=answer.post_id,
        rule=rule,
        library=labels[0].value,
        fixed_at=answer.created_at,
        question=question,
        answer=pieces,
        pairs=pairs,
        labels=labels,
    )


def labels_of(question: Post, pieces: tuple[Snippet, ...], pairs: tuple[CodePair, ...]) -> tuple[Label, ...]:
    """Give all labels of a fix, its library first; none if neither the question nor the pairs name a library.

    :param pieces: those of the question.
    """
    around = [_as_it_is(snippet) for snippet in pieces if snippet.kind is SnippetKind.CODE]
    catalogue = ruleset.current().catalogue
    found = libraries.detect(catalogue, _change(pairs), tags=question.tags, around=around)
    if not found:
        return ()
    # Of code without a counterpart every line would look added: that it repairs something is all that is known of it.
    aligned = [pair for pair in pairs if pair.before]
    context = Context(wording(question, pieces), question.tags, is_question=True)
    return ruleset.signed(labelling.label(_change(aligned), found, context))


def _change(pairs: Iterable[CodePair]) -> Change:
    """Give what the classifier sees: a pair is a file, whose text after the change is the answer's."""
    return Change(tuple(ChangedFile(pair.no, "", pair.language, pair.hunks, pair.after) for pair in pairs))


def _as_it_is(snippet: Snippet) -> ChangedFile:
    """Give code that nobody changed as the classifier sees code: lines of context."""
    lines = snippet.text.split("\n")
    hunk = Hunk(0, 1, len(lines), 1, len(lines), "", "\n".join(f" {line}" for line in lines))
    return ChangedFile(snippet.no, "", snippet.language, (hunk,))


def _left_out(thread: Thread, reason: OmissionReason, detail: str) -> Omission:
    return Omission(reason, question_subject(thread.site, thread.question.post_id), detail)


def _pieces(post: Post) -> tuple[Snippet, ...]:
    return snippets(post.body)
