"""The tables of the daemon."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

UTC_TIME = sa.Text().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "daemon_job",
        sa.Column("id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("next_run_time", sa.Double(), nullable=True),
        sa.Column("job_state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_daemon_job")),
    )
    with op.batch_alter_table("daemon_job") as batch:
        batch.create_index(batch.f("ix_daemon_job_next_run_time"), ["next_run_time"], unique=False)

    op.create_table(
        "daemon_outcome",
        sa.Column("job", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("started_at", UTC_TIME, nullable=False),
        sa.Column("finished_at", UTC_TIME, nullable=True),
        sa.Column("succeeded_at", UTC_TIME, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('running', 'complete', 'partial', 'failed', 'interrupted', 'busy')",
            name=op.f("ck_daemon_outcome_outcome"),
        ),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_daemon_outcome")),
    )
