"""The flow of a data dump, from files to pages.

::

    Posts                                     questions of the wanted tags, and their answers
        |
    Comments, PostHistory, Votes, PostLinks   what hangs on those posts, where the dump has it
        |
    QuestionTask.run                          threads -> answers -> fixes, in worker processes
        |
    the ledger                                what the dump proves, once all of it is in the database

A block of a file and how far that file is read are one transaction. A run that was stopped goes on behind the last one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from miner.collect import tape
from miner.collect.dump import Dump, open_dump
from miner.collect.dumpblocks import Block
from miner.collect.dumprows import DumpRowError, comment, edit, link, number, question_or_answer, vote
from miner.collect.dumpselect import AnswersWanted, ByPost, PostsWanted, Wanted
from miner.errors import DumpError, Interrupted
from miner.job import activity_query, creation_query, tags
from miner.judging import judge_stored
from miner.model import Omission, OmissionReason, Post, PostKind
from miner.optout import admitted_rows
from miner.run import Run
from miner.store import dumps, posts
from miner.store import repository as store
from miner.store.coverage import Coverage, Interval, gaps, overlaps
from miner.store.dumps import Progress
from miner.store.postrows import SOURCE, Origin, PostPage
from miner.store.session import reading, writing

_POSTS, _LATE_ANSWERS, _FURTHER = 0, 1, 2
_FURTHER_TABLES: Final = ("Comments", "PostHistory", "Votes", "PostLinks")
_VOTES: Final = {1: "accepted", 2: "up", 3: "down"}
_LINKS: Final = {1: "linked", 3: "duplicate"}


def collect(run: Run) -> None:
    """Read the data dump of a run. One that cannot be read is an omission; what was read before stays."""
    path = Path(run.request.dump or "")
    run.summary.dumps += 1
    try:
        _Reading(run, _opened(run, path)).collect()
    except Interrupted:
        return
    except DumpError as error:
        run.summary.failed[path.name] = str(error)
        run.leave_out(SOURCE, Omission(OmissionReason.DUMP_UNREADABLE, f"dump:{path.name}", str(error)))


def _opened(run: Run, path: Path) -> Dump:
    played = tape.current()
    settings, asked = run.settings.dump, run.request
    at = played.dump(path)
    try:
        dump = open_dump(at, settings, site=asked.site, as_of=asked.dump_date)
    except DumpError as error:
        played.opened_dump(path, "", str(error))
        raise
    played.opened_dump(path, dump.identity)
    return dump


class _Reading:
    """A run over a dump."""

    def __init__(self, run: Run, dump: Dump) -> None:
        self._run = run
        self._site = dump.site
        self._dump = dump
        self._tags = tags(run.request, run.settings)
        window = run.request.window
        self._scope = f"created={window.since}..{window.until} tags={','.join(sorted(self._tags))}"
        if dump.as_of > run.clock.now():
            raise DumpError(f"{dump.name} would show {dump.as_of:%Y-%m-%d}, a day to come: say its --dump-date")
        with writing(run.engine) as connection:
            self._as_of = dumps.enter_dump(connection, run.run_id, dump.identity, self._site, dump.name, dump.as_of)
            if run.request.dump_date is not None and run.request.dump_date != self._as_of:
                dumps.redate(connection, dump.identity, self._as_of, run.request.dump_date)
                self._as_of = run.request.dump_date
            self._passes = dict(dumps.passes(connection, dump.identity, self._scope))
        self._origin = Origin(run.run_id, self._as_of, dump_id=dump.identity)

    def collect(self) -> None:
        """Read what is not in the database yet.

        :raises DumpError: if a file cannot be read. What came before is in the database.
        """
        if self._posts() and self._further() and not self._run.stopped():
            judge_stored(self._run, self._site)
            if not self._run.stopped():
                self._prove()

    def _posts(self) -> bool:
        """Read questions and answers, and tell whether that is done."""
        done = self._pass(_POSTS, "Posts")
        if not done.complete:
            wanted = self._posts_wanted(done)
            done = self._read(done, wanted, lambda page, block: self._add_posts(page, block, wanted.questions, wanted))
        if done.late and done.complete:
            again = self._pass(_LATE_ANSWERS, "Posts")
            if not again.complete:
                known = self._questions()
                answers = AnswersWanted(known)
                done = self._read(again, answers, lambda page, block: self._add_posts(page, block, known, None))
        return done.complete

    def _posts_wanted(self, done: Progress) -> PostsWanted:
        return PostsWanted(frozenset(self._tags), self._questions(), done.largest_question)

    def _further(self) -> bool:
        """Read what hangs on the posts, and tell whether that is done."""
        there = [name for name in _FURTHER_TABLES if name in self._dump.tables]
        undone = [name for name in there if not self._pass(_FURTHER + _FURTHER_TABLES.index(name), name).complete]
        if not undone:
            return True
        with reading(self._run.engine) as connection:
            wanted = ByPost(set(posts.post_ids(connection, self._site)))
        add = {"Comments": self._comment, "PostHistory": self._edit, "Votes": self._vote, "PostLinks": self._link}
        for name in undone:
            progress = self._pass(_FURTHER + _FURTHER_TABLES.index(name), name)
            if not self._read(progress, wanted, partial(self._add_each, add[name], name)).complete:
                return False
        return True

    def _pass(self, number: int, name: str) -> Progress:
        return self._passes.get(number) or Progress(self._dump.identity, self._scope, number, name)

    def _read(self, progress: Progress, wanted: Wanted, add: Callable[[PostPage, Block], int]) -> Progress:
        """Read the blocks of a file behind what is done, each with its progress in one transaction."""
        table = self._dump.tables[progress.name]
        item = f"{self._dump.name} {table.name}"
        self._run.reporter.start("read", item, table.size, "bytes")
        try:
            for block in table.blocks(wanted, start=progress.bytes_done, stopped=self._run.stopped):
                page = PostPage(self._run.run_id)
                kept = add(page, block)
                page.omissions(block.omissions)
                page.rows = admitted_rows(page.rows, self._run.opt_out, self._run.run_id)[0]
                progress = self._after(progress, block, kept, wanted)
                with writing(self._run.engine) as connection:
                    self._write(connection, page, progress)
                self._run.summary.omissions.update(str(row[2]) for row in page.rows["omission"])
                self._run.reporter.advance("read", item, table.size if block.last and table.size else block.end)
                if self._run.stopped():
                    break
        finally:
            self._run.reporter.finish("read", item)
        return progress

    def _write(self, connection: Connection, page: PostPage, progress: Progress) -> None:
        store.write_page(connection, page.rows, run_id=self._run.run_id)
        read = [f"post:{self._site}:{row[1]}" for row in page.rows["post"]]
        store.resolve_omissions(connection, self._run.run_id, SOURCE, read, [OmissionReason.POST_UNREADABLE])
        dumps.put_pass(connection, self._run.run_id, progress)
        if progress.complete and progress.name == "Posts":
            # What another reading of the site has begun may still find the questions of its early answers.
            if not dumps.has_unfinished_posts(connection, self._site):
                posts.drop_loose_answers(connection, self._site)
            posts.mark_not_in_dump(connection, self._run.run_id, self._site, self._dump.identity, self._as_of)

    def _after(self, progress: Progress, block: Block, kept: int, wanted: Wanted) -> Progress:
        return replace(
            progress,
            bytes_done=block.end,
            rows_seen=progress.rows_seen + block.seen,
            rows_kept=progress.rows_kept + kept,
            largest_question=wanted.largest_question if isinstance(wanted, PostsWanted) else 0,
            late=progress.late or block.late,
            complete=block.last,
        )

    def _add_posts(self, page: PostPage, block: Block, questions: set[int], wanted: PostsWanted | None) -> int:
        """Add a block's questions of the window, and the answers to questions that are stored or still to come."""
        found: list[Post] = []
        self._add_each(lambda _, row: found.append(question_or_answer(row)), "Posts", page, block)
        outside = {post.post_id for post in found if post.kind is PostKind.QUESTION and not self._is_in_window(post)}
        questions -= outside
        # What answers a question behind all that were read may still turn out to answer a wanted one.
        upto = wanted.largest_question if wanted is not None else sys.maxsize
        kept = [post for post in found if post.question_id in questions or post.question_id > upto]
        for post in kept:
            page.post(self._site, post, self._origin)
        return len(kept)

    def _is_in_window(self, post: Post) -> bool:
        return self._run.request.window.since <= post.created_at.timestamp() < self._run.request.window.until

    def _add_each(
        self, add: Callable[[PostPage, Mapping[str, str]], bool | None], name: str, page: PostPage, block: Block
    ) -> int:
        """Add each row of a block, and give how many were added. One that cannot be read is left out."""
        added = 0
        for row in block.rows:
            try:
                added += add(page, row) is not False
            except DumpRowError as error:
                kind = "post" if name == "Posts" else f"row:{name}"
                subject = f"{kind}:{self._site}:{row.get('Id', '?')[:20]}"
                page.omissions([Omission(OmissionReason.POST_UNREADABLE, subject, str(error))])
        return added

    def _questions(self) -> set[int]:
        with reading(self._run.engine) as connection:
            return set(posts.question_ids(connection, self._site))

    def _comment(self, page: PostPage, row: Mapping[str, str]) -> None:
        page.comment(self._site, comment(row), self._origin)

    def _edit(self, page: PostPage, row: Mapping[str, str]) -> bool:
        found = edit(row)
        if found is not None:
            page.edit(self._site, found.post_id, found.created_at)
        return found is not None

    def _vote(self, page: PostPage, row: Mapping[str, str]) -> bool:
        found = vote(row)
        kind = _VOTES.get(found.kind)
        if kind is not None:
            page.vote(self._site, number(row, "Id"), found.post_id, kind, datetime.combine(found.day, time(), UTC))
        return kind is not None

    def _link(self, page: PostPage, row: Mapping[str, str]) -> bool:
        found = link(row)
        kind = _LINKS.get(found.kind)
        if kind is not None:
            page.link(self._site, found.post_id, found.related_post_id, kind, found.created_at)
        return kind is not None

    def _prove(self) -> None:
        """Enter that the questions up to the dump's moment are at hand, so that the API is asked for the rest only."""
        with writing(self._run.engine) as connection:
            newest = posts.newest_of_dump(connection, self._dump.identity)
            # Of the time between the last post and the moment that somebody gave, a dump tells nothing.
            upto = int(min(self._as_of, newest or self._as_of).timestamp())
            interval = overlaps(self._run.request.window, Interval(until=upto))
            for tag in self._tags if interval is not None else ():
                created, active = creation_query(self._site, tag), activity_query(self._site, tag)
                left = [] if interval is None else gaps(interval, store.covered(connection, SOURCE, created))
                if not left:
                    continue
                for gap in left:
                    count = posts.count_tagged(connection, self._site, tag, gap)
                    row = Coverage(SOURCE, created, "", gap, self._run.run_id, count, count, count)
                    store.add_coverage(connection, row)
                # What changed since the dump is not known of the questions that it alone brought.
                store.forget_coverage(connection, SOURCE, active, upto)
                if not store.covered(connection, SOURCE, active):
                    past = Coverage(SOURCE, active, "", Interval(until=upto), self._run.run_id, reported=0)
                    store.add_coverage(connection, past)
            subjects = [f"dump:{self._dump.name}"]
            store.resolve_omissions(connection, self._run.run_id, SOURCE, subjects, [OmissionReason.DUMP_UNREADABLE])
