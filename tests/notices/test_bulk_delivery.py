"""Very many notices: several lanes, providers that rest or have had enough, and who overtakes them."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, text

from tracker import clock
from tracker.notices.claim import BATCH, claim
from tracker.notices.deliver import deliver
from tracker.notices.drafts import RECIPIENT
from tracker.notices.models import Notice, NoticeAttempt
from tracker.notices.record import record
from tracker.notices.sweep import sweep
from tracker.runtime import Runtime
from tracker.sms.breaker import FAILURES, Breaker
from tracker.sms.port import Accepted, Finding, NotBegun, NotSent, Outcome, Sms, Stop, Unknown
from tracker.sms.rate import Rate
from tracker.sms.routes import Route, Routes


class Heedful:
    """A provider that answers what the test says, and begins nothing that it is told not to."""

    by_template = False
    gives_receipts = False

    def __init__(self, name: str, answer: Callable[[Sms], Outcome] | None = None) -> None:
        self.name = name
        self.answer = answer or (lambda sms: Accepted(f"{name}-{sms.notice_id}"))
        self.sent: list[int] = []
        self.at_once = self.most_at_once = 0
        self._lock = threading.Lock()

    def send(self, sms: Sms) -> Outcome:
        return self.answer(sms)

    def send_many(self, batch: Sequence[Sms], *, until: Stop | None = None) -> list[Outcome | NotBegun]:
        assert until is not None
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        outcomes: list[Outcome | NotBegun] = []
        for sms in batch:
            if (reason := until.reason()) is not None:
                outcomes.append(NotBegun(reason))
                continue
            self.sent.append(sms.notice_id)
            outcome = self.answer(sms)
            until.saw(outcome)
            outcomes.append(outcome)
        time.sleep(0.05)
        with self._lock:
            self.at_once -= 1
        return outcomes

    def find(self, sms: Sms, since: datetime) -> Finding:
        raise AssertionError

    def close(self) -> None:
        pass


def use(runtime: Runtime, *gateways: Heedful, rest: float = 60, rate: Rate | None = None) -> None:
    runtime.__dict__["routes"] = Routes([Route(g, 1, Breaker(rest), rate) for g in gateways])


def queue(runtime: Runtime, count: int, of: str = "bulk", due: datetime | None = None) -> None:
    now = clock.now()
    rows = [
        {
            "operator_id": 1,
            "template": "order_accepted",  # which may leave at any hour, as the test may run
            "template_version": 1,
            "language": "zh",
            "params": {"number": "QY1"},
            "body": "您的套餐自2027年1月1日起月费调为139元，咨询10000。【清远电信】",
            "recipient": runtime.keys.seal("+8613800001234", RECIPIENT),
            "dedup_key": f"{of}:{n}",
            "queue": of,
            "state": "created",
            "next_at": due or now - timedelta(seconds=1),
            "created_at": now,
        }
        for n in range(count)
    ]
    with runtime.db.transaction() as connection:
        connection.execute(insert(Notice.__table__), rows)


def by_state(runtime: Runtime) -> dict[str, int]:
    with runtime.db.reading() as connection:
        counted = select(Notice.state, func.count()).group_by(Notice.state)
        return {row.state: row[1] for row in connection.execute(counted)}


def attempts(runtime: Runtime) -> Counter[tuple[int, int]]:
    """Notices by how many attempts they say and how many are written down."""
    told = select(func.count()).where(NoticeAttempt.notice_id == Notice.id).scalar_subquery()
    with runtime.db.reading() as connection:
        return Counter((row[0], row[1]) for row in connection.execute(select(Notice.attempts, told)))


def test_several_batches_are_under_way_at_once_and_each_text_goes_once(runtime: Runtime) -> None:
    provider = Heedful("one")
    use(runtime, provider)
    queue(runtime, 10 * BATCH + 7)
    assert deliver(runtime, "bulk") == 10 * BATCH + 7
    assert by_state(runtime) == {"accepted": 10 * BATCH + 7}
    assert len(set(provider.sent)) == len(provider.sent)
    assert attempts(runtime) == {(1, 1): 10 * BATCH + 7}
    assert 1 < provider.most_at_once <= 3


def test_few_are_sent_without_company(runtime: Runtime) -> None:
    provider = Heedful("one")
    use(runtime, provider)
    queue(runtime, BATCH - 1)
    deliver(runtime, "bulk")
    assert provider.most_at_once == 1


def test_no_connection_is_held_while_the_provider_is_spoken_to(runtime: Runtime) -> None:
    held: list[int] = []

    def answer(sms: Sms) -> Outcome:
        held.append(runtime.db.engine.pool.checkedout())  # type: ignore[attr-defined] - a pool that counts
        return Accepted("SM1")

    use(runtime, Heedful("one", answer))
    queue(runtime, 20)
    deliver(runtime, "bulk")
    assert held == [0] * 20


def test_a_provider_in_trouble_uses_up_no_attempt_of_those_that_wait(runtime: Runtime) -> None:
    provider = Heedful("one", lambda sms: NotSent("NewConnectionError"))
    use(runtime, provider)
    queue(runtime, 600)
    assert deliver(runtime, "bulk") == FAILURES
    assert by_state(runtime) == {"created": 600}
    assert attempts(runtime) == {(0, 0): 600 - FAILURES, (1, 1): FAILURES}
    assert deliver(runtime, "bulk") == 0
    assert len(provider.sent) == FAILURES


def test_one_text_finds_out_that_the_trouble_is_over_and_the_others_follow(runtime: Runtime) -> None:
    provider = Heedful("one", lambda sms: Unknown("HTTP 500"))
    use(runtime, provider, rest=0.3)
    queue(runtime, 600)
    deliver(runtime, "bulk")
    time.sleep(0.35)
    assert deliver(runtime, "bulk") == 1, "still in trouble"
    provider.answer = lambda sms: Accepted("SM1")
    assert deliver(runtime, "bulk", patience=2) == 600 - FAILURES - 1
    assert by_state(runtime) == {"accepted": 600 - FAILURES - 1, "unknown": FAILURES + 1}


def test_what_was_surely_not_sent_may_go_to_another_provider_and_the_unknown_may_not(
    runtime: Runtime,
) -> None:
    def answer(sms: Sms) -> Outcome:
        return Unknown("reset") if sms.notice_id % 2 else NotSent("NewConnectionError")

    failing, other = Heedful("failing", answer), Heedful("other")
    use(runtime, failing)
    queue(runtime, FAILURES + 1)
    deliver(runtime, "bulk")
    use(runtime, failing, other)
    for _ in range(20):
        with runtime.db.transaction() as connection:
            connection.execute(text("UPDATE notices SET next_at = now() WHERE state = 'created'"))
        deliver(runtime, "bulk")
    with runtime.db.reading() as connection:
        rows = connection.execute(select(Notice.id, Notice.state, Notice.provider)).all()
    assert {(row.state, row.provider) for row in rows if row.id % 2} == {("unknown", "failing")}
    assert {row.state for row in rows if row.id % 2 == 0} == {"accepted"}
    assert not {row.id for row in rows if row.id % 2} & set(other.sent)


def test_a_limit_is_kept_and_what_is_left_follows_with_a_next_ring(runtime: Runtime) -> None:
    provider = Heedful("one")
    use(runtime, provider, rate=Rate(str(runtime.config.redis_url), "one", 10))
    queue(runtime, 40)
    began = time.monotonic()
    sent = deliver(runtime, "bulk", patience=0.6)
    assert 4 <= sent <= 10 * (time.monotonic() - began) + 6
    assert by_state(runtime) == {"accepted": sent, "created": 40 - sent}
    assert runtime.bell._queue("bulk").count == 1


def test_an_urgent_text_is_not_kept_waiting_by_a_bulk_drain_that_has_used_up_the_limit(
    runtime: Runtime,
) -> None:
    provider = Heedful("one")
    use(runtime, provider, rate=Rate(str(runtime.config.redis_url), "one", 20))
    queue(runtime, 50)
    drain = threading.Thread(target=deliver, args=(runtime, "bulk"), kwargs={"patience": 5})
    drain.start()
    time.sleep(0.8)
    queue(runtime, 1, "urgent")
    began = time.monotonic()
    assert deliver(runtime, "urgent", patience=2) == 1
    assert time.monotonic() - began < 0.5
    drain.join()


def test_a_claim_that_was_put_back_can_be_claimed_again_and_old_news_changes_nothing(
    runtime: Runtime,
) -> None:
    queue(runtime, 1)
    use(runtime, one := Heedful("one"))
    first = claim(runtime, "bulk", gateway=one)
    record(runtime, first, [NotBegun("no time left")])
    assert by_state(runtime) == {"created": 1}
    second = claim(runtime, "bulk", gateway=one)
    assert [c.attempt for c in second] == [1]
    record(runtime, second, [Accepted("SM1")])
    record(runtime, first, [NotBegun("no time left")])
    assert by_state(runtime) == {"accepted": 1}


def test_what_was_not_begun_when_its_lease_ran_out_is_due_and_nobody_is_asked(runtime: Runtime) -> None:
    queue(runtime, 1)
    use(runtime, one := Heedful("one"))
    claimed = claim(runtime, "bulk", gateway=one)
    with runtime.db.transaction() as connection:
        connection.execute(text("UPDATE notices SET lease_until = now() - interval '1 second'"))
    sweep(runtime)
    assert by_state(runtime) == {"unknown": 1}
    record(runtime, claimed, [NotBegun("no time left")])
    assert by_state(runtime) == {"created": 1}
    assert attempts(runtime) == {(0, 0): 1}


def test_a_claim_asks_for_the_template_where_the_provider_wants_it(runtime: Runtime) -> None:
    queue(runtime, 1)
    by_template = Heedful("templates")
    by_template.by_template = True
    (claimed,) = claim(runtime, "bulk", gateway=by_template)
    assert (claimed.sms.template, claimed.sms.language, claimed.sms.params) == (
        "order_accepted",
        "zh",
        {"number": "QY1"},
    )


@pytest.mark.parametrize("analyzed", [False, True])
def test_a_claim_reads_only_what_it_takes_however_long_the_queue(runtime: Runtime, analyzed: bool) -> None:
    """A plan that reads the table would hold up one-time codes behind a million tariff warnings."""
    queue(runtime, 20_000)
    if analyzed:
        with runtime.db.transaction() as connection:
            connection.execute(text("SET LOCAL ROLE NONE"))
            connection.execute(text("ANALYZE notices"))
    for limit, of in ((BATCH, "bulk"), (1, "urgent")):
        plans = _plans_of_a_claim(runtime, of, limit)
        assert any("ix_notices_due" in plan for plan in plans), plans
        assert not any("Seq Scan" in plan for plan in plans), plans


def _plans_of_a_claim(runtime: Runtime, of: str, limit: int) -> list[str]:
    from tracker.notices import claim as claiming

    now = datetime.now(UTC)
    values = {
        "of_queue": of,
        "now": now,
        "codes_since": now,
        "until": now,
        "gateway": "one",
        "after_at": now - timedelta(days=9),
        "after_id": 0,
        "most": limit,
    }
    compiled = claiming._CLAIM.compile(runtime.db.engine)
    parameters = compiled.construct_params(values)
    with runtime.db.transaction() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN {compiled}", parameters).scalars().all()
        connection.rollback()
    return list(rows)
