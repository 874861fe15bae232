"""Which fixes the current rules split otherwise, and rules of the user that failed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from miner.store.widening import allow

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

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
    "rule_failed",
)


def upgrade() -> None:
    op.create_table(
        "superseded_fix",
        sa.Column("fix_id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("rater", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["fix_id"], ["fix.fix_id"], name=op.f("fk_superseded_fix_fix_id")),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_run.run_id"], name=op.f("fk_superseded_fix_run_id")),
        sa.PrimaryKeyConstraint("fix_id", name=op.f("pk_superseded_fix")),
    )
    allow("omission", "reason", REASONS)
