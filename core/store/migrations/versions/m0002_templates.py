"""Pipeline templates."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "template",
        sa.Column("id", sa.String(), primary_key=True, nullable=False),
        sa.Column("version", sa.String(), primary_key=True, nullable=False),
        sa.Column("body", sa.LargeBinary().with_variant(sa.Text(), "postgresql"), nullable=False),
    )
