"""The work of one page of the git source: commits -> candidates -> fixes -> rows. Runs in a worker process.

A page is a function of what to mine alone: no database, no clock. Called again, it gives the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from miner.classify import bugfix, diffevidence, engine, labelling, libraries, ruleset, splitting
from miner.classify.labelling import Context
from miner.classify.libraries import Catalogue
from miner.classify.logodds import score_of
from miner.classify.rulesource import SHIPPED, RuleSource
from miner.collect import git, gitcommits
from miner.collect.gitblobs import BlobReader
from miner.collect.gitdiffs import DiffReader, RawDiff
from miner.collect.interface import MinedPage
from miner.errors import MinerError, RepositoryCorruptError
from miner.extract import references
from miner.extract.diffs import Limits, extract
from miner.extract.filekinds import kind_of, language_of
from miner.extract.patchid import patch_id
from miner.model import (
    BugFixVerdict,
    Candidate,
    Change,
    ChangedFile,
    Commit,
    Evidence,
    FileChange,
    FileKind,
    Fix,
    Label,
    Omission,
    OmissionReason,
)
from miner.settings import GitSettings
from miner.store.rows import PageBuilder

_MANIFESTS = ("setup.py", "requirements.txt", "pyproject.toml", "setup.cfg", "environment.yml", "Pipfile")
MAX_SOURCES = 20
"""Files of a commit whose whole text is read."""
_MAX_AROUND = 200
_MOST_BYTES = 16_000_000


@dataclass(frozen=True, slots=True)
class GitTask:
    """What to mine: some commits of a clone, and how.

    ``chosen``: somebody named them, so that each is a candidate, and its library may be told by the files around it.
    ``others`` are weights of evidence that is elsewhere, such as in issues, by sha: they count with what a commit says
    itself. ``full_name`` is that on GitHub, if it is there: to it belongs the issue that a message calls ``#12``.
    """

    git_dir: Path
    name: str
    repository_id: int
    run_id: int
    shas: tuple[str, ...]
    boundary: frozenset[str]
    git: GitSettings
    threshold: float
    libraries: tuple[str, ...]
    classify: bool
    chosen: bool = False
    others: Mapping[str, float] = field(default_factory=dict)
    full_name: str | None = None
    rules: RuleSource = SHIPPED

    def run(self) -> MinedPage:
        """Mine the page, or as much of it as is held in memory at once."""
        return Miner(self).mine()

    def only(self, shas: tuple[str, ...]) -> GitTask:
        """Give the same work on some of the commits."""
        return replace(self, shas=shas)


@dataclass(frozen=True, slots=True)
class _Readers:
    """The git commands that a worker keeps open for the clone that it reads."""

    key: tuple[Path, GitSettings]
    diffs: DiffReader
    blobs: BlobReader


_open: list[_Readers] = []


def _readers(git_dir: Path, settings: GitSettings) -> _Readers:
    if _open and _open[0].key == (git_dir, settings):
        return _open[0]
    close_readers()
    timeout = settings.command_timeout_seconds
    diffs = DiffReader(
        git_dir, timeout=timeout, max_file_bytes=settings.max_file_bytes, max_commit_bytes=settings.max_commit_bytes
    )
    blobs = BlobReader(git_dir, timeout=timeout, max_bytes=settings.max_file_bytes)
    _open.append(_Readers((git_dir, settings), diffs, blobs))
    return _open[0]


def close_readers() -> None:
    """End the git commands that this process keeps open."""
    while _open:
        readers = _open.pop()
        readers.diffs.close()
        readers.blobs.close()


class Miner:
    """The work on one page: ``rows`` are what it gave so far, with the rules in force that the task names."""

    def __init__(self, task: GitTask) -> None:
        self._task = task
        rater = ruleset.use(task.rules).rater
        self._readers = _readers(task.git_dir, task.git)
        self._limits = Limits(task.git.max_file_bytes, task.git.max_diff_bytes, task.git.max_commit_files)
        self._page = PageBuilder("git", task.run_id, task.repository_id, rater)
        self._mined = MinedPage(self._page.rows)

    def mine(self) -> MinedPage:
        """Mine the commits of the page."""
        judged = [(commit, bugfix.judge(commit.message)) for commit in self._commits()]
        chosen = [commit.sha for commit, verdict in judged if self._is_fix(commit.sha, verdict)]
        diffs = self._readers.diffs.diffs([sha for sha in chosen if sha not in self._task.boundary])
        candidates = frozenset(chosen)
        held = 0
        for at, (commit, verdict) in enumerate(judged):
            if held > _MOST_BYTES:
                # What was asked for and not taken must not be the next page's answer.
                self._readers.diffs.close()
                self._mined.rest = tuple(later.sha for later, _ in judged[at:])
                break
            held += len(commit.message)
            if commit.sha in candidates:
                held += self._candidate(commit, verdict, diffs)
            else:
                self._commit(commit, verdict)
        return self._mined

    def _is_fix(self, sha: str, verdict: BugFixVerdict) -> bool:
        """Tell whether a commit counts as a bug fix by what is known of it, or because somebody chose it."""
        return self._task.chosen or self._score(sha, verdict) >= self._task.threshold

    def _score(self, sha: str, verdict: BugFixVerdict) -> float:
        other = self._task.others.get(sha)
        return verdict.score if other is None else score_of((*(e.weight for e in verdict.evidence), other))

    def _commit(self, commit: Commit, verdict: BugFixVerdict) -> None:
        self._mined.seen += 1
        self._page.commit(commit, verdict)
        self._page.links("commit", commit.sha, references.of_message(commit.message, self._task.full_name))
        if commit.committed_at is None:
            detail = f"committer date {commit.committed_epoch} is no date of the years 1 to 9999"
            self._omit(Omission(OmissionReason.COMMIT_DATE_INVALID, f"commit:{commit.sha}", detail, commit.sha))

    def _candidate(self, commit: Commit, verdict: BugFixVerdict, diffs: Iterator[RawDiff]) -> int:
        """Take the commit's diff, judge it with what it touches, and store both; give how many bytes the diff had."""
        self._mined.candidates += 1
        if commit.sha in self._task.boundary:
            self._commit(commit, verdict)
            detail = "its parents are not in the shallow source, so what it changed cannot be known"
            self._omit(Omission(OmissionReason.HISTORY_SHALLOW, f"commit:{commit.sha}", detail, commit.sha))
            return 0
        raw = next(diffs)
        found = extract(raw, self._readers.blobs, self._limits)
        verdict = bugfix.combined(verdict, diffevidence.judge(found.files, self._sides))
        self._commit(commit, verdict)
        self._store(Candidate(commit, verdict, found.files, found.omissions))
        return len(raw.data)

    def _sides(self, file: FileChange) -> tuple[str, str] | None:
        """Give a file before and after its change; None where one of them cannot be read."""
        old, new = map(_text, self._readers.blobs.read_all([file.old_blob or "", file.new_blob or ""]))
        return None if old is None or new is None else (old, new)

    def _commits(self) -> Iterator[Commit]:
        """Read the page's commits; one at a time if one of them is damaged, so that it alone is left out."""
        task = self._task
        timeout = task.git.command_timeout_seconds
        try:
            yield from gitcommits.read_commits(task.git_dir, task.shas, item=task.name, timeout=timeout)
        except RepositoryCorruptError:
            for sha in task.shas:
                try:
                    yield from gitcommits.read_commits(task.git_dir, [sha], item=task.name, timeout=timeout)
                except RepositoryCorruptError as error:
                    self._omit(Omission(OmissionReason.COMMIT_UNREADABLE, f"commit:{sha}", str(error), sha))

    def _store(self, candidate: Candidate) -> None:
        self._page.files(candidate.commit.sha, candidate.files)
        for omission in candidate.omissions:
            self._omit(omission)
        if not self._task.classify:
            return
        if not self._is_fix(candidate.commit.sha, candidate.verdict):
            self._omit(self._not_a_fix(candidate))
            return
        self.label(candidate)

    def label(self, candidate: Candidate) -> MinedPage:
        """Add the fixes of a candidate whose files are stored, or why it has none, and give the page."""
        try:
            fixes = self._fixes(candidate)
        except MinerError:
            raise
        except Exception as error:  # noqa: BLE001 - a rule that fails over one odd commit must not end a crawl of years
            sha, detail = candidate.commit.sha, f"a defect of the miner, please report it: {error!r}"
            fixes = Omission(OmissionReason.COMMIT_FAILED, f"commit:{sha}", detail, sha)
        for failure in ruleset.take_failures()[:1]:
            sha = candidate.commit.sha
            self._omit(Omission(OmissionReason.RULE_FAILED, f"commit:{sha}", str(failure), sha))
        if isinstance(fixes, Omission):
            self._omit(fixes)
            return self._mined
        for fix in fixes:
            self._page.fix(fix, candidate.commit.committed_at)
            cluster_id = patch_id(candidate.files, frozenset(fix.hunks))
            if cluster_id:
                self._page.cluster(fix.fix_id, cluster_id)
            self._mined.count_fix(fix.library, fix.labels)
        return self._mined

    def _not_a_fix(self, candidate: Candidate) -> Omission:
        sha, verdict = candidate.commit.sha, candidate.verdict
        against = "; ".join(f"{e.rule} ({e.text})" for e in verdict.evidence if e.side == "path")
        score = f"{self._score(sha, verdict):g} is less than classify.bug_fix_threshold, {self._task.threshold:g}"
        return Omission(
            OmissionReason.NOT_A_FIX, f"commit:{sha}", f"its change speaks against it, {against}: {score}", sha
        )

    def _fixes(self, candidate: Candidate) -> list[Fix] | Omission:
        """Give the fixes of a commit: those of the wanted libraries, each numbered by its place among all."""
        sha = candidate.commit.sha
        change = self._change(candidate)
        found = libraries.detect(_catalogue(), change) if change.files else ()
        if change.files and not found:
            found = libraries.detect(_catalogue(), change, self._manifests(sha))
        if change.files and not found and self._task.chosen:
            found = libraries.detect(_catalogue(), change, self._around(sha))
        if not found:
            unnamed = "no changed file, and no manifest, names one of the libraries"
            detail = unnamed if change.files else "it changes no code"
            return Omission(OmissionReason.NO_LIBRARY_CODE, f"commit:{sha}", detail, sha)
        fixes = list(_split(sha, change, found, Context(candidate.commit.message)))
        wanted = [fix for fix in fixes if not self._task.libraries or fix.library in self._task.libraries]
        if not wanted:
            named = ", ".join(dict.fromkeys(fix.library for fix in fixes))
            detail = f"it repairs the use of {named}, which --library leaves out"
            return Omission(OmissionReason.LIBRARY_NOT_SELECTED, f"commit:{sha}", detail, sha)
        return wanted

    def _change(self, candidate: Candidate) -> Change:
        """Give what the classifier sees: the code files, with their text after the change (before a deletion)."""
        chosen = _code(candidate)
        blobs = [file.new_blob or file.old_blob or "" for file in chosen[:MAX_SOURCES]]
        sources = [*map(_text, self._readers.blobs.read_all(blobs)), *[None] * (len(chosen) - len(blobs))]
        return Change(
            tuple(
                ChangedFile(file.no, file.path, file.language, file.hunks, source)
                for file, source in zip(chosen, sources, strict=True)
            )
        )

    def _manifests(self, sha: str) -> list[tuple[str, Evidence]]:
        texts = map(_text, self._readers.blobs.read_all([f"{sha}:{path}" for path in _MANIFESTS]))
        return [
            named
            for path, text in zip(_MANIFESTS, texts, strict=True)
            if text is not None
            for named in libraries.manifest_evidence(_catalogue(), path, text)
        ]

    def _around(self, sha: str) -> list[tuple[str, Evidence]]:
        """Say which libraries the other files of a commit's tree import."""
        task = self._task
        arguments = ["ls-tree", "-r", "-z", "--name-only", sha]
        timeout = task.git.command_timeout_seconds
        try:
            listed = git.run(arguments, item=task.name, timeout=timeout, git_dir=task.git_dir)
        except RepositoryCorruptError:
            return []
        paths = [path for path in listed.decode("utf-8", "replace").split("\0") if _is_code(path)][:_MAX_AROUND]
        texts = map(_text, self._readers.blobs.read_all([f"{sha}:{path}" for path in paths]))
        return [
            (label.value, replace(evidence, side="manifest", file_no=None, text=f"{path}: {evidence.text}"[:200]))
            for path, text in zip(paths, texts, strict=True)
            if text is not None
            for label in libraries.detect(_catalogue(), Change((ChangedFile(0, path, language_of(path), (), text),)))
            for evidence in label.evidence
        ]

    def _omit(self, omission: Omission) -> None:
        self._page.omissions([omission])
        self._mined.omissions[omission.reason.value] += 1


def _split(sha: str, change: Change, found: tuple[Label, ...], context: Context) -> Iterator[Fix]:
    """Give all fixes of a commit; one whose files name no library is of those that the commit was ``found`` to use."""
    parts = splitting.split(change, found[0].value)
    for no, part in enumerate(parts, 1):
        own, patterns, held = found, part.labels, change
        if len(parts) > 1:
            held = splitting.part(change, part.places)
            own = libraries.detect(_catalogue(), held) or found
            if own[0].value != found[0].value:
                patterns = engine.classify(held, own[0].value)
        labels = labelling.label(held, own, context, patterns, part.facts)
        yield Fix(f"git:{sha}:{no}", sha, own[0].value, part.places, ruleset.signed(labels))


def _catalogue() -> Catalogue:
    return ruleset.current().catalogue


def _text(data: bytes | None) -> str | None:
    return None if data is None else data.decode("utf-8", "replace")


def _is_code(path: str) -> bool:
    return "\n" not in path and bool(language_of(path)) and kind_of(path) is FileKind.SOURCE


def _code(candidate: Candidate) -> list[FileChange]:
    """Choose the files that the repair is in: source files; tests only where a commit changes nothing else."""
    left_out = {omission.subject for omission in candidate.omissions}
    sha = candidate.commit.sha
    text = [file for file in candidate.files if file.hunks and f"file:{sha}:{file.path}" not in left_out]
    sources = [file for file in text if file.kind is FileKind.SOURCE]
    return sources or [file for file in text if file.kind is FileKind.TEST]
