"""The flow of seeds: a list of posts, commits and lines that somebody chose, and exactly what they lead to.

::

    read_seeds                     ids and links                       text, CSV or xlsx
            |
    posts, by site                 questions, or those of answers      100 a request
    commits and lines, by          clone, then the commit that a line  one ls-remote a repository
    repository                     was repaired by
            |
    Mining.mine_exactly            commits -> candidates -> fixes      in worker processes
            |
    put_seed                       what each entry led to              one transaction a repository
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from miner.apiflow import Asking
from miner.collect import anchors, tape
from miner.collect.gitlines import LineChange, first_change
from miner.collect.gitrepo import Tip
from miner.collect.seeds import Anchor, CommitSeed, LineSeed, PostSeed, Seed, Unreadable, read_seeds
from miner.errors import HttpError, Interrupted, LineNotFoundError, QuotaExhaustedError
from miner.gitflow import Mining, on_repository
from miner.job import SOURCE
from miner.model import Omission, OmissionReason
from miner.run import Run
from miner.spending import enter_stackoverflow
from miner.store import github as githubstore
from miner.store import repository as store
from miner.store.postrows import SOURCE as POSTS
from miner.store.session import writing

SEEDS = "seeds"
_IDS_A_REQUEST = 100
_RESOLVED = (
    OmissionReason.COMMIT_MISSING,
    OmissionReason.LINE_MISSING,
    OmissionReason.LINE_UNCHANGED,
    OmissionReason.ANCHOR_UNRESOLVED,
)


def collect(run: Run) -> None:
    """Collect what a list names, and nothing else. An entry that leads nowhere is an omission; the others go on.

    :raises SeedsError: if the list cannot be read.
    """
    listed = tape.current().read_file(Path(run.request.seeds or ""))
    seeds = read_seeds(listed, site=run.settings.stackoverflow.site)
    run.summary.seeds += len({seed.text for seed in (*seeds.seeds, *seeds.unreadable)})
    for unreadable in seeds.unreadable:
        _leave_out(run, SEEDS, unreadable, OmissionReason.SEED_UNREADABLE, f"row {unreadable.row}: {unreadable.reason}")
    for site, posts in _by(lambda seed: seed.site, _of(PostSeed, seeds.seeds)):
        if not run.stopped():
            _Posts(run, site, posts).collect()
    of_repositories = (*_of(CommitSeed, seeds.seeds), *_of(LineSeed, seeds.seeds))
    for repository, found in _by(lambda seed: seed.repository.lower(), of_repositories):
        if run.stopped():
            return
        on_repository(run, found[0].repository, partial(_commits, run, found))
        if any(name.lower() == repository for name in run.summary.failed):
            with writing(run.engine) as connection:
                for seed in found:
                    githubstore.put_seed(connection, _row(run, seed, None))


def _of(kind: type[Any], seeds: Sequence[Seed]) -> list[Any]:
    """Give the seeds of a kind, each once."""
    return list({seed.text: seed for seed in seeds if isinstance(seed, kind)}.values())


def _by(name: Any, seeds: Iterable[Any]) -> list[tuple[str, list[Any]]]:
    groups: dict[str, list[Any]] = {}
    for seed in seeds:
        groups.setdefault(name(seed), []).append(seed)
    return sorted(groups.items())


def _leave_out(run: Run, source: str, seed: Seed | Unreadable, reason: OmissionReason, detail: str) -> None:
    run.leave_out(source, Omission(reason, f"seed:{seed.text}", detail))


class _Posts:
    """The seeds that are posts of one site."""

    def __init__(self, run: Run, site: str, seeds: Sequence[PostSeed]) -> None:
        self._run = run
        self._seeds = seeds
        self._asking = Asking(run, site)
        self._questions: dict[int, int] = {}

    def collect(self) -> None:
        """Ask for the questions, and for those of the answers among the seeds."""
        self._run.summary.tags += 1
        site = self._asking.site
        numbers = sorted({seed.post_id for seed in self._seeds})
        self._run.reporter.start("ask", site, len(numbers), "posts")
        try:
            self._asking.prepare()
            self._collect(numbers)
        except HttpError as error:
            self._run.summary.failed[site] = str(error)
            out_of_quota = isinstance(error, QuotaExhaustedError)
            reason = OmissionReason.QUOTA_EXHAUSTED if out_of_quota else OmissionReason.SITE_UNREACHABLE
            self._run.leave_out(POSTS, Omission(reason, f"tag:{site}:seeds", str(error)))
            self._enter(told=False)
        except Interrupted:
            return
        else:
            with writing(self._run.engine) as connection:
                store.resolve_omissions(
                    connection,
                    self._run.run_id,
                    POSTS,
                    [f"tag:{site}:seeds"],
                    [OmissionReason.SITE_UNREACHABLE, OmissionReason.QUOTA_EXHAUSTED],
                )
        finally:
            self._run.reporter.finish("ask", site)
            self._asking.api.close()
            self._run.summary.requests += self._asking.api.requests
            self._run.summary.quota_remaining = self._asking.api.quota_remaining
            enter_stackoverflow(self._run.summary, self._asking.api, self._run.clock.now())

    def _collect(self, numbers: Sequence[int]) -> None:
        self._ask(numbers)
        answers = [number for number in numbers if number not in self._questions]
        for part in _parts(answers):
            of, response = self._asking.api.questions_of(part)
            with writing(self._run.engine) as connection:
                store.put_response(connection, response)
            self._ask([question for question in sorted(set(of.values())) if question not in self._questions])
            self._questions.update({a: question for a, question in of.items() if question in self._questions})
        self._enter()

    def _ask(self, numbers: Sequence[int]) -> None:
        for part in _parts(numbers):
            if self._run.stopped():
                raise Interrupted
            page = self._asking.api.by_id(part)
            self._asking.write(page, page.threads, ())
            self._questions.update({one.question.post_id: one.question.post_id for one in page.threads})
            self._run.reporter.advance("ask", self._asking.site, len(self._questions))

    def _enter(self, *, told: bool = True) -> None:
        """Enter what each seed led to; where the site told all, one that led to nothing is an omission."""
        found = []
        for seed in self._seeds:
            question = self._questions.get(seed.post_id)
            with writing(self._run.engine) as connection:
                githubstore.put_seed(
                    connection,
                    {
                        "seed": seed.text,
                        "kind": "post",
                        "site": seed.site,
                        "post_id": seed.post_id,
                        "question_id": question,
                        "run_id": self._run.run_id,
                    },
                )
            if question is None and not told:
                continue
            if question is None:
                detail = "the site has no such question or answer: it was deleted, or the id is wrong"
                _leave_out(self._run, POSTS, seed, OmissionReason.POST_MISSING, detail)
            else:
                found.append(f"seed:{seed.text}")
        with writing(self._run.engine) as connection:
            store.resolve_omissions(connection, self._run.run_id, POSTS, found, [OmissionReason.POST_MISSING])


def _parts(numbers: Sequence[int]) -> Iterable[Sequence[int]]:
    return (numbers[start : start + _IDS_A_REQUEST] for start in range(0, len(numbers), _IDS_A_REQUEST))


@dataclass(frozen=True, slots=True)
class _Led:
    """What a seed leads to: a commit, and the place in it; None: nothing, or no place."""

    seed: CommitSeed | LineSeed
    sha: str | None = None
    anchor: Anchor | None = None


def _commits(run: Run, seeds: Sequence[CommitSeed | LineSeed], mining: Mining) -> None:
    """Mine the commits that the seeds of one repository lead to, and enter what each led to."""
    repository_id, tip = mining.open()
    led = [_followed(run, seed, mining, tip) for seed in seeds]
    mining.mine_exactly(repository_id, sorted({one.sha for one in led if one.sha is not None}))
    if run.stopped():
        return
    with writing(run.engine) as connection:
        lost = {one.seed.text: detail for one in led if (detail := _enter(connection, run, one, repository_id))}
        found = [f"seed:{one.seed.text}" for one in led if one.sha is not None and one.seed.text not in lost]
        store.resolve_omissions(connection, run.run_id, SOURCE, found, _RESOLVED)
    for one in led:
        if one.seed.text in lost:
            _leave_out(run, SOURCE, one.seed, OmissionReason.ANCHOR_UNRESOLVED, lost[one.seed.text])


def _followed(run: Run, seed: CommitSeed | LineSeed, mining: Mining, tip: Tip) -> _Led:
    """Give the commit that a seed leads to; none, with an omission, if there is none."""
    asked = seed.sha if isinstance(seed, CommitSeed) else seed.revision
    sha = mining.repo.find_commit(asked, tip)
    if sha is None:
        detail = f"git finds no commit {asked} there: it was removed, or its name is cut off, ambiguous or wrong"
        _leave_out(run, SOURCE, seed, OmissionReason.COMMIT_MISSING, detail)
        return _Led(seed)
    if isinstance(seed, CommitSeed):
        return _Led(seed, sha, seed.anchor)
    try:
        change = _line_change(run, seed, sha, mining, tip)
    except LineNotFoundError as error:
        _leave_out(run, SOURCE, seed, OmissionReason.LINE_MISSING, str(error))
        return _Led(seed)
    if change is None:
        detail = f"no later commit changes line {seed.line} of {seed.path}"
        _leave_out(run, SOURCE, seed, OmissionReason.LINE_UNCHANGED, detail)
        return _Led(seed)
    return _Led(seed, change.sha, Anchor(min(anchors.digests(change.path)), "old", change.line))


def _line_change(run: Run, seed: LineSeed, sha: str, mining: Mining, tip: Tip) -> LineChange | None:
    """Give the first later commit that changes the line, on the first of the wanted branches that has one."""
    changes = (
        first_change(
            mining.repo.git_dir,
            sha,
            seed.path,
            seed.line,
            at,
            item=seed.repository,
            timeout=run.settings.git.command_timeout_seconds,
            last_line=seed.last_line,
        )
        for at in tip.shas
    )
    return next((change for change in changes if change is not None), None)


def _enter(connection: Connection, run: Run, led: _Led, repository_id: int) -> str:
    """Enter what a seed led to; give what is wrong with its anchor, "" if nothing is."""
    files = () if led.sha is None else githubstore.files_of(connection, led.sha)
    place = None if led.anchor is None else anchors.resolve(led.anchor, files)
    row = {**_row(run, led.seed, led.sha), "repository_id": repository_id}
    if place is not None:
        path = next(file.path for file in files if file.no == place.file_no)
        row |= {"path": path, "file_no": place.file_no, "hunk_no": place.hunk_no}
    githubstore.put_seed(connection, row)
    if led.sha is None or led.anchor is None:
        return ""
    if place is None:
        return f"no file that commit {led.sha} changes has a path with the digest {led.anchor.digest}"
    if place.hunk_no is None and led.anchor.line is not None:
        return f"commit {led.sha} changes nothing at line {led.anchor.line} of {row['path']}"
    return ""


def _row(run: Run, seed: CommitSeed | LineSeed, sha: str | None) -> dict[str, Any]:
    row: dict[str, Any] = {"seed": seed.text, "sha": sha, "run_id": run.run_id}
    if isinstance(seed, LineSeed):
        return {**row, "kind": "line", "asked_sha": seed.revision, "path": seed.path, "side": "old", "line": seed.line}
    at = {} if seed.anchor is None else {"side": seed.anchor.side, "line": seed.anchor.line}
    return {**row, "kind": "commit", "asked_sha": seed.sha, **at}
