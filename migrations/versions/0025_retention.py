"""Personal data is forgotten once its time is over.

Histories are append-only for the service's role, and stay so: what may go from them goes through the
functions below alone. They forget nothing that ended less than a year ago, whatever they are asked to.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_FUNCTIONS = (
    "anonymise_orders(bigint[], timestamptz)",
    "anonymise_subscribers(bigint[])",
    "anonymise_complaints(bigint[])",
    "delete_unbooked_slots(bigint[])",
)


def upgrade() -> None:
    op.add_column("orders", sa.Column("anonymised_at", sa.DateTime(timezone=True), nullable=True))
    # NOT VALID: every row from before keeps to it, and is not read for that.
    op.execute(
        "ALTER TABLE orders ADD CONSTRAINT ck_orders_anonymised CHECK (anonymised_at IS NULL"
        " OR (customer_name = '' AND contact_phone = '' AND address_detail = '' AND phone_digest = ''"
        " AND lookup_digest = '' AND content_digest = '' AND credit_code IS NULL"
        " AND credit_lookup_digest IS NULL)) NOT VALID"
    )
    _make_functions()
    for function in _FUNCTIONS:
        op.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO tracker_app")
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_anonymised")
        # Building waits for every transaction that is under way, and holds up none.
        op.execute("SET lock_timeout = 0")
        for name, table, columns, where in _INDEXES:
            op.create_index(
                name,
                table,
                columns,
                postgresql_concurrently=True,
                if_not_exists=True,
                postgresql_where=None if where is None else sa.text(where),
            )


_INDEXES = (
    (
        "ix_orders_to_anonymise",
        "orders",
        ["closed_at", "id"],
        "closed_at IS NOT NULL AND anonymised_at IS NULL",
    ),
    (
        "ix_subscribers_to_anonymise",
        "subscribers",
        ["ended_on", "id"],
        "ended_on IS NOT NULL AND contact <> ''",
    ),
    (
        "ix_complaints_to_anonymise",
        "complaints",
        ["ended_at", "id"],
        "ended_at IS NOT NULL AND text <> ''",
    ),
    ("ix_visit_slots_ends_at_id", "visit_slots", ["ends_at", "id"], None),
)


def _make_functions() -> None:
    op.execute(
        """
        CREATE FUNCTION forget_notices(ids bigint[]) RETURNS void
        LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
        DECLARE
            and_retries bigint[] := ids || ARRAY(SELECT id FROM notices WHERE retry_of = ANY (ids));
        BEGIN
            UPDATE notices SET recipient = '', recipient_digest = NULL, body = '', secret = NULL,
                params = CASE WHEN params ? 'number' THEN jsonb_build_object('number', params -> 'number')
                    ELSE '{}'::jsonb END
            WHERE id = ANY (and_retries);
            DELETE FROM recorded_texts WHERE notice_id = ANY (and_retries);
        END
        $$
        """
    )
    op.execute("REVOKE EXECUTE ON FUNCTION forget_notices(bigint[]) FROM PUBLIC")
    op.execute(
        """
        CREATE FUNCTION anonymise_subscribers(ids bigint[]) RETURNS bigint
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            forgotten bigint[];
        BEGIN
            WITH changed AS (
                UPDATE subscribers SET contact = '', contact_digest = ''
                WHERE id = ANY (ids) AND contact <> '' AND ended_on < now() - interval '1 year'
                RETURNING id
            ) SELECT array_agg(id) INTO forgotten FROM changed;
            UPDATE subscriber_events SET reason = '' WHERE subscriber_id = ANY (forgotten);
            PERFORM forget_notices(array_agg(notice_id))
            FROM tariff_warnings WHERE subscriber_id = ANY (forgotten);
            RETURN coalesce(cardinality(forgotten), 0);
        END
        $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION anonymise_complaints(ids bigint[]) RETURNS bigint
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            forgotten bigint[];
        BEGIN
            WITH changed AS (
                UPDATE complaints SET text = '', contact_name = NULL, contact_phone = NULL
                WHERE id = ANY (ids) AND text <> '' AND ended_at < now() - interval '1 year'
                RETURNING id
            ) SELECT array_agg(id) INTO forgotten FROM changed;
            UPDATE complaint_events SET note = NULL WHERE complaint_id = ANY (forgotten);
            RETURN coalesce(cardinality(forgotten), 0);
        END
        $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION anonymise_orders(ids bigint[], at timestamptz) RETURNS bigint
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            forgotten bigint[];
        BEGIN
            WITH changed AS (
                UPDATE orders SET anonymised_at = at,
                    customer_name = '', contact_phone = '', address_detail = '', phone_digest = '',
                    lookup_digest = '', content_digest = '', credit_code = NULL, credit_lookup_digest = NULL
                WHERE id = ANY (ids) AND anonymised_at IS NULL AND closed_at < now() - interval '1 year'
                RETURNING id
            ) SELECT array_agg(id) INTO forgotten FROM changed;
            UPDATE order_events SET reason_text = NULL
            WHERE order_id = ANY (forgotten) AND reason_text IS NOT NULL;
            UPDATE promise_entries SET reason_text = NULL, evidence = NULL
            WHERE order_id = ANY (forgotten) AND (reason_text IS NOT NULL OR evidence IS NOT NULL);
            PERFORM forget_notices(array_agg(id)) FROM notices WHERE order_id = ANY (forgotten);
            UPDATE call_tasks SET closed_at = at, outcome = 'not_needed', version = version + 1
            WHERE closed_at IS NULL
                AND notice_id IN (SELECT id FROM notices WHERE order_id = ANY (forgotten));
            UPDATE customer_requests
            SET payload = payload - '{text,comment}'::text[], session_digest = NULL
            WHERE order_id = ANY (forgotten);
            DELETE FROM lookup_codes WHERE order_id = ANY (forgotten);
            UPDATE ratings SET comment = NULL, follow_up_note = NULL WHERE order_id = ANY (forgotten);
            UPDATE complaints SET text = '', contact_name = NULL, contact_phone = NULL
            WHERE order_id = ANY (forgotten);
            UPDATE complaint_events SET note = NULL
            WHERE complaint_id IN (SELECT id FROM complaints WHERE order_id = ANY (forgotten));
            UPDATE return_requests SET reason_text = NULL, evidence = NULL,
                words = CASE WHEN words IS NULL THEN NULL ELSE '' END
            WHERE order_id = ANY (forgotten);
            UPDATE real_name_checks SET reference = CASE WHEN reference IS NULL THEN NULL ELSE '' END,
                reason_text = CASE WHEN reason_text IS NULL THEN NULL ELSE '' END
            WHERE order_id = ANY (forgotten);
            UPDATE site_visits SET latitude = NULL, longitude = NULL
            WHERE order_id = ANY (forgotten) AND latitude IS NOT NULL;
            UPDATE line_tests SET reason = NULL WHERE order_id = ANY (forgotten) AND reason IS NOT NULL;
            DELETE FROM call_line_codes WHERE order_id = ANY (forgotten);
            PERFORM anonymise_subscribers(array_agg(id))
            FROM subscribers WHERE order_id = ANY (forgotten);
            RETURN coalesce(cardinality(forgotten), 0);
        END
        $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION delete_unbooked_slots(ids bigint[]) RETURNS bigint
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            deleted bigint;
        BEGIN
            DELETE FROM visit_slots
            WHERE id = ANY (ids) AND ends_at < now() - interval '1 month' AND NOT EXISTS (
                SELECT FROM slot_bookings WHERE slot_bookings.slot_id = visit_slots.id
            );
            GET DIAGNOSTICS deleted = ROW_COUNT;
            RETURN deleted;
        END
        $$
        """
    )


def downgrade() -> None:
    for name, table, _, _ in _INDEXES:
        op.drop_index(name, table_name=table)
    for function in (*_FUNCTIONS, "forget_notices(bigint[])"):
        op.execute(f"DROP FUNCTION {function}")
    # Takes the constraint with it. What was forgotten stays forgotten.
    op.drop_column("orders", "anonymised_at")
