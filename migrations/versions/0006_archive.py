"""Bodies of responses are in the archive; a run's row names its record there.

A migration does not know where the archive is, so bodies stay in their column until the next collect, or
``miner archive move``, moves them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("raw_response") as batch:
        batch.alter_column("body", existing_type=sa.LargeBinary(), nullable=True)
    with op.batch_alter_table("crawl_run") as batch:
        batch.add_column(sa.Column("journal", sa.Text(), nullable=True))
        batch.add_column(sa.Column("commits", sa.Integer(), nullable=True))
