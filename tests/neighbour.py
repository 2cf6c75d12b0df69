"""Another operator that has one of everything, each bearing a mark by which it would be known anywhere."""

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from announced_outages import outage_json
from complaining import Desk
from order_file_samples import blocks_of, csv_file, rows_of
from plan_samples import plan_fields
from sqlalchemy import Connection, text
from visiting_slots import TOWN, Diary

from tests.conftest import order_json
from tracker import clock, tables
from tracker.audit.append import append
from tracker.audit.rules import Action
from tracker.channels.create_key import create_key
from tracker.channels.use_nonce import use_nonce
from tracker.contacts.models import NO_TEXTS
from tracker.contacts.record_wish import record_wish
from tracker.notices.sweep import sweep
from tracker.order_files.store_upload import Wish, store_upload
from tracker.order_files.take_in import take_in_due
from tracker.orders.actor import Actor
from tracker.orders.change_appointment import change_appointment
from tracker.orders.place_hold import place_hold
from tracker.orders.place_orders import place_order
from tracker.orders.record_payment import record_charge, record_payment
from tracker.orders.record_progress import record_progress
from tracker.orders.schemas import HoldRequestSchema, OrderRequestSchema, ProgressRequestSchema
from tracker.outages.announce_outage import announce_outage
from tracker.outages.schemas import OutageSchema
from tracker.promises.override_day import override_day
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.subscribers.record_subscription import record_subscription
from tracker.subscribers.schemas import SubscriptionRequestSchema, SubscriptionUpdateSchema
from tracker.subscribers.update_subscription import update_subscription
from tracker.tariffs.save_plan import draft_plan
from tracker.webhooks.change_webhook import create_webhook
from tracker.webhooks.schemas import WebhookRequestSchema

OPERATOR = 2
PHONE = "13799990001"
# Whatever is the neighbour's bears one of these.
MARKS = ("邻家", "neighbour", "NB-", "13799990001", "137****0001")


@dataclass
class Neighbour:
    """What there is, by the names that parameters of addresses have."""

    runtime: Runtime
    channel: ChannelFacts
    ids: dict[str, Any] = field(default_factory=dict)

    def rows(self, connection: Connection) -> dict[str, tuple[int, str]]:
        """How many rows of each table are the neighbour's, and a digest of all that stands in them."""
        found = {}
        for name in walled_tables():
            row = connection.execute(
                text(
                    f"SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
                    f" FROM {name} AS t WHERE operator_id = {OPERATOR}"
                )
            ).one()
            found[name] = (row[0], row[1])
        return found


def walled_tables() -> list[str]:
    """Every table whose rows belong to operators."""
    return [one.name for one in tables.metadata().sorted_tables if "operator_id" in one.columns]


def settle_next_door(runtime: Runtime) -> Neighbour:
    """Let the neighbour have one of everything, through the use cases as far as there are any."""
    reference = runtime.reference.current()
    channel = next(one for one in reference.channels.values() if one.operator_id == OPERATOR)
    made = Neighbour(runtime, channel)
    by = Actor.of_channel(channel)
    filing = next(number for (operator, number) in reference.plans if operator == OPERATOR)
    plan = reference.plans[OPERATOR, filing][0]

    def place(**changes: Any) -> Any:
        body = order_json(
            external_reference=f"NB-{secrets.token_hex(6)}",
            plan=filing,
            customer__name="邻家客户",
            customer__phone=PHONE,
            address__detail="邻家巷9号",
            **changes,
        )
        return place_order(runtime, channel, OrderRequestSchema().load(body))

    people = Desk(runtime, OPERATOR, place)
    account_id = people.hire("neighbour.manager", "manager")
    people.hire("neighbour.installer", "installer")
    number = place().number
    for stage in ("verified", "resource_checked", "dispatched"):
        step = {"stage": stage}
        if stage == "dispatched":
            step["installer"] = {"title": "邻家师傅", "staff_number": "NB-1"}
        record_progress(runtime, by, number, ProgressRequestSchema().load(step))
    diary = Diary(runtime, OPERATOR)
    slot_id, free_slot_id = diary.slot(), diary.slot(starts_at=_in_days(3))
    change_appointment(runtime, by, number, slot_id)
    money = {"fee": "installation", "amount_fen": 1000, "reason": "邻家", "reference": "NB-C"}
    record_charge(runtime, by, number, money | {"due_on": None, "charged_at": None})
    record_payment(
        runtime,
        by,
        number,
        money | {"reference": "NB-P", "paid_at": None, "method": None, "receipt": None},
    )
    complaint_id = people.file(number, text="邻家投诉的话")
    people.follow(complaint_id, clock.now() + timedelta(days=1), note="邻家处理记录")
    complaint_number = people.row(complaint_id).number
    completed = place().number
    people.set_order(completed, stage="completed", closed_at=clock.now())
    rating_id = people.rate(completed, 1, "邻家评价的话")
    outage_id = announce_outage(
        runtime.db,
        OPERATOR,
        OutageSchema().load(
            outage_json(
                starts_at=clock.now() + timedelta(days=5),
                ends_at=clock.now() + timedelta(days=5, hours=3),
                reason="邻家割接",
                reason_en="neighbour works",
            )
        ),
        "staff:neighbour.manager",
    )
    plan_id = draft_plan(
        runtime.db,
        OPERATOR,
        plan_fields(name="邻家套餐", name_en="neighbour plan"),
        "staff:neighbour.manager",
    )
    webhook = WebhookRequestSchema().load({"url": "https://93.184.216.34/neighbour", "events": None})
    webhook_id, _ = create_webhook(runtime, by, channel.id, webhook)
    create_key(runtime.db, channel, label="NB-key", by="staff:neighbour.manager")
    use_nonce(runtime.db, channel, "NB-nonce-of-enough-length")
    record_wish(runtime.db, runtime.keys, OPERATOR, f"+86{PHONE}", NO_TEXTS, "channel:neighbour")
    override_id = override_day(
        runtime.db,
        {
            "day": clock.today() + timedelta(days=9),
            "working": False,
            "county_code": None,
            "name": "邻家节",
            "name_en": "neighbour day",
            "source": "邻家",
        },
        "channel:neighbour",
        operator_id=OPERATOR,
        counties=reference.counties,
    )
    subscription = SubscriptionRequestSchema().load(
        {
            "reference": "NB-S1",
            "plan": plan.filing_number,
            "region": plan.region,
            "phone": PHONE,
            "began_on": "2026-01-05",
        }
    )
    record_subscription(runtime.db, runtime.keys, OPERATOR, subscription)
    changes = SubscriptionUpdateSchema().load({"language": "en", "reason": "邻家"})
    update_subscription(runtime.db, runtime.keys, OPERATOR, "NB-S1", changes, "staff:neighbour.manager")
    hold = {"reason_code": "undecided", "ends_at": (clock.now() + timedelta(days=4)).isoformat()}
    place_hold(runtime, by, number, HoldRequestSchema().load(hold))
    file_id = _file(runtime, channel)
    with runtime.db.transaction() as connection:
        append(
            connection,
            Action.SAW,
            operator_id=OPERATOR,
            actor="staff:neighbour.manager",
            subject=f"complaint:{complaint_id}",
            fields=("text",),
            why="邻家的原因",
        )
        ids = _by_hand(connection, channel, number, account_id, outage_id)
    sweep(runtime)
    made.ids |= ids | {
        "account_id": account_id,
        "number": number,
        "complaint_id": complaint_id,
        "complaint_number": complaint_number,
        "rating_id": rating_id,
        "outage_id": outage_id,
        "plan_id": plan_id,
        "webhook_id": webhook_id,
        "override_id": override_id,
        "file_id": file_id,
        "slot_id": free_slot_id,
        "channel_id": channel.id,
        "reference": "NB-S1",
    }
    return made


def _in_days(days: int) -> Any:
    return (clock.local(clock.now()) + timedelta(days=days)).replace(
        hour=9, minute=0, second=0, microsecond=0
    )


def _file(runtime: Runtime, channel: ChannelFacts) -> int:
    """A file of one good row, and one that failed and is kept."""
    bad = {"客户姓名": "邻家客户", "联系电话": "not a phone", "详细地址": "邻家巷9号", "方案编号": "NB-none"}
    content = csv_file(rows_of(bad))
    wish = Wish(channel=channel, name="邻家.csv", actor="staff:neighbour.manager", dry_run=False)
    file_id: int = store_upload(runtime, wish, blocks_of(content), len(content)).id
    take_in_due(runtime)
    return file_id


def _by_hand(
    connection: Connection, channel: ChannelFacts, number: str, account_id: int, outage_id: int
) -> dict[str, int]:
    """What comes of a provider, a worker or a customer elsewhere, as rows."""
    given = {
        "operator": OPERATOR,
        "channel": channel.id,
        "account": account_id,
        "town": TOWN,
        "now": clock.now(),
        "order": connection.scalar(text("SELECT id FROM orders WHERE number = :n"), {"n": number}),
        "plan": connection.scalar(
            text("SELECT min(id) FROM plans WHERE operator_id = :o AND published_at IS NOT NULL"),
            {"o": OPERATOR},
        ),
    }
    given["notice"] = connection.scalar(
        text("SELECT min(id) FROM notices WHERE operator_id = :operator"), given
    )
    given["subscriber"] = connection.scalar(
        text("SELECT min(id) FROM subscribers WHERE operator_id = :operator"), given
    )
    given["webhook"] = connection.scalar(
        text("SELECT min(id) FROM webhooks WHERE operator_id = :operator"), given
    )
    given["key"] = connection.scalar(
        text("SELECT min(id) FROM channel_keys WHERE operator_id = :operator"), given
    )
    ids = {"key_id": given["key"]}
    for name, statement in _ROWS.items():
        if "RETURNING" in statement:
            given[name] = ids[f"{name}_id"] = connection.scalar(text(statement), given)
        else:
            connection.execute(text(statement), given)
    return ids


_ROWS = {
    "task": "INSERT INTO call_tasks (operator_id, notice_id, reason, detail, due_at, next_attempt_at,"
    " attempts, version, opened_at) VALUES (:operator, :notice, 'refused', '邻家', :now, :now, 1, 1, :now)"
    " RETURNING id",
    "call": "INSERT INTO call_attempts (operator_id, task_id, outcome, actor, called_at, recorded_at)"
    " VALUES (:operator, :task, 'no_answer', 'channel:neighbour', :now, :now)",
    "attempt": "INSERT INTO notice_attempts (operator_id, notice_id, provider, outcome, detail, at)"
    " VALUES (:operator, :notice, 'twilio', 'refused', '邻家', :now)",
    "receipt": "INSERT INTO notice_receipts (operator_id, notice_id, provider, provider_reference,"
    " provider_state, raw, received_at) VALUES (:operator, :notice, 'twilio', 'NB-SM', 'sent', '{}', :now)",
    "answer": "INSERT INTO idempotency_records (channel_id, key, operator_id, fingerprint, status, headers,"
    " body, created_at) VALUES (:channel, 'NB-key', :operator, '', 201, '{}', '{}', :now)",
    "use": "INSERT INTO channel_key_uses (key_id, operator_id, last_used_at) VALUES (:key, :operator, :now)",
    "person": "INSERT INTO complaint_persons (operator_id, account_id, set_by, set_at)"
    " VALUES (:operator, :account, 'staff:neighbour.manager', :now)",
    "team": "INSERT INTO teams (operator_id, name, area_code, created_at)"
    " VALUES (:operator, '邻家班组', :town, :now) RETURNING id",
    "member": "INSERT INTO team_members (account_id, operator_id, team_id, since)"
    " VALUES (:account, :operator, :team, :now)",
    "template": "INSERT INTO saved_templates (operator_id, code, version, params, zh, en, reason, actor,"
    " created_at) VALUES (:operator, 'dispatched', 2, '{}', '邻家', 'neighbour', '邻家', 'x', :now)",
    "approval": "INSERT INTO template_approvals (operator_id, code, version, provider, state, actor, at)"
    " VALUES (:operator, 'dispatched', 2, 'aliyun', 'approved', 'channel:neighbour', :now)",
    "slot_change": "INSERT INTO visit_slot_changes (operator_id, kind, slot_ids, detail, actor, at)"
    " SELECT :operator, 'opened', ARRAY[min(id)], '{}', 'staff:neighbour.manager', :now FROM visit_slots"
    " WHERE operator_id = :operator",
    "figure": "INSERT INTO published_figures (operator_id, kind, starts_on, revision, due, on_time, net_due,"
    " net_on_time, removed, published_at) VALUES (:operator, 'month', DATE '2026-10-01', 1, 40, 40,"
    " 40, 40, '{}', :now)",
    "change": "INSERT INTO tariff_changes (operator_id, kind, filing_number, region, plan_id, effective_on,"
    " latest_notice_on, warn_from, summary, summary_en, reason, state, announced_at, announced_by)"
    " SELECT :operator, 'price', filing_number, region, :plan, DATE '2027-03-01', DATE '2027-01-31',"
    " DATE '2027-01-15', '邻家变动', 'neighbour change', '邻家', 'announced', :now, 'staff:neighbour.manager'"
    " FROM plans WHERE id = :plan RETURNING id",
    "run": "INSERT INTO tariff_warning_runs (change_id, operator_id, through_subscriber_id)"
    " VALUES (:change, :operator, 0)",
    "warning": "INSERT INTO tariff_warnings (change_id, subscriber_id, kind, operator_id, notice_id, old_fen,"
    " new_fen, effective_on, created_at) VALUES (:change, :subscriber, 'warning', :operator, :notice, 1, 2,"
    " DATE '2027-03-01', :now)",
    "delivery": "INSERT INTO webhook_deliveries (operator_id, webhook_id, type, state, attempts, created_at,"
    " ended_at) VALUES (:operator, :webhook, 'webhook.test', 'delivered', 1, :now, :now) RETURNING id",
    "code": "INSERT INTO lookup_codes (operator_id, order_id, digest, created_at, expires_at, shown)"
    " VALUES (:operator, :order, '', :now, :now, '{\"name\": \"邻家\"}')",
    "request": "INSERT INTO customer_requests (kind, operator_id, order_id, payload, asked_at, state)"
    " VALUES ('code', :operator, :order, '{}', :now, 'done')",
    "team_change": "INSERT INTO team_changes (operator_id, team_id, kind, detail, reason, actor, at)"
    " VALUES (:operator, :team, 'made', '{}', '邻家', 'staff:neighbour.manager', :now)",
    "assignment": "INSERT INTO order_assignments (operator_id, order_ids, team_id, actor, at, refused)"
    " VALUES (:operator, ARRAY[CAST(:order AS bigint)], :team, 'staff:neighbour.manager', :now, '[]')"
    " RETURNING id",
    "real_name": "INSERT INTO real_name_checks (operator_id, order_id, kind, result, reference, actor,"
    " recorded_at) VALUES (:operator, :order, 'id_document', 'passed', 'NB-CHECK', 'staff:nb', :now)",
    "required": "INSERT INTO required_checks (operator_id, checks, reason, actor, at)"
    " VALUES (:operator, '{}', '邻家', 'staff:neighbour.manager', :now)",
    "return": "INSERT INTO return_requests (operator_id, order_id, stage, reason_code, reason_text, asked_by,"
    " asked_at, state) VALUES (:operator, :order, 'appointed', 'other', '邻家', 'staff:neighbour.counter',"
    " :now, 'open') RETURNING id",
    "arrival": "INSERT INTO site_visits (operator_id, order_id, account_id, arrived_at, recorded_at)"
    " VALUES (:operator, :order, :account, :now, :now)",
    "line_test": "INSERT INTO line_tests (operator_id, order_id, account_id, down_mbps, up_mbps, latency_ms,"
    " optical_dbm, warnings, reason, tested_at, recorded_at) VALUES (:operator, :order, :account, 900, 90, 5,"
    " -20, '[]', '邻家', :now, :now)",
    "photo": "INSERT INTO site_photos (operator_id, order_id, account_id, kind, name, width, height, size,"
    " taken_at, recorded_at) VALUES (:operator, :order, :account, 'site', 'NB-photo', 1, 1, 1, :now, :now)"
    " RETURNING id",
    "action": "INSERT INTO installer_actions (operator_id, account_id, client_id, kind, order_id, done_at,"
    " moved, received_at, outcome, faults, version) VALUES (:operator, :account, gen_random_uuid(), 'arrive',"
    " :order, :now, false, :now, 'ok', '[]', 1)",
    "line_code": "INSERT INTO call_line_codes (order_id, operator_id, code, made_at)"
    " VALUES (:order, :operator, '90000001', :now)",
    "session": "INSERT INTO staff_sessions (operator_id, account_id, digest, device, begun_at, seen_at,"
    " expires_at) VALUES (:operator, :account, 'nb', 'neighbour', :now, :now, :now) RETURNING id",
    "recovery": "INSERT INTO recovery_codes (account_id, digest, operator_id)"
    " VALUES (:account, 'nb', :operator)",
    "staff_code": "INSERT INTO staff_codes (operator_id, account_id, kind, asked_at, tries)"
    " VALUES (:operator, :account, 'reset', :now, 0)",
    "fact": "INSERT INTO figure_facts (order_id, operator_id, county, rural, channel_id, customer_kind,"
    " dealer, accepted_at, first_deadline, deadline) VALUES (:order, :operator, '441802', false, :channel,"
    " 'home', '邻家代理', :now, :now, :now)",
    "cell": "INSERT INTO figure_cells (operator_id, grain, starts_on, removed, county, rural, channel_id,"
    " customer_kind, due) VALUES (:operator, 'day', DATE '2026-10-01', '', '441802', false, :channel,"
    " 'home', 1)",
    "hand": "INSERT INTO figure_hands (operator_id, grain, starts_on, removed, hand, name, due)"
    " VALUES (:operator, 'day', DATE '2026-10-01', '', 'dealer', '邻家代理', 1)",
    "tally": "INSERT INTO figure_tallies (operator_id, grain, what, starts_on, value, county, rural,"
    " channel_id, customer_kind, count, good, seconds) VALUES (:operator, 'month', 'connected',"
    " DATE '2026-10-01', 8, '441802', false, :channel, 'home', 1, 1, 7000)",
    "hand_tally": "INSERT INTO figure_hand_tallies (operator_id, grain, what, starts_on, value, hand, name,"
    " count, good, seconds) VALUES (:operator, 'month', 'connected', DATE '2026-10-01', 8, 'dealer',"
    " '邻家代理', 1, 1, 7000)",
    "check": "INSERT INTO audit_checks (chain, operator_id, checked_at, entries, head)"
    " VALUES (:operator, :operator, :now, 1, '')",
}
