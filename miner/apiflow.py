"""The flow of the Stack Exchange API, from tags to pages.

::

    activity since the last run    what changed, and all that is new      by last activity
            |
    gaps of the ledger             what was never asked for               by creation date
            |
    further looks                  what votes may have changed since      by id, with a share of the quota
            |
    QuestionTask.run               threads -> answers -> fixes
            |
    write                          response, rows and the interval that they prove, in one transaction

Two intervals are kept for each tag. By creation: which questions are at hand. By activity: up to when all changes of
those are at hand. The second starts when a tag is first asked for: whatever is fetched later is of a later state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from miner.collect.stackoverflow import ApiPage, StackExchange
from miner.errors import HttpError, Interrupted, QuotaExhaustedError
from miner.job import activity_query, creation_query, tags
from miner.judging import judge_of, judge_stored, write_judged
from miner.model import Omission, OmissionReason, Thread
from miner.questions import JUDGED_REASONS, QuestionTask
from miner.run import Run
from miner.spending import enter_stackoverflow
from miner.store import posts
from miner.store import repository as store
from miner.store.coverage import Coverage, Interval, gaps, overlaps
from miner.store.postrows import SOURCE, Origin, question_subject
from miner.store.rows import response_row
from miner.store.session import reading, writing

_SEEN_AGAIN: Final = (*JUDGED_REASONS, OmissionReason.QUESTION_DELETED, OmissionReason.POST_UNREADABLE)
_TAG_REASONS: Final = (OmissionReason.SITE_UNREACHABLE, OmissionReason.QUOTA_EXHAUSTED)
_IDS_A_REQUEST = 100
_SETTLED_SECONDS = 120
"""Nothing so young is proved: the API answers from a cache, and its clock may be behind ours."""


def collect(run: Run) -> None:
    """Ask a site for the questions of the wanted tags. A tag that fails is an omission; the others go on."""
    try:
        Asking(run).collect()
    except Interrupted:
        return


class Asking:
    """A run over all tags of a site, or over single posts of it."""

    def __init__(self, run: Run, site: str | None = None) -> None:
        settings = run.settings.stackoverflow
        self.run = run
        self.site = site or settings.site
        self.judge = judge_of(run)
        self.api = StackExchange(settings.model_copy(update={"site": self.site}), run.clock, run.stopped)
        self.now = int(run.clock.now().timestamp()) - _SETTLED_SECONDS
        self._unreachable: HttpError | None = None
        self._written: set[tuple[int, datetime]] = set()
        self._left_out: set[str] = set()
        self._said = ""

    def collect(self) -> None:
        """Ask for every tag that is wanted, and look again at what is due."""
        judge_stored(self.run, self.site)
        part = self.run.request.questions
        try:
            for tag in () if part == "again" else tags(self.run.request, self.run.settings):
                if self.run.stopped():
                    return
                self.run.summary.tags += 1
                self._ask_for(tag)
            if not self.run.stopped() and self.run.request.limit is None and part != "new":
                self._look_again(alone=part == "again")
        finally:
            self.api.close()
            self.run.summary.requests = self.api.requests
            self.run.summary.quota_remaining = self.api.quota_remaining
            enter_stackoverflow(self.run.summary, self.api, self.run.clock.now())

    def write(
        self, page: ApiPage, threads: Sequence[Thread], proof: Iterable[Coverage], deleted: Sequence[int] = ()
    ) -> None:
        """Write a page: the response, the rows of its questions, and what it proves.

        A question that has several tags comes as often; it is written again only if something happened to it meanwhile.
        """
        threads = [one for one in threads if _version(one) not in self._written]
        response = response_row(page.response)
        origin = Origin(self.run.run_id, page.response.fetched_at, str(response[0]))
        mined = self.run.admit(QuestionTask(tuple(threads), self.judge, self.run.run_id, origin).run())
        mined.rows["raw_response"] = [response]
        numbers = [thread.question.post_id for thread in threads]
        with writing(self.run.engine) as connection:
            write_judged(connection, self.run.run_id, self.site, numbers, mined, _SEEN_AGAIN)
            seen = _answers(threads, page.omissions)
            posts.mark_vanished(connection, self.run.run_id, self.site, seen, page.response.fetched_at)
            posts.mark_deleted(connection, self.run.run_id, self.site, deleted, page.response.fetched_at)
            self._resolve_unreadable(connection, page, threads)
            for omission in (*page.omissions, *(_deleted(self.site, number) for number in deleted)):
                store.record_omission(connection, self.run.run_id, SOURCE, omission)
            for interval in proof:
                store.add_coverage(connection, interval)
        self._written.update(map(_version, threads))
        self.run.summary.count_questions(mined)
        new = {omission.subject: omission.reason.value for omission in page.omissions}
        self.run.summary.omissions.update(reason for subject, reason in new.items() if subject not in self._left_out)
        self._left_out.update(new)

    def _resolve_unreadable(self, connection: Connection, page: ApiPage, threads: Sequence[Thread]) -> None:
        read = {f"post:{self.site}:{post.post_id}" for one in threads for post in (one.question, *one.answers)}
        still = {omission.subject for omission in page.omissions}
        store.resolve_omissions(
            connection, self.run.run_id, SOURCE, sorted(read - still), [OmissionReason.POST_UNREADABLE]
        )

    def _ask_for(self, tag: str) -> None:
        try:
            if self._unreachable is not None:
                raise self._unreachable
            self.prepare()
            _Tag(self, tag).collect()
        except HttpError as error:
            self._fail(tag, error)
        else:
            with writing(self.run.engine) as connection:
                subject = f"tag:{self.site}:{tag}"
                store.resolve_omissions(connection, self.run.run_id, SOURCE, [subject], _TAG_REASONS)

    def prepare(self) -> None:
        """Have the filter of the requests at hand, which no two runs need to ask for.

        :raises HttpError: if the site does not give it.
        """
        with reading(self.run.engine) as connection:
            known = store.response_to(connection, SOURCE, self.api.filter_url)
        made = self.api.prepare(known)
        if made is not None:
            with writing(self.run.engine) as connection:
                store.put_response(connection, made)

    def _fail(self, tag: str, error: HttpError) -> None:
        out_of_quota = isinstance(error, QuotaExhaustedError)
        if not out_of_quota and self.api.quota_remaining is None:
            # No answer yet, though each request was tried again: the other tags would only wait as long.
            self._unreachable = error
        reason = OmissionReason.QUOTA_EXHAUSTED if out_of_quota else OmissionReason.SITE_UNREACHABLE
        self.run.summary.failed[f"{self.site} {tag}"] = str(error)
        said = str(error) == self._said
        self.run.leave_out(SOURCE, Omission(reason, f"tag:{self.site}:{tag}", str(error)), quietly=said)
        self._said = str(error)
        window = self.run.request.window
        query = creation_query(self.site, tag)
        with writing(self.run.engine) as connection:
            for gap in _up_to(self.now, gaps(window, store.covered(connection, SOURCE, query))):
                row = Coverage(SOURCE, query, "", gap, self.run.run_id, complete=False, reason=reason.value)
                store.add_coverage(connection, row)

    def _share(self) -> int | None:
        left = self.api.quota_remaining
        return None if left is None else int(left * self.run.settings.stackoverflow.reobserve_share)

    def _look_again(self, *, alone: bool) -> None:
        """Look at questions again whose answers' votes or acceptance may have changed, the most overdue first.

        :param alone: nothing was asked for before, so only the first look tells what is left of the quota.
        """
        budget = self._share()
        if (budget is None and not alone) or self._unreachable is not None:
            return
        due = self._due(None if budget is None else budget * _IDS_A_REQUEST)
        if not due:
            return
        self.run.reporter.start("look again", self.site, len(due), "questions")
        try:
            if alone:
                self.prepare()
            self._look_at(due, budget)
        except HttpError as error:
            if alone:
                self.run.summary.failed[f"{self.site} looks"] = str(error)
            self.run.reporter.warn(self.site, f"not all questions were looked at again: {error}")
        finally:
            self.run.reporter.finish("look again", self.site)

    def _look_at(self, due: Sequence[int], budget: int | None) -> None:
        for number, start in enumerate(range(0, len(due), _IDS_A_REQUEST)):
            if number and budget is None:
                budget = self._share()
            if self.run.stopped() or (number and budget is not None and number >= budget):
                return
            asked = due[start : start + _IDS_A_REQUEST]
            page = self.api.by_id(asked)
            came = {thread.question.post_id for thread in page.threads}
            unreadable = {omission.subject for omission in page.omissions}
            gone = [n for n in asked if n not in came and question_subject(self.site, n) not in unreadable]
            self.write(page, page.threads, (), gone)
            self.run.summary.reobserved += len(came)
            self.run.reporter.advance("look again", self.site, start + len(asked))

    def _due(self, most: int | None) -> list[int]:
        """Choose what to look at again, without a fix first: its age has grown by the factor since the last look."""
        settings, now = self.run.settings.stackoverflow, self.run.clock.now()
        least = timedelta(days=settings.reobserve_min_days)
        with reading(self.run.engine) as connection:
            looks = posts.looks(connection, self.site, tags(self.run.request, self.run.settings), now - least)
        overdue = []
        for look in looks:
            wait = max(least, (look.observed_at - look.created_at) * settings.reobserve_age_factor)
            if now - look.observed_at >= wait:
                overdue.append((look.repaired, -((now - look.observed_at) / wait if wait else 0.0), look.post_id))
        return [post_id for _, _, post_id in sorted(overdue)[:most]]


class _Tag:
    """A run over one tag."""

    def __init__(self, asking: Asking, tag: str) -> None:
        self._asking = asking
        self._run = asking.run
        self._tag = tag
        self._name = f"{asking.site} {tag}"
        self._window = self._run.request.window
        self._created = creation_query(asking.site, tag)
        self._active = activity_query(asking.site, tag)
        self._left = self._run.request.limit
        self._done: set[int] = set()

    def collect(self) -> None:
        """Bring what changed since the last run, and the gaps of the window.

        :raises HttpError: if the site does not give it. What came before is in the database.
        """
        self._run.reporter.start("ask", self._name, None, "questions")
        try:
            self._changes()
            self._gaps()
        finally:
            self._run.reporter.finish("ask", self._name)

    def _changes(self) -> None:
        upto = Interval(until=self._asking.now)
        with writing(self._run.engine) as connection:
            covered = store.covered(connection, SOURCE, self._created)
            known = store.covered(connection, SOURCE, self._active)
            since = next((gap.since for gap in gaps(upto, known)), None)
            if since is not None and not (known and covered):
                # Nothing is at hand that could have changed.
                store.add_coverage(connection, self._row(self._active, upto))
                since = None
        if since is None or since >= self._asking.now or self._left is not None:
            return
        new = overlaps(Interval(since, self._asking.now), self._window)
        left = [] if new is None else gaps(new, covered)
        created: Counter[Interval] = Counter()
        for page in self._asking.api.active(self._tag, since, self._asking.now):
            kept = [one for one in page.threads if self._is_wanted(one, covered, new)]
            first = [one for one in kept if self._is_first(one)]
            created.update(gap for gap in left for one in first if self._is_wanted(one, (), gap))
            self._write(page, kept, [self._row(self._active, page.proved, page)] if page.proved else [])
            if self._run.stopped():
                return
        proof = [self._row(self._active, Interval(since, self._asking.now))]
        # Whatever was created since has its first activity since.
        for gap in left:
            count = created[gap]
            proof.append(replace(self._row(self._created, gap), reported=count, fetched=count, stored=count))
        with writing(self._run.engine) as connection:
            for row in proof:
                store.add_coverage(connection, row)

    def _gaps(self) -> None:
        with writing(self._run.engine) as connection:
            left = list(_up_to(self._asking.now, gaps(self._window, store.covered(connection, SOURCE, self._created))))
            for gap in left:
                row = self._row(self._created, gap)
                store.add_coverage(connection, replace(row, complete=False, reason="not finished"))
        for gap in left:
            for page in self._asking.api.created(self._tag, gap):
                if self._run.stopped() or self._left == 0:
                    return
                self._write(page, page.threads, [self._row(self._created, page.proved, page)] if page.proved else [])

    def _write(self, page: ApiPage, threads: Sequence[Thread], proof: Sequence[Coverage]) -> None:
        if self._left is not None and len(threads) > self._left:
            threads, proof = self._cut(threads, self._left, proof)
        self._asking.write(page, threads, proof)
        self._left = None if self._left is None else self._left - len(threads)
        self._done.update(thread.question.post_id for thread in threads)
        self._run.reporter.advance("ask", self._name, len(self._done), page.total)

    def _cut(
        self, threads: Sequence[Thread], most: int, proof: Sequence[Coverage]
    ) -> tuple[Sequence[Thread], Sequence[Coverage]]:
        """Keep the oldest questions of a page, and of what it proves the time before the first that is cut off."""
        ordered = sorted(threads, key=lambda one: (one.question.created_at, one.question.post_id))
        upto = int(ordered[most].question.created_at.timestamp())
        kept = []
        for row in proof:
            part = overlaps(row.interval, Interval(until=upto))
            if part is not None:
                count = sum(self._is_wanted(one, (), part) for one in ordered[:most])
                kept.append(replace(row, interval=part, reported=count, fetched=count, stored=count))
        return ordered[:most], kept

    def _is_first(self, thread: Thread) -> bool:
        return thread.question.post_id not in self._done

    def _is_wanted(self, thread: Thread, covered: Iterable[Interval], new: Interval | None) -> bool:
        """Tell whether a question that changed is at hand, or is one of the window."""
        created = int(thread.question.created_at.timestamp())
        wanted = (*covered, new) if new is not None else covered
        return any(interval.since <= created < interval.until for interval in wanted)

    def _row(self, query: str, interval: Interval, page: ApiPage | None = None) -> Coverage:
        row = Coverage(SOURCE, query, "", interval, self._run.run_id, reported=0)
        if page is None:
            return row
        unreadable = sum(not omission.subject.startswith("post:") for omission in page.omissions)
        return replace(row, reported=page.reported, fetched=page.fetched, stored=max(0, page.fetched - unreadable))


def _answers(threads: Iterable[Thread], unreadable: Iterable[Omission]) -> dict[int, set[int]]:
    """Give the answers of the questions that came with all of them; those that could not be read came, too."""
    named = {int(number) for one in unreadable if (number := one.subject.rpartition(":")[2]).isdigit()}
    return {
        one.question.post_id: {answer.post_id for answer in one.answers} | named
        for one in threads
        if len(one.answers) >= (one.question.answer_count or 0)
    }


def _version(thread: Thread) -> tuple[int, datetime]:
    return thread.question.post_id, thread.question.last_activity_at


def _up_to(now: int, intervals: Iterable[Interval]) -> Iterable[Interval]:
    """Cut intervals off at a moment: what is later is still to come."""
    cut = (overlaps(interval, Interval(until=now)) for interval in intervals)
    return [interval for interval in cut if interval is not None]


def _deleted(site: str, number: int) -> Omission:
    detail = "the site does not give it any more; what it had is kept"
    return Omission(OmissionReason.QUESTION_DELETED, question_subject(site, number), detail)
