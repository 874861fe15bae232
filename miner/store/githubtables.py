"""The tables of GitHub: what was searched and found, what seeds led to, and what refers to what."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text

from miner.store.columns import PROVENANCE, UtcDateTime, key, key_to, metadata, needed, one_of, optional, run_column

SEED_KINDS = ("post", "commit", "line")
LINK_SOURCES = ("commit", "post")
LINK_TARGETS = ("commit", "issue", "post")
LINK_KINDS = ("closes", "mentions", "reverts", "cherry_picked", "cites", "merged_by")
STRATEGIES = ("repositories", "commits")

github_repository = Table(
    "github_repository",
    metadata,
    key_to("repository_id", "repository.repository_id", "The repository."),
    needed("description", Text(), "Its description; empty if it has none."),
    needed("topics", Text(), "Its topics, separated by a space, sorted."),
    needed("stars", Integer(), "Number of stars at the last look."),
    needed("fork", Boolean(), "Whether it is a fork of another one."),
    needed("archived", Boolean(), "Whether it is archived."),
    optional("licence", Text(), "SPDX id of its licence; null if GitHub names none."),
    optional("created_at", UtcDateTime(), "When it was created."),
    optional("pushed_at", UtcDateTime(), "When somebody last pushed to it."),
    optional("response_sha256", Text(), "The response that says so; see raw_response.", PROVENANCE),
    comment="What GitHub says of a repository that a search found.",
)

discovery = Table(
    "discovery",
    metadata,
    key("query", Text(), "The search, without its dates."),
    key_to("repository_id", "repository.repository_id", "A repository that it found."),
    key("sha", Text(), "The commit that it found; empty for a search for repositories."),
    key("library", Text(), "The library that the search is for."),
    needed("strategy", Text(), "What was searched for: repositories or commits."),
    run_column("The first run that found it."),
    one_of("strategy", STRATEGIES),
    Index(None, "repository_id"),
    comment="What each search on GitHub found: why a repository is mined.",
)

http_validator = Table(
    "http_validator",
    metadata,
    key("url", Text(), "What was asked; no secrets."),
    needed("etag", Text(), "What the server calls this state of its answer."),
    Column(
        "response_sha256",
        ForeignKey("raw_response.response_sha256"),
        nullable=False,
        comment="The answer of that state.",
    ),
    comment="With which answers to ask whether something changed: that costs no budget while it did not.",
)

seed = Table(
    "seed",
    metadata,
    key("seed", Text(), "The id or link as it was given."),
    needed("kind", Text(), "post, commit, or line: a line of a file that a later commit repaired."),
    optional("site", Text(), "The site of a post, by its domain; null for another kind."),
    optional("post_id", BigInteger(), "The question or answer; null for another kind."),
    optional("question_id", BigInteger(), "The question that the post is or belongs to; null if not found."),
    Column("repository_id", ForeignKey("repository.repository_id"), comment="The repository; null if it is gone."),
    optional("asked_sha", Text(), "The commit that a link names, as far as it does; null for a post."),
    optional("path", Text(), "Path of the file that the link names; null if it names none, or none was found."),
    optional("side", Text(), "Side of the diff that the line is on, old or new; null without a line."),
    optional("line", Integer(), "The line, from 1; null if the link names none."),
    optional("sha", Text(), "The commit that it leads to; null if there is none."),
    optional("file_no", Integer(), "The file of the commit that its anchor names; null if it names none."),
    optional("hunk_no", Integer(), "The hunk that holds the line; null if none does."),
    run_column("The last run that followed it."),
    one_of("kind", SEED_KINDS),
    Index(None, "sha"),
    comment="What was collected because a list named it, and what each entry led to.",
)

link = Table(
    "link",
    metadata,
    key("source_kind", Text(), "What refers: commit or post."),
    key("source_id", Text(), "Its sha, or SITE/ID."),
    key("target_kind", Text(), "What it refers to: commit, issue (also a pull request) or post."),
    key("target_id", Text(), "Its sha as it is given, HOST/OWNER/NAME#NUMBER, or SITE/ID."),
    needed("kind", Text(), "closes, mentions, reverts, cherry_picked, cites; merged_by: the pull request brought it."),
    one_of("source_kind", LINK_SOURCES),
    one_of("target_kind", LINK_TARGETS),
    one_of("kind", LINK_KINDS),
    Index(None, "target_kind", "target_id"),
    comment="References in commit messages and posts, and what GitHub says of commits. A target need not be stored.",
)

fix_cluster = Table(
    "fix_cluster",
    metadata,
    key_to("fix_id", "fix.fix_id", "The fix."),
    needed("cluster_id", Text(), "The same for fixes that change the same lines in the same way."),
    Index(None, "cluster_id"),
    comment="Cherry-picks, backports and copies of one fix share a cluster. Only fixes of commits have one.",
)
