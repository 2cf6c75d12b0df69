"""Conditions that several statements share, on a notice `n` and its second try `r`."""

# The call `a` of the task `t` reached somebody, and stands: one that was taken back has closed nothing.
REACHED = "a.outcome = 'reached' AND a.recorded_at = t.closed_at"

# Somebody was reached by a call, or a receipt says that one of the texts arrived.
ARRIVED = f"""(n.delivered_at IS NOT NULL OR r.delivered_at IS NOT NULL OR EXISTS (
    SELECT FROM call_tasks t JOIN call_attempts a ON a.task_id = t.id
    WHERE t.notice_id IN (n.id, r.id) AND {REACHED}))"""

# Of the notice {0}: it told its customer, or may have. Also what was tried and is cancelled now, as it may be
# on its way in spite of what the provider said, and what was accepted and never confirmed.
MAY_HAVE_TOLD = (
    "({0}.state IN ('sending', 'unknown', 'accepted', 'delivered')"
    " OR ({0}.state = 'cancelled' AND {0}.attempts > 0)"
    " OR ({0}.state = 'call' AND {0}.accepted_at IS NOT NULL)"
    " OR EXISTS (SELECT FROM call_tasks t WHERE t.notice_id = {0}.id AND t.outcome = 'reached'))"
)
