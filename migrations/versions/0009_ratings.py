"""The tables of people's labels: items, ratings, batches, sheets, and the files that were read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0007"
branch_labels = None
depends_on = None

UTC_TIME = sa.Text().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "rating_batch",
        sa.Column("batch", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("stratum", sa.Text(), nullable=True),
        sa.Column("schemes", sa.Text(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("method IN ('random', 'stratified', 'least_sure')", name=op.f("ck_rating_batch_method")),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_run.run_id"], name=op.f("fk_rating_batch_run_id")),
        sa.PrimaryKeyConstraint("batch", name=op.f("pk_rating_batch")),
    )
    op.create_table(
        "rating_import",
        sa.Column("file_sha256", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("rater", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("set_name", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_run.run_id"], name=op.f("fk_rating_import_run_id")),
        sa.PrimaryKeyConstraint("file_sha256", "rater", name=op.f("pk_rating_import")),
    )
    op.create_table(
        "rating_rejection",
        sa.Column("file_sha256", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("place", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("field", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_run.run_id"], name=op.f("fk_rating_rejection_run_id")),
        sa.PrimaryKeyConstraint("file_sha256", "place", "field", name=op.f("pk_rating_rejection")),
    )
    op.create_table(
        "rating_sheet",
        sa.Column("batch", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("rater", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["batch"], ["rating_batch.batch"], name=op.f("fk_rating_sheet_batch")),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_run.run_id"], name=op.f("fk_rating_sheet_run_id")),
        sa.PrimaryKeyConstraint("batch", "rater", name=op.f("pk_rating_sheet")),
    )
    op.create_table(
        "rating_item",
        sa.Column("item_id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("library", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("set_name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("fix_id", sa.Text(), nullable=True),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("source IN ('github', 'stackoverflow')", name=op.f("ck_rating_item_source")),
        sa.ForeignKeyConstraint(["fix_id"], ["fix.fix_id"], name=op.f("fk_rating_item_fix_id")),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_run.run_id"], name=op.f("fk_rating_item_run_id")),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_rating_item")),
    )
    with op.batch_alter_table("rating_item") as batch:
        batch.create_index(batch.f("ix_rating_item_fix_id"), ["fix_id"], unique=False)
        batch.create_index(batch.f("ix_rating_item_set_name_position"), ["set_name", "position"], unique=False)

    op.create_table(
        "rating",
        sa.Column("item_id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("scheme", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("rater", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("round", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("rated_at", UTC_TIME, nullable=True),
        sa.Column("batch", sa.Text(), nullable=True),
        sa.Column("file_sha256", sa.Text(), nullable=True),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("round >= 1", name=op.f("ck_rating_round")),
        sa.ForeignKeyConstraint(["batch"], ["rating_batch.batch"], name=op.f("fk_rating_batch")),
        sa.ForeignKeyConstraint(["item_id"], ["rating_item.item_id"], name=op.f("fk_rating_item_id")),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_run.run_id"], name=op.f("fk_rating_run_id")),
        sa.PrimaryKeyConstraint("item_id", "scheme", "rater", "round", name=op.f("pk_rating")),
    )
    with op.batch_alter_table("rating") as batch:
        batch.create_index(batch.f("ix_rating_scheme_rater"), ["scheme", "rater"], unique=False)

    op.create_table(
        "rating_batch_item",
        sa.Column("batch", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("stratum", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["batch"], ["rating_batch.batch"], name=op.f("fk_rating_batch_item_batch")),
        sa.ForeignKeyConstraint(["item_id"], ["rating_item.item_id"], name=op.f("fk_rating_batch_item_item_id")),
        sa.PrimaryKeyConstraint("batch", "position", name=op.f("pk_rating_batch_item")),
    )
    with op.batch_alter_table("rating_batch_item") as batch:
        batch.create_index(batch.f("ix_rating_batch_item_batch_item_id"), ["batch", "item_id"], unique=True)
        batch.create_index(batch.f("ix_rating_batch_item_item_id"), ["item_id"], unique=False)
