"""Who saw or changed personal data, when and why (审计): an append-only chain."""
