"""The tables of GitHub: discovery, seeds, links and clusters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from miner.store.widening import allow

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UTC_TIME = sa.Text().with_variant(sa.DateTime(timezone=True), "postgresql")
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
)


def upgrade() -> None:
    op.create_table(
        "link",
        sa.Column("source_kind", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("source_id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("target_kind", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("target_id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('closes', 'mentions', 'reverts', 'cherry_picked', 'cites')", name=op.f("ck_link_kind")
        ),
        sa.CheckConstraint("source_kind IN ('commit', 'post')", name=op.f("ck_link_source_kind")),
        sa.CheckConstraint("target_kind IN ('commit', 'issue', 'post')", name=op.f("ck_link_target_kind")),
        sa.PrimaryKeyConstraint("source_kind", "source_id", "target_kind", "target_id", name=op.f("pk_link")),
    )
    with op.batch_alter_table("link") as batch:
        batch.create_index(batch.f("ix_link_target_kind_target_id"), ["target_kind", "target_id"], unique=False)

    op.create_table(
        "http_validator",
        sa.Column("url", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("response_sha256", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["response_sha256"], ["raw_response.response_sha256"], name=op.f("fk_http_validator_response_sha256")
        ),
        sa.PrimaryKeyConstraint("url", name=op.f("pk_http_validator")),
    )
    op.create_table(
        "discovery",
        sa.Column("query", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("repository_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sha", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("library", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("strategy IN ('repositories', 'commits')", name=op.f("ck_discovery_strategy")),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.repository_id"], name=op.f("fk_discovery_repository_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_run.run_id"], name=op.f("fk_discovery_run_id")),
        sa.PrimaryKeyConstraint("query", "repository_id", "sha", "library", name=op.f("pk_discovery")),
    )
    with op.batch_alter_table("discovery") as batch:
        batch.create_index(batch.f("ix_discovery_repository_id"), ["repository_id"], unique=False)

    op.create_table(
        "github_repository",
        sa.Column("repository_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("topics", sa.Text(), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.Column("fork", sa.Boolean(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=True),
        sa.Column("created_at", UTC_TIME, nullable=True),
        sa.Column("pushed_at", UTC_TIME, nullable=True),
        sa.Column("response_sha256", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.repository_id"], name=op.f("fk_github_repository_repository_id")
        ),
        sa.PrimaryKeyConstraint("repository_id", name=op.f("pk_github_repository")),
    )
    op.create_table(
        "seed",
        sa.Column("seed", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("post_id", sa.BigInteger(), nullable=True),
        sa.Column("question_id", sa.BigInteger(), nullable=True),
        sa.Column("repository_id", sa.Integer(), nullable=True),
        sa.Column("asked_sha", sa.Text(), nullable=True),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("side", sa.Text(), nullable=True),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("sha", sa.Text(), nullable=True),
        sa.Column("file_no", sa.Integer(), nullable=True),
        sa.Column("hunk_no", sa.Integer(), nullable=True),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('post', 'commit', 'line')", name=op.f("ck_seed_kind")),
        sa.ForeignKeyConstraint(["repository_id"], ["repository.repository_id"], name=op.f("fk_seed_repository_id")),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_run.run_id"], name=op.f("fk_seed_run_id")),
        sa.PrimaryKeyConstraint("seed", name=op.f("pk_seed")),
    )
    with op.batch_alter_table("seed") as batch:
        batch.create_index(batch.f("ix_seed_sha"), ["sha"], unique=False)

    op.create_table(
        "fix_cluster",
        sa.Column("fix_id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("cluster_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["fix_id"], ["fix.fix_id"], name=op.f("fk_fix_cluster_fix_id")),
        sa.PrimaryKeyConstraint("fix_id", name=op.f("pk_fix_cluster")),
    )
    with op.batch_alter_table("fix_cluster") as batch:
        batch.create_index(batch.f("ix_fix_cluster_cluster_id"), ["cluster_id"], unique=False)

    allow("omission", "reason", REASONS)
