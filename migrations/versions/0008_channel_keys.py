"""Keys of channels: signed ones, rotation, last use, and the nonces that were used."""

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
