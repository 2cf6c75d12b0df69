"""Who is given an account, and who takes it away: invitations, changes, resets, each in the audit trail."""
