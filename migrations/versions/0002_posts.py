"""The tables of posts: the Stack Exchange API and data dumps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from miner.store.widening import allow

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UTC_TIME = sa.Text().with_variant(sa.DateTime(timezone=True), "postgresql")
SIDES = ("old", "new", "message", "path", "manifest", "tag")
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
)


def upgrade() -> None:
    op.create_table(
        "dump",
        sa.Column("dump_id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("as_of", UTC_TIME, nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_run.run_id"], name=op.f("fk_dump_run_id")),
        sa.PrimaryKeyConstraint("dump_id", name=op.f("pk_dump")),
    )
    op.create_table(
        "post",
        sa.Column("site", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("post_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("question_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.Column("last_edited_at", UTC_TIME, nullable=True),
        sa.Column("last_activity_at", UTC_TIME, nullable=False),
        sa.Column("closed_at", UTC_TIME, nullable=True),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("accepted_answer_id", sa.BigInteger(), nullable=True),
        sa.Column("answer_count", sa.Integer(), nullable=True),
        sa.Column("view_count", sa.Integer(), nullable=True),
        sa.Column("availability", sa.Text(), nullable=False),
        sa.Column("judged_as", sa.Text(), nullable=False),
        sa.Column("observed_at", UTC_TIME, nullable=False),
        sa.Column("response_sha256", sa.Text(), nullable=True),
        sa.Column("dump_id", sa.Text(), nullable=True),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("availability IN ('there', 'gone', 'unknown')", name=op.f("ck_post_availability")),
        sa.CheckConstraint("kind IN ('question', 'answer')", name=op.f("ck_post_kind")),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_run.run_id"], name=op.f("fk_post_run_id")),
        sa.PrimaryKeyConstraint("site", "post_id", name=op.f("pk_post")),
    )
    with op.batch_alter_table("post") as batch:
        batch.create_index(op.f("ix_post_kind_site_observed_at"), ["kind", "site", "observed_at"], unique=False)
        batch.create_index(op.f("ix_post_site_question_id"), ["site", "question_id"], unique=False)

    op.create_table(
        "comment",
        sa.Column("site", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("comment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("post_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("observed_at", UTC_TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["site", "post_id"], ["post.site", "post.post_id"], name=op.f("fk_comment_site_post_id")
        ),
        sa.PrimaryKeyConstraint("site", "comment_id", name=op.f("pk_comment")),
    )
    with op.batch_alter_table("comment") as batch:
        batch.create_index(op.f("ix_comment_site_post_id"), ["site", "post_id"], unique=False)

    op.create_table(
        "dump_table",
        sa.Column("dump_id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("scope", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("pass_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("bytes_done", sa.BigInteger(), nullable=False),
        sa.Column("rows_seen", sa.BigInteger(), nullable=False),
        sa.Column("rows_kept", sa.BigInteger(), nullable=False),
        sa.Column("largest_question", sa.BigInteger(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["dump_id"], ["dump.dump_id"], name=op.f("fk_dump_table_dump_id")),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_run.run_id"], name=op.f("fk_dump_table_run_id")),
        sa.PrimaryKeyConstraint("dump_id", "scope", "pass_no", name=op.f("pk_dump_table")),
    )
    op.create_table(
        "post_edit",
        sa.Column("site", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("post_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("edited_at", UTC_TIME, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["site", "post_id"], ["post.site", "post.post_id"], name=op.f("fk_post_edit_site_post_id")
        ),
        sa.PrimaryKeyConstraint("site", "post_id", "edited_at", name=op.f("pk_post_edit")),
    )
    op.create_table(
        "post_link",
        sa.Column("site", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("post_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("related_post_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.CheckConstraint("kind IN ('linked', 'duplicate')", name=op.f("ck_post_link_kind")),
        sa.ForeignKeyConstraint(
            ["site", "post_id"], ["post.site", "post.post_id"], name=op.f("fk_post_link_site_post_id")
        ),
        sa.PrimaryKeyConstraint("site", "post_id", "related_post_id", "kind", name=op.f("pk_post_link")),
    )
    op.create_table(
        "post_observation",
        sa.Column("site", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("post_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("min_score", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("observed_at", UTC_TIME, autoincrement=False, nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("selection_rule", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "selection_rule IN ('accepted_with_code', 'accepted_without_code', 'score')",
            name=op.f("ck_post_observation_selection_rule"),
        ),
        sa.ForeignKeyConstraint(
            ["site", "post_id"], ["post.site", "post.post_id"], name=op.f("fk_post_observation_site_post_id")
        ),
        sa.PrimaryKeyConstraint("site", "post_id", "min_score", "observed_at", name=op.f("pk_post_observation")),
    )
    op.create_table(
        "post_tag",
        sa.Column("site", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("post_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tag", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("tag_no", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site", "post_id"], ["post.site", "post.post_id"], name=op.f("fk_post_tag_site_post_id")
        ),
        sa.PrimaryKeyConstraint("site", "post_id", "tag", name=op.f("pk_post_tag")),
    )
    with op.batch_alter_table("post_tag") as batch:
        batch.create_index(op.f("ix_post_tag_tag"), ["tag"], unique=False)

    op.create_table(
        "vote",
        sa.Column("site", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("vote_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("post_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("voted_on", UTC_TIME, nullable=False),
        sa.CheckConstraint("kind IN ('accepted', 'up', 'down')", name=op.f("ck_vote_kind")),
        sa.ForeignKeyConstraint(["site", "post_id"], ["post.site", "post.post_id"], name=op.f("fk_vote_site_post_id")),
        sa.PrimaryKeyConstraint("site", "vote_id", name=op.f("pk_vote")),
    )
    with op.batch_alter_table("vote") as batch:
        batch.create_index(op.f("ix_vote_site_post_id"), ["site", "post_id"], unique=False)

    op.create_table(
        "pair",
        sa.Column("fix_id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("pair_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("question_snippet_no", sa.Integer(), nullable=True),
        sa.Column("answer_snippet_no", sa.Integer(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("diff", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.CheckConstraint("confidence >= 0 AND confidence <= 1", name=op.f("ck_pair_confidence")),
        sa.ForeignKeyConstraint(["fix_id"], ["fix.fix_id"], name=op.f("fk_pair_fix_id")),
        sa.PrimaryKeyConstraint("fix_id", "pair_no", name=op.f("pk_pair")),
    )
    op.create_table(
        "snippet",
        sa.Column("fix_id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("side", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("snippet_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('code', 'traceback', 'output', 'inline', 'sentence')", name=op.f("ck_snippet_kind")
        ),
        sa.CheckConstraint("side IN ('question', 'answer')", name=op.f("ck_snippet_side")),
        sa.ForeignKeyConstraint(["fix_id"], ["fix.fix_id"], name=op.f("fk_snippet_fix_id")),
        sa.PrimaryKeyConstraint("fix_id", "side", "snippet_no", name=op.f("pk_snippet")),
    )
    with op.batch_alter_table("fix") as batch:
        batch.add_column(sa.Column("site", sa.Text(), nullable=True))
        batch.add_column(sa.Column("question_id", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("answer_id", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("selection_rule", sa.Text(), nullable=True))
        batch.create_check_constraint(
            op.f("ck_fix_selection_rule"), "selection_rule IN ('accepted_with_code', 'accepted_without_code', 'score')"
        )
        batch.create_index(op.f("ix_fix_site_question_id"), ["site", "question_id"], unique=False)
        batch.create_foreign_key(op.f("fk_fix_site_answer_id"), "post", ["site", "answer_id"], ["site", "post_id"])
        batch.create_foreign_key(op.f("fk_fix_site_question_id"), "post", ["site", "question_id"], ["site", "post_id"])

    allow("label_evidence", "side", SIDES)
    allow("bug_fix_evidence", "side", SIDES)
    allow("omission", "reason", REASONS)
