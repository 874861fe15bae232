"""What is on the opt-out list is left out, and said."""

from __future__ import annotations

from miner.store.widening import allow

revision = "0010"
down_revision = "0009"
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
    "opted_out",
    "evidence_unknown",
    "rule_failed",
)


def upgrade() -> None:
    allow("omission", "reason", REASONS)
