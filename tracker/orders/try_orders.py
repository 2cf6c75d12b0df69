"""What would become of a file of orders, row by row, with nothing stored.

Every verdict is that of `place_orders`; a test holds the two together.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select, text

from tracker import clock
from tracker.orders.check_order import check_order, digest_of
from tracker.orders.file_batches import Batch
from tracker.orders.models import Order
from tracker.orders.place_orders import Placed
from tracker.problems import Fault, Refusal
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

# What the file itself would have stored by now. It lives as long as the connection, and keeps the memory
# of this process out of it; without the references, which may be anything.
_CREATE = text(
    "CREATE TEMPORARY TABLE would_be_stored (reference bytea PRIMARY KEY, content bytea NOT NULL)"
    " ON COMMIT PRESERVE ROWS"
)
_DROP = text("DROP TABLE would_be_stored")
_ADD = text("INSERT INTO would_be_stored (reference, content) VALUES (:reference, :content)")
_ADDED = text("SELECT reference, content FROM would_be_stored WHERE reference = ANY(:references)")
_STORED = select(Order.external_reference, Order.content_digest).where(
    Order.channel_id == bindparam("channel"), Order.external_reference == text("ANY(:references)")
)


class TryOrders:
    """Tries batches of one file as orders of a channel, on a connection of its own."""

    def __init__(self, runtime: Runtime, channel: ChannelFacts, connection: Connection) -> None:
        self._runtime, self._channel, self._connection = runtime, channel, connection
        connection.execute(_CREATE)

    def close(self) -> None:
        """Leave the connection as it was found."""
        self._connection.execute(_DROP)

    def __call__(self, batch: Batch) -> list[Placed | Refusal]:
        """What each row would come to; a stored order has neither id nor number yet."""
        now, keys = clock.now(), self._runtime.keys
        reference = self._runtime.reference.current()
        requests = [row.request for row in batch.sound]
        checked = [check_order(reference, keys, self._channel, request, now) for request in requests]
        digests = [
            digest_of(keys, request) if isinstance(one, Refusal) else one.digest
            for request, one in zip(requests, checked, strict=True)
        ]
        names = [request["external_reference"] for request in requests]
        known = self._known(names)
        first: dict[str, bytes] = {}
        for name, one, digest in zip(names, checked, digests, strict=True):
            if name not in known and not isinstance(one, Refusal):
                first.setdefault(name, digest)
        self._add(first)
        met: set[str] = set()
        results: list[Placed | Refusal] = []
        for name, one, digest in zip(names, checked, digests, strict=True):
            stands = known.get(name, first.get(name))
            if stands is None:
                assert isinstance(one, Refusal), "what is sound would be stored"  # noqa: S101
                results.append(one)
            elif stands != digest:
                results.append(Refusal(Fault("order.duplicate_reference", "/external_reference")))
            else:
                is_repeat = name in known or name in met or isinstance(one, Refusal)
                results.append(Placed(0, "", repeated=is_repeat))
                met.add(name)
        return results

    def _known(self, names: Sequence[str]) -> dict[str, bytes]:
        """The content under each reference that is stored, or was before in the file."""
        given: dict[str, Any] = {"channel": self._channel.id, "references": list(set(names))}
        found = {row[0]: bytes(row[1]) for row in self._connection.execute(_STORED, given)}
        marks = {self._mark(name): name for name in names}
        for mark, content in self._connection.execute(_ADDED, {"references": list(marks)}):
            found[marks[bytes(mark)]] = bytes(content)
        return found

    def _add(self, first: dict[str, bytes]) -> None:
        rows = [{"reference": self._mark(name), "content": content} for name, content in first.items()]
        if rows:
            self._connection.execute(_ADD, rows)

    def _mark(self, name: str) -> bytes:
        return self._runtime.keys.digest_of("orders.reference", name)[:16]
