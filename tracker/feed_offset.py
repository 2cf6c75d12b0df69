"""Keep the feed's places growing when PostgreSQL begins to count its transactions from low again.

A logical restore brings rows that bear high transaction numbers into a database that counts from the
beginning, and a copy of yesterday counts again what callers have seen of today. The database's two
functions add an offset to PostgreSQL's own number; raising it puts all that will be written behind all
that was, so cursors that callers hold stay good and nothing that is new is missed.
"""

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

# More transactions than could have been lost between a copy and its restore.
_STEP = 2**32

_KNOWN = text("SELECT to_regprocedure('feed_horizon()') IS NOT NULL")
_STANDS = text(
    """
    SELECT feed_horizon() AS horizon, pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS counted,
           coalesce(max(greatest(o.highest, e.highest)), 0) AS highest
    FROM channels AS c
    CROSS JOIN LATERAL (SELECT max(written_in) AS highest FROM orders WHERE channel_id = c.id) AS o
    CROSS JOIN LATERAL (SELECT max(written_in) AS highest FROM order_events WHERE channel_id = c.id) AS e
    """
)
_COUNTS = {
    "feed_position": "pg_current_xact_id()",
    "feed_horizon": "pg_snapshot_xmin(pg_current_snapshot())",
}


def keep_feed_ahead(url: str, *, restored: bool = False) -> bool:
    """Raise the offset where rows stand ahead of what the database counts, or because it was `restored`.

    `url` is the login of the functions' owner. Returns whether it was raised. What is written meanwhile
    goes before or after, and is read in either case.
    """
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.begin() as connection:
            return bool(connection.scalar(_KNOWN)) and _raise(connection, restored)
    finally:
        engine.dispose()


def _raise(connection: Connection, restored: bool) -> bool:
    stands = connection.execute(_STANDS).one()
    if not restored and stands.highest < stands.horizon:
        return False
    offset = max(stands.highest, stands.horizon) + _STEP - stands.counted
    for name, count in _COUNTS.items():
        connection.execute(
            text(
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS bigint LANGUAGE sql STABLE"
                f" AS 'SELECT {count}::text::bigint + {offset:d}'"
            )
        )
    return True
