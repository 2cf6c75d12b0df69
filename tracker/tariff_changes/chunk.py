"""The statements that write many warnings at once."""

from tracker.tariff_changes.affected import Scope, joined_wish
from tracker.tariff_changes.rules import WINDOW

LANDLINE = "the number is a landline"
NO_TEXT = "the customer wants no text"

# What the groups are told, as a join of arrays: so many rows as there are different texts.
_TOLD = """
    unnest(CAST(:languages AS text[]), CAST(:old_fens AS int[]), CAST(:ends AS date[]),
        CAST(:bodies AS text[]), CAST(:params AS jsonb[]), CAST(:new_fens AS int[]), CAST(:begins AS date[]),
        CAST(:opens AS timestamptz[]), CAST(:skips AS int[]), CAST(:spans AS int[]))
    AS told (language, old_fen, ends, body, params, new_fen, begins_on, opens_at, skip, span)
"""

# Where in its span a text leaves: always the same for a subscriber, and scattered.
_SECOND = (
    "told.skip + CAST(floor(CAST(hashint8extended(c.id, 7) & 2147483647 AS float8) / 2147483648 * told.span)"
    " AS bigint)"
)


def warnings_of(scope: Scope, open_to: str) -> str:
    """A statement that warns a chunk of the subscribers of one version, in the order of their ids.

    `open_to`: further conditions on `s`. Given the scope's values, the texts as arrays, and `plan`, `after`,
    `chunk`, `lanes`, `lane`, `shared`, `now`, `template`, `version`, `queue`, `key_ends`, it returns one
    row: how many subscribers were `seen`, the `last` one's id, how many notices were `written`, and those of
    `landlines` and of customers who want no text, `wishes`.
    """
    return f"""
        WITH candidates AS MATERIALIZED (
            SELECT s.id, s.operator_id, s.language, {scope.old_fen} AS old_fen, {scope.ends} AS ends,
                s.contact, s.contact_digest, s.takes_texts
            {scope.source} {open_to} AND s.plan_id = :plan AND s.id % :lanes = :lane
                AND s.id <> ALL(CAST(:shared AS bigint[]))
            ORDER BY s.id
            LIMIT :chunk
        ), {_addressed("told.old_fen = c.old_fen AND told.ends = c.ends")}
        {_written("warning", "told.new_fen")}
    """


def corrections_of(own: str) -> str:
    """A statement that tells a chunk of those who may have been warned that the change will not come.

    `own`: conditions on the warning `w`, its notice `n` and that one's second try `r`. Given and returning
    the same as `warnings_of`.
    """
    return f"""
        WITH candidates AS MATERIALIZED (
            SELECT s.id, s.operator_id, s.language, w.old_fen, w.effective_on AS ends,
                s.contact, s.contact_digest, s.takes_texts
            FROM tariff_warnings w
            JOIN subscribers s ON s.id = w.subscriber_id
            JOIN notices n ON n.id = w.notice_id
            LEFT JOIN notices r ON r.retry_of = n.id
            WHERE w.change_id = :change AND w.kind = 'warning'
                AND s.id > :after AND s.plan_id = :plan AND s.id % :lanes = :lane AND {own}
            ORDER BY s.id
            LIMIT :chunk
        ), {_addressed("told.ends = c.ends")}
        {_written("correction", "c.old_fen")}
    """


def _addressed(same: str) -> str:
    """Each candidate with the number of its text, when it leaves, and why no text is sent, if so."""
    return f"""
        told AS MATERIALIZED (
            SELECT row_number() OVER () AS place, * FROM {_TOLD}
        ), addressed AS MATERIALIZED (
            SELECT c.id, c.operator_id, c.old_fen, c.contact, c.contact_digest, told.place,
                told.opens_at + ({_SECOND}) / {WINDOW} * interval '1 day'
                    + ({_SECOND}) % {WINDOW} * interval '1 second' AS leaves_at,
                CASE WHEN NOT c.takes_texts THEN '{LANDLINE}' WHEN wish.id IS NOT NULL THEN '{NO_TEXT}' END
                    AS reason,
                nextval('notices_id_seq') AS notice_id
            FROM candidates c
            JOIN told ON told.language = c.language AND {same}
            {joined_wish("c")}
        )"""


def _written(kind: str, new_fen: str) -> str:
    """Write the row that makes each the only one, and its notice; tell what was done.

    Writers of one change take turns, and whoever has such a row is no candidate: the key of the row only
    proves it.
    """
    return f"""
        , written AS (
            INSERT INTO tariff_warnings (change_id, subscriber_id, kind, operator_id, notice_id, old_fen,
                new_fen, effective_on, created_at)
            SELECT :change, c.id, '{kind}', c.operator_id, c.notice_id, c.old_fen, {new_fen}, told.begins_on,
                :now
            FROM addressed c JOIN told USING (place)
        ), noted AS (
            INSERT INTO notices (id, operator_id, template, template_version, language, params, body,
                recipient, recipient_digest, dedup_key, queue, state, reason, next_at, created_at, attempts,
                misses, must_arrive)
            SELECT c.notice_id, c.operator_id, :template, :version, told.language, told.params, told.body,
                c.contact, c.contact_digest, 'tariff:' || :change || ':' || c.id || :key_ends, :queue,
                CASE WHEN c.reason IS NULL THEN 'created' ELSE 'call' END, c.reason, c.leaves_at, :now, 0, 0,
                true
            FROM addressed c JOIN told USING (place)
        )
        SELECT (SELECT count(*) FROM candidates) AS seen, (SELECT max(id) FROM candidates) AS last,
            count(*) AS written,
            array_agg(notice_id) FILTER (WHERE reason = '{LANDLINE}') AS landlines,
            array_agg(notice_id) FILTER (WHERE reason = '{NO_TEXT}') AS wishes
        FROM addressed
    """
