"""A gateway that delivers to a table, for demonstrations and tests.

It stands where a provider would: its side of the story is committed apart from the notices, so
that a worker killed between sending and recording leaves the same traces as with a real one.
"""

import time
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.exc import SQLAlchemyError

from tracker import clock
from tracker.crypto import KeyRing
from tracker.db import Database
from tracker.masks import mask_phone
from tracker.sms.models import RecordedText
from tracker.sms.port import (
    SECRET_SHOWN,
    Absent,
    Accepted,
    Callback,
    CannotTell,
    Finding,
    Forged,
    Found,
    NotBegun,
    NotSent,
    Outcome,
    Received,
    Sms,
    Stop,
    Unknown,
)

RECIPIENT_COLUMN = "recorded_texts.recipient"
BODY_COLUMN = "recorded_texts.sealed"


class RecordingGateway:
    """Accepts every text and records it as a phone would have shown it.

    `latency` is how many seconds each call takes, as a provider's network would.
    """

    name = "recording"
    gives_receipts = False
    by_template = False

    def __init__(self, db: Database, keys: KeyRing, latency: float = 0) -> None:
        self._db = db
        self._keys = keys
        self._latency = latency

    def send(self, sms: Sms) -> Outcome:
        """Record one text. See `send_many`."""
        return self._record([sms])[0]

    def send_many(self, batch: Sequence[Sms], *, until: Stop | None = None) -> list[Outcome | NotBegun]:
        """Record all texts in one transaction of their own: all of them share what becomes of it.

        Not sent while nothing was committed; unknown once the commit was asked for and failed.
        """
        if not batch:
            return []
        if until is not None and (reason := until.reason()) is not None:
            return [NotBegun(reason)] * len(batch)
        outcomes = self._record(batch)
        if until is not None:
            for outcome in outcomes:
                until.saw(outcome)
        return [*outcomes]

    def _record(self, batch: Sequence[Sms]) -> list[Outcome]:
        if self._latency:
            time.sleep(self._latency)
        rows = [self._row(sms) for sms in batch]
        statement = insert(RecordedText).returning(RecordedText.id, sort_by_parameter_order=True)
        committing = False
        try:
            with self._db.engine.connect() as connection:
                ids = connection.scalars(statement, rows).all()
                committing = True
                connection.commit()
        except SQLAlchemyError as error:
            reason = type(error).__name__
            return [Unknown(reason) if committing else NotSent(reason)] * len(batch)
        return [Accepted(f"rec-{row_id}") for row_id in ids]

    def find(self, sms: Sms, since: datetime) -> Finding:
        """Ask the table for the notice's text recorded at or after `since`."""
        wanted = (
            select(RecordedText.id)
            .where(RecordedText.notice_id == sms.notice_id, RecordedText.accepted_at >= since)
            .order_by(RecordedText.id)
            .limit(1)
        )
        try:
            with self._db.engine.connect() as connection:
                row_id = connection.scalar(wanted)
        except SQLAlchemyError as error:
            return CannotTell(type(error).__name__)
        return Absent() if row_id is None else Found(reference=f"rec-{row_id}", state="delivered")

    def receipts(self, callback: Callback) -> Received | Forged:
        """Nobody calls back for a table."""
        return Forged()

    def close(self) -> None:
        """Nothing to give back: connections belong to the database's pool."""

    def _row(self, sms: Sms) -> dict[str, object]:
        return {
            "notice_id": sms.notice_id,
            "recipient": self._keys.seal(sms.to, RECIPIENT_COLUMN),
            "recipient_masked": mask_phone(sms.to),
            "body": sms.body if sms.secret is None else sms.body.replace(sms.secret, SECRET_SHOWN),
            "sealed": None if sms.secret is None else self._keys.seal(sms.body, BODY_COLUMN),
            "accepted_at": clock.now(),
        }
