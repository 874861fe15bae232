"""The tables of issues and pull requests, and evidence that is no word of a message."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from miner.store.widening import allow

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UTC_TIME = sa.Text().with_variant(sa.DateTime(timezone=True), "postgresql")
SIDES = ("old", "new", "message", "path", "manifest", "tag", "issue", "commit")
LINK_KINDS = ("closes", "mentions", "reverts", "cherry_picked", "cites", "merged_by")
REASONS = (
    "repository_missing",
    "repository_refused",
    "repository_unreachable",
    "repository_empty",
    "repository_too_large",
    "repository_corrupt",
    "objects_missing",
    "history_shallow",
    "history_rewritten",
    "commit_unreadable",
    "commit_failed",
    "commit_too_large",
    "commit_date_invalid",
    "no_library_code",
    "library_not_selected",
    "not_a_fix",
    "file_unreadable",
    "file_binary",
    "file_too_large",
    "file_vendored",
    "file_generated",
    "file_not_text",
    "diff_too_large",
    "submodule",
    "question_unanswered",
    "question_below_score",
    "question_deleted",
    "question_failed",
    "accepted_answer_missing",
    "repair_not_described",
    "post_unreadable",
    "site_unreachable",
    "quota_exhausted",
    "dump_unreadable",
    "seed_unreadable",
    "commit_missing",
    "line_missing",
    "line_unchanged",
    "anchor_unresolved",
    "post_missing",
    "search_incomplete",
    "search_failed",
    "item_unreadable",
    "evidence_unknown",
)


def upgrade() -> None:
    op.create_table(
        "issue",
        sa.Column("github_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.Column("closed_at", UTC_TIME, nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("response_sha256", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('issue', 'pull_request')", name=op.f("ck_issue_kind")),
        sa.CheckConstraint("state IN ('open', 'closed', 'merged')", name=op.f("ck_issue_state")),
        sa.PrimaryKeyConstraint("github_id", "number", name=op.f("pk_issue")),
    )
    op.create_table(
        "issue_label",
        sa.Column("github_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("label", sa.Text(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["github_id", "number"], ["issue.github_id", "issue.number"], name=op.f("fk_issue_label_github_id_number")
        ),
        sa.PrimaryKeyConstraint("github_id", "number", "label", name=op.f("pk_issue_label")),
    )
    op.create_table(
        "issue_reference",
        sa.Column("target_id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("github_id", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("availability", sa.Text(), nullable=False),
        sa.Column("response_sha256", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "availability IN ('there', 'gone', 'unknown')", name=op.f("ck_issue_reference_availability")
        ),
        sa.ForeignKeyConstraint(
            ["github_id", "number"],
            ["issue.github_id", "issue.number"],
            name=op.f("fk_issue_reference_github_id_number"),
        ),
        sa.PrimaryKeyConstraint("target_id", name=op.f("pk_issue_reference")),
    )
    with op.batch_alter_table("issue_reference") as batch:
        batch.create_index(batch.f("ix_issue_reference_github_id_number"), ["github_id", "number"], unique=False)
    op.create_table(
        "evidence_request",
        sa.Column("sha", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("repository_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("rater", sa.Text(), nullable=False),
        sa.Column("response_sha256", sa.Text(), nullable=True),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("outcome IN ('found', 'missing')", name=op.f("ck_evidence_request_outcome")),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.repository_id"], name=op.f("fk_evidence_request_repository_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_run.run_id"], name=op.f("fk_evidence_request_run_id")),
        sa.ForeignKeyConstraint(["sha"], ["git_commit.sha"], name=op.f("fk_evidence_request_sha")),
        sa.PrimaryKeyConstraint("sha", "repository_id", name=op.f("pk_evidence_request")),
        sqlite_with_rowid=False,
    )
    allow("label_evidence", "side", SIDES)
    allow("bug_fix_evidence", "side", SIDES)
    allow("link", "kind", LINK_KINDS)
    allow("omission", "reason", REASONS)
