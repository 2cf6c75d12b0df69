"""What customers are told: templates, the outbox, delivery and its settling."""
