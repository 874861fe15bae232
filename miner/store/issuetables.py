"""The tables of issues and pull requests: what GitHub said of them, and for which commits it was asked."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Index, Integer, Table, Text

from miner.store.columns import PROVENANCE, UtcDateTime, key, key_to, metadata, needed, one_of, optional, run_column
from miner.store.posttables import AVAILABILITIES

ISSUE_KINDS = ("issue", "pull_request")
ISSUE_STATES = ("open", "closed", "merged")
OUTCOMES = ("found", "missing")


def _response() -> Column[str]:
    return optional("response_sha256", Text(), "The response that says so; see raw_response.", PROVENANCE)


issue = Table(
    "issue",
    metadata,
    key("github_id", BigInteger(), "GitHub's own number of its repository, which need not be stored."),
    key("number", Integer(), "Its number in the repository."),
    needed("kind", Text(), "issue or pull_request."),
    needed("title", Text(), "Its title."),
    needed("state", Text(), "open, closed or, of a pull request, merged."),
    needed("created_at", UtcDateTime(), "When it was created."),
    optional("closed_at", UtcDateTime(), "When it was closed or merged; null if it is open."),
    needed("url", Text(), "Where to read it."),
    _response(),
    one_of("kind", ISSUE_KINDS),
    one_of("state", ISSUE_STATES),
    comment="Issues and pull requests that commits refer to, as GitHub showed them at the last look.",
)

issue_label = Table(
    "issue_label",
    metadata,
    key("github_id", BigInteger(), "The issue's repository."),
    key("number", Integer(), "The issue."),
    key("label", Text(), "A label that it has."),
    ForeignKeyConstraint(["github_id", "number"], ["issue.github_id", "issue.number"]),
    comment="The labels of issues and pull requests, at the last look.",
)

issue_reference = Table(
    "issue_reference",
    metadata,
    key("target_id", Text(), "HOST/OWNER/NAME#NUMBER, as in link.target_id: a name that it has, or had."),
    optional("github_id", BigInteger(), "The repository that the name led to; null if it is not there."),
    optional("number", Integer(), "The issue's number there; null if it is not there."),
    needed("availability", Text(), "there, gone (or never was), or unknown: then it is asked for again."),
    _response(),
    ForeignKeyConstraint(["github_id", "number"], ["issue.github_id", "issue.number"]),
    one_of("availability", AVAILABILITIES),
    Index(None, "github_id", "number"),
    comment="Which issue each reference leads to. One that is not here was not asked for.",
)

evidence_request = Table(
    "evidence_request",
    metadata,
    key_to("sha", "git_commit.sha", "The commit."),
    key_to("repository_id", "repository.repository_id", "The repository in which it was asked for."),
    needed("outcome", Text(), "found, or missing: GitHub has the repository, and not the commit."),
    needed("rater", Text(), "The rules that made evidence of what came, with their version."),
    _response(),
    run_column("The run that asked."),
    one_of("outcome", OUTCOMES),
    comment="For which commits GitHub was asked what pull requests and issues say: no row, no evidence either way.",
    sqlite_with_rowid=False,
)
