"""What RQ may run. A job looks at the database and does what is due: safe to repeat, safe to lose."""

import atexit
from functools import cache

from sqlalchemy import select

from tracker import config
from tracker.accounts import ask_reset
from tracker.accounts import keep_accounts as keeping_accounts
from tracker.at_risk import escalate, keep_to_work, send_digests, tell_staff
from tracker.audit import check_trail as checking_trail
from tracker.channels import forget_requests as forgetting
from tracker.compensation import keep_ledger as keeping_compensation
from tracker.customer_requests import apply_requests as applying
from tracker.customer_requests import keep_requests as keeping_requests
from tracker.figures import check_figures as checking_figures
from tracker.figures import keep_cells as keeping_figures
from tracker.figures import publish_figures as figures
from tracker.notices import deliver as delivering
from tracker.notices import sweep as sweeping
from tracker.notices.models import Notice
from tracker.order_files import keep_files, take_in
from tracker.orders import recount_promises as recounting
from tracker.reports import build_reports as building_reports
from tracker.retention import forget as forgetting_persons
from tracker.retention.files import remover
from tracker.runtime import Runtime, start
from tracker.site_work.forget_strays import forget_strays
from tracker.tariff_changes import upkeep
from tracker.tries import in_database as tries
from tracker.visits import keep_visits as keeping_visits
from tracker.webhooks import deliver as webhook_delivery
from tracker.webhooks import keep as webhook_keep

# Others wait for their turn in the same queue; what is left is read the next time.
_READING_SECONDS = 10.0


@cache
def runtime() -> Runtime:
    """This worker process's runtime, made at its first job and closed at the end of the process."""
    made = start(config.load())
    atexit.register(made.close)
    return made


def deliver(notice_id: int) -> None:
    """Send what is due in the queue of this notice, and the notice with it."""
    with runtime().db.reading() as connection:
        queue = connection.scalar(select(Notice.queue).where(Notice.id == notice_id))
    if queue is not None:
        delivering.deliver(runtime(), queue, patience=delivering.LONGEST)


def apply_requests() -> None:
    """Do what customers have asked for on the public site, as far as it is due."""
    applying.apply_requests(runtime())


def sweep() -> None:
    """Recover leases, settle the unknown, ring again; and apply what nobody was rung for."""
    # First: asking about the unknown may take long where a provider hangs.
    applying.apply_requests(runtime())
    ask_reset.send_staff_codes(runtime())
    sweeping.sweep(runtime())


def recount_promises() -> None:
    """Count provisional promises anew that an announcement has settled."""
    recounting.recount_promises(runtime())


def warn_subscribers(change_id: int) -> None:
    """Write what is due about a change: warnings, or corrections once it was withdrawn."""
    upkeep.keep_change(runtime(), change_id)


def keep_tariff_changes() -> None:
    """The same for every change, in case a ring was lost, and for whoever subscribed since."""
    upkeep.keep_changes(runtime())


def forget_requests() -> None:
    """Delete answers and nonces that nobody can ask for again."""
    forgetting.forget_requests(runtime().db)


def send_staff_codes() -> None:
    """Text the codes that staff have asked for because they forgot their password."""
    ask_reset.send_staff_codes(runtime())


def keep_accounts() -> None:
    """Delete sessions, codes and counts of tries that are over."""
    keeping_accounts.keep_accounts(runtime())


def keep_requests() -> None:
    """Delete codes that are over."""
    keeping_requests.keep_requests(runtime().db)


def forget_tries() -> None:
    """Delete counts of tries at lookups that have ended."""
    tries.forget_tries(runtime().db)


def deliver_webhooks() -> None:
    """Tell channels of what happened to their orders, for as long as there is anybody to tell."""
    webhook_delivery.deliver(runtime(), patience=webhook_delivery.LONGEST)


def keep_webhooks() -> None:
    """Let old deliveries go, and secrets that do not sign any more."""
    webhook_keep.keep_webhooks(runtime())


def import_order_files() -> None:
    """Take in the uploaded files that wait, and those whose worker died."""
    take_in.take_in_due(runtime())


def build_reports() -> None:
    """Build the half-year reports that were asked for, and those whose worker died."""
    building_reports.build_reports(runtime())


def keep_order_files() -> None:
    """Delete rows of files that failed once they have been kept long enough."""
    keep_files.keep_files(runtime())


def keep_visits() -> None:
    """Give back the places of former visits that their customers did not want back."""
    keeping_visits.keep_visits(runtime().db)


def keep_figures() -> None:
    """Read the histories of orders on into the sums of figures, portion by portion, for a while."""
    keeping_figures.keep_cells(runtime().db, patience=_READING_SECONDS)


def publish_figures() -> None:
    """Publish the on-time figures of periods that are over, and what has come to stand otherwise since."""
    figures.publish_figures(runtime().db)


def verify_figures() -> None:
    """Compare a share of the figures with what they are of; health tells where they differ."""
    checking_figures.check_figures(runtime().db)


def watch_risks() -> None:
    """Bring orders before whoever must look after them, and tell them in working hours."""
    escalate.escalate(runtime())
    tell_staff.tell_staff(runtime())
    send_digests.send_digests(runtime())
    keep_to_work.keep_to_work(runtime())


def check_audit_trail() -> None:
    """Verify the audit trail; health tells where it is broken."""
    checking_trail.check_trail(runtime().db)


def forget_persons() -> None:
    """At night: forget personal data whose time is over, and photos that no order has."""
    done = forgetting_persons.forget_tonight(
        runtime().db, runtime().config.retention_years, remover(runtime())
    )
    if done is not None and done.is_all and runtime().config.files_dir is not None:
        forget_strays(runtime())


def keep_compensation() -> None:
    """Fix what orders that were connected late come to, and correct it where something changed since."""
    keeping_compensation.keep_ledger(runtime(), patience=_READING_SECONDS)
