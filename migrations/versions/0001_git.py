"""The tables of the git source."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

UTC_TIME = sa.Text().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "crawl_run",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("arguments", sa.Text(), nullable=False),
        sa.Column("miner_version", sa.Text(), nullable=False),
        sa.Column("rater", sa.Text(), nullable=False),
        sa.Column("started_at", UTC_TIME, nullable=False),
        sa.Column("finished_at", UTC_TIME, nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('running', 'complete', 'partial', 'interrupted', 'failed')", name=op.f("ck_crawl_run_status")
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_crawl_run")),
    )
    op.create_table(
        "git_commit",
        sa.Column("sha", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("author_email", sa.Text(), nullable=False),
        sa.Column("authored_at", UTC_TIME, nullable=True),
        sa.Column("authored_offset_minutes", sa.Integer(), nullable=True),
        sa.Column("committer_name", sa.Text(), nullable=False),
        sa.Column("committer_email", sa.Text(), nullable=False),
        sa.Column("committed_at", UTC_TIME, nullable=True),
        sa.Column("committed_offset_minutes", sa.Integer(), nullable=True),
        sa.Column("committed_epoch", sa.BigInteger(), nullable=False),
        sa.Column("parents", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("message_raw", sa.LargeBinary(), nullable=True),
        sa.Column("bug_fix_score", sa.Double(), nullable=False),
        sa.Column("bug_fix_rater", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sha", name=op.f("pk_git_commit")),
    )
    op.create_index(op.f("ix_git_commit_committed_at"), "git_commit", ["committed_at"], unique=False)
    op.create_table(
        "raw_response",
        sa.Column("response_sha256", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("fetched_at", UTC_TIME, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("body_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("response_sha256", name=op.f("pk_raw_response")),
    )
    op.create_table(
        "bug_fix_evidence",
        sa.Column("sha", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("evidence_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("start_offset", sa.Integer(), nullable=False),
        sa.Column("end_offset", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "side IN ('old', 'new', 'message', 'path', 'manifest')", name=op.f("ck_bug_fix_evidence_side")
        ),
        sa.ForeignKeyConstraint(["sha"], ["git_commit.sha"], name=op.f("fk_bug_fix_evidence_sha")),
        sa.PrimaryKeyConstraint("sha", "evidence_no", name=op.f("pk_bug_fix_evidence")),
    )
    op.create_table(
        "coverage",
        sa.Column("source", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("query", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("tip", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("since_epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until_epoch", sa.BigInteger(), nullable=False),
        sa.Column("reported", sa.BigInteger(), nullable=True),
        sa.Column("fetched", sa.BigInteger(), nullable=False),
        sa.Column("stored", sa.BigInteger(), nullable=False),
        sa.Column("skipped", sa.BigInteger(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("response_sha256", sa.Text(), nullable=True),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("since_epoch < until_epoch", name=op.f("ck_coverage_interval")),
        sa.ForeignKeyConstraint(
            ["response_sha256"], ["raw_response.response_sha256"], name=op.f("fk_coverage_response_sha256")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_run.run_id"], name=op.f("fk_coverage_run_id")),
        sa.PrimaryKeyConstraint("source", "query", "tip", "since_epoch", name=op.f("pk_coverage")),
    )
    op.create_table(
        "file_change",
        sa.Column("sha", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("file_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("change_type", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("old_path", sa.Text(), nullable=True),
        sa.Column("new_path", sa.Text(), nullable=True),
        sa.Column("old_mode", sa.Text(), nullable=False),
        sa.Column("new_mode", sa.Text(), nullable=False),
        sa.Column("old_blob", sa.Text(), nullable=True),
        sa.Column("new_blob", sa.Text(), nullable=True),
        sa.Column("similarity", sa.Integer(), nullable=True),
        sa.Column("added_lines", sa.Integer(), nullable=False),
        sa.Column("deleted_lines", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "change_type IN ('add', 'modify', 'delete', 'rename', 'copy', 'type_change')",
            name=op.f("ck_file_change_change_type"),
        ),
        sa.CheckConstraint(
            "kind IN ('source', 'test', 'documentation', 'configuration', 'data', 'vendored', 'generated')",
            name=op.f("ck_file_change_kind"),
        ),
        sa.ForeignKeyConstraint(["sha"], ["git_commit.sha"], name=op.f("fk_file_change_sha")),
        sa.PrimaryKeyConstraint("sha", "file_no", name=op.f("pk_file_change")),
    )
    op.create_table(
        "fix",
        sa.Column("fix_id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("sha", sa.Text(), nullable=True),
        sa.Column("library", sa.Text(), nullable=False),
        sa.Column("fixed_at", UTC_TIME, nullable=True),
        sa.ForeignKeyConstraint(["sha"], ["git_commit.sha"], name=op.f("fk_fix_sha")),
        sa.PrimaryKeyConstraint("fix_id", name=op.f("pk_fix")),
    )
    op.create_index(op.f("ix_fix_library"), "fix", ["library"], unique=False)
    op.create_index(op.f("ix_fix_sha"), "fix", ["sha"], unique=False)
    op.create_table(
        "repository",
        sa.Column("repository_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("github_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("clone_url", sa.Text(), nullable=False),
        sa.Column("default_branch", sa.Text(), nullable=True),
        sa.Column("availability", sa.Text(), nullable=False),
        sa.Column("checked_at", UTC_TIME, nullable=True),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("availability IN ('there', 'gone', 'unknown')", name=op.f("ck_repository_availability")),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_run.run_id"], name=op.f("fk_repository_run_id")),
        sa.PrimaryKeyConstraint("repository_id", name=op.f("pk_repository")),
        sa.UniqueConstraint("github_id", name=op.f("uq_repository_github_id")),
    )
    op.create_table(
        "fix_hunk",
        sa.Column("fix_id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("file_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hunk_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["fix_id"], ["fix.fix_id"], name=op.f("fk_fix_hunk_fix_id")),
        sa.PrimaryKeyConstraint("fix_id", "file_no", "hunk_no", name=op.f("pk_fix_hunk")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "hunk",
        sa.Column("sha", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("file_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hunk_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("old_start", sa.Integer(), nullable=False),
        sa.Column("old_lines", sa.Integer(), nullable=False),
        sa.Column("new_start", sa.Integer(), nullable=False),
        sa.Column("new_lines", sa.Integer(), nullable=False),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("body_raw", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["sha", "file_no"], ["file_change.sha", "file_change.file_no"], name=op.f("fk_hunk_sha_file_no")
        ),
        sa.PrimaryKeyConstraint("sha", "file_no", "hunk_no", name=op.f("pk_hunk")),
    )
    op.create_table(
        "label",
        sa.Column("fix_id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("scheme", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("rater", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("rank", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["fix_id"], ["fix.fix_id"], name=op.f("fk_label_fix_id")),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_run.run_id"], name=op.f("fk_label_run_id")),
        sa.PrimaryKeyConstraint("fix_id", "scheme", "rater", "rank", name=op.f("pk_label")),
    )
    op.create_index(op.f("ix_label_scheme_value"), "label", ["scheme", "value"], unique=False)
    op.create_table(
        "omission",
        sa.Column("source", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("sha", sa.Text(), nullable=True),
        sa.Column("repository_id", sa.Integer(), nullable=True),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("resolved_run_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "reason IN ('repository_missing', 'repository_refused', 'repository_unreachable', 'repository_empty', 'repository_too_large', 'repository_corrupt', 'objects_missing', 'history_shallow', 'history_rewritten', 'commit_unreadable', 'commit_failed', 'commit_too_large', 'commit_date_invalid', 'no_library_code', 'library_not_selected', 'file_unreadable', 'file_binary', 'file_too_large', 'file_vendored', 'file_generated', 'file_not_text', 'diff_too_large', 'submodule')",  # noqa: E501
            name=op.f("ck_omission_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.repository_id"], name=op.f("fk_omission_repository_id")
        ),
        sa.ForeignKeyConstraint(["resolved_run_id"], ["crawl_run.run_id"], name=op.f("fk_omission_resolved_run_id")),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_run.run_id"], name=op.f("fk_omission_run_id")),
        sa.PrimaryKeyConstraint("source", "subject", "reason", name=op.f("pk_omission")),
    )
    op.create_index(op.f("ix_omission_reason"), "omission", ["reason"], unique=False)
    op.create_table(
        "repository_alias",
        sa.Column("name", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.repository_id"], name=op.f("fk_repository_alias_repository_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_run.run_id"], name=op.f("fk_repository_alias_run_id")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_repository_alias")),
    )
    op.create_table(
        "repository_commit",
        sa.Column("sha", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("repository_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.repository_id"], name=op.f("fk_repository_commit_repository_id")
        ),
        sa.ForeignKeyConstraint(["sha"], ["git_commit.sha"], name=op.f("fk_repository_commit_sha")),
        sa.PrimaryKeyConstraint("sha", "repository_id", name=op.f("pk_repository_commit")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "label_evidence",
        sa.Column("fix_id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("scheme", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("rater", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("rank", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("evidence_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("file_no", sa.Integer(), nullable=True),
        sa.Column("hunk_no", sa.Integer(), nullable=True),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("start_column", sa.Integer(), nullable=False),
        sa.Column("end_column", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "side IN ('old', 'new', 'message', 'path', 'manifest')", name=op.f("ck_label_evidence_side")
        ),
        sa.ForeignKeyConstraint(
            ["fix_id", "scheme", "rater", "rank"],
            ["label.fix_id", "label.scheme", "label.rater", "label.rank"],
            name=op.f("fk_label_evidence_fix_id_scheme_rater_rank"),
        ),
        sa.PrimaryKeyConstraint("fix_id", "scheme", "rater", "rank", "evidence_no", name=op.f("pk_label_evidence")),
    )
