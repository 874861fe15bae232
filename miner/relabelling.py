"""The work of one page of relabelling: what is stored -> fixes and labels of the rules in force. Runs in a worker.

It labels through the same functions as a collect, so that both give the same. What a collect reads of a commit beside
its hunks (imports of the files that it changed, manifests) it reads from the clone, and never fetches: a commit that
the clone lacks something of is left as it is, not labelled from less.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Self

from miner.classify import ruleset
from miner.classify.rulesource import SHIPPED, RuleSource
from miner.collect.interface import MinedPage
from miner.errors import RepositoryError
from miner.mining import MAX_SOURCES, GitTask, Miner
from miner.model import Candidate, Change, Omission, OmissionReason
from miner.questions import labels_of
from miner.store.postrows import PostPage, question_subject
from miner.store.relabel import Size
from miner.store.relabelposts import StoredFix


class _LackingError(RepositoryError):
    """The clone lacks a file of the commit."""


@dataclass(slots=True)
class RelabelledPage(MinedPage):
    """``lacking`` are the commits that the clone has not all of: they are not labelled."""

    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommitTask:
    """Stored commits to label anew. ``chosen`` are those that somebody named; ``damaged``: the source lacks objects.

    ``sizes`` tell how much of each was stored when they were read.
    """

    git: GitTask
    candidates: tuple[Candidate, ...]
    chosen: frozenset[str]
    damaged: bool
    sizes: tuple[tuple[str, Size], ...]

    def run(self) -> RelabelledPage:
        """Label every commit of the page."""
        named = [one for one in self.candidates if one.commit.sha in self.chosen]
        others = [one for one in self.candidates if one.commit.sha not in self.chosen]
        return _joined(
            _Relabeller(replace(self.git, chosen=chosen), damaged=self.damaged).page(found)
            for chosen, found in ((True, named), (False, others))
        )

    def only(self, shas: tuple[str, ...]) -> Self:
        """Give the task itself: it never leaves a part for another page."""
        del shas
        return self


@dataclass(frozen=True, slots=True)
class PostTask:
    """Stored fixes from posts to label anew."""

    fixes: tuple[StoredFix, ...]
    run_id: int
    rules: RuleSource = SHIPPED

    def run(self) -> RelabelledPage:
        """Label every fix of the page. Rules that fail over one leave it as it was."""
        ruleset.use(self.rules)
        page = PostPage(self.run_id)
        mined = RelabelledPage(page.rows)
        for one in self.fixes:
            for omission in _label_post(one, page, mined):
                page.omissions([omission])
                mined.omissions[omission.reason.value] += 1
        mined.seen = len(self.fixes)
        return mined

    def only(self, shas: tuple[str, ...]) -> Self:
        """Give the task itself: it never leaves a part for another page."""
        del shas
        return self


class _Relabeller(Miner):
    def __init__(self, task: GitTask, *, damaged: bool) -> None:
        super().__init__(task)
        self._damaged = damaged

    def page(self, candidates: Iterable[Candidate]) -> RelabelledPage:
        """Label commits; leave out those that the clone lacks a file of."""
        page = RelabelledPage(self._mined.rows)
        for candidate in candidates:
            try:
                self.label(candidate)
            except _LackingError:
                page.lacking += (candidate.commit.sha,)
            else:
                page.seen += 1
        found = self._mined
        page.fixes, page.omissions = found.fixes, found.omissions
        page.patterns, page.libraries = found.patterns, found.libraries
        return page

    def _change(self, candidate: Candidate) -> Change:
        change = super()._change(candidate)
        blobs = {file.no: file.new_blob or file.old_blob or "" for file in candidate.files}
        unread = [blobs[file.no] for file in change.files[:MAX_SOURCES] if file.source is None]
        # What a damaged source lacks, no collect had either.
        if not self._damaged and any(self._readers.blobs.size(blob) is None for blob in unread):
            raise _LackingError
        return change


def _joined(pages: Iterable[RelabelledPage]) -> RelabelledPage:
    whole = RelabelledPage({})
    for page in pages:
        for name, rows in page.rows.items():
            whole.rows.setdefault(name, []).extend(rows)
        whole.seen += page.seen
        whole.fixes += page.fixes
        whole.omissions += page.omissions
        whole.patterns += page.patterns
        whole.libraries += page.libraries
        whole.lacking += page.lacking
    return whole


def _label_post(one: StoredFix, page: PostPage, mined: RelabelledPage) -> Iterator[Omission]:
    """Add the labels of a fix; give why it has none, or what a user's rule failed over."""
    subject = question_subject(one.site, one.question.post_id)
    try:
        labels = labels_of(one.question, one.pieces, one.pairs)
    except Exception as error:  # noqa: BLE001 - one odd post must not end the labelling of thousands
        detail = f"a defect of the miner, please report it: {error!r}"
        yield Omission(OmissionReason.QUESTION_FAILED, subject, detail)
        return
    for failure in ruleset.take_failures()[:1]:
        yield Omission(OmissionReason.RULE_FAILED, subject, str(failure))
    if not labels:
        detail = "neither its tags nor its code name one of the libraries"
        yield Omission(OmissionReason.NO_LIBRARY_CODE, subject, detail)
        return
    page.labels(one.fix_id, labels)
    mined.count_fix(labels[0].value, labels)
