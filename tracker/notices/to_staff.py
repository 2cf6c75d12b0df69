"""Which texts go to an operator's own people, and not to its customers."""

from sqlalchemy import and_, not_, or_

from tracker.notices.models import Notice
from tracker.templates.rules import Category
from tracker.templates.seed import SEED

# By the beginning of its key a wording that somebody tries on their own phone is told from what it is for.
TRIAL = "trial"
IS_TRIAL = Notice.dedup_key.startswith(f"{TRIAL}:")

_WORK = [code for code, template in SEED.items() if template.category is Category.STAFF]
OF_WORK = and_(Notice.template.in_(_WORK), not_(IS_TRIAL))
"""What is told in working hours alone; a code and a trial are asked for, at whatever hour."""

QUEUES_OF_WORK = frozenset(SEED[code].queue for code in _WORK)

TO_STAFF = or_(Notice.template.in_([*_WORK, "staff_code"]), IS_TRIAL)
