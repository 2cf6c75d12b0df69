"""How one operation leads to the next: what an answer holds that names a part of an address.

OpenAPI's links, so that a reader, and Schemathesis, can follow an order from its intake on.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Named:
    """Where in an answer stands what a part of an address is called; None where it is the same as asked."""

    part: str
    pointer: str | None

    @property
    def expression(self) -> str:
        """The same as OpenAPI says it."""
        return f"$request.path.{self.part}" if self.pointer is None else f"$response.body#{self.pointer}"


# By the schema of the answer.
NAMES: Mapping[str, tuple[Named, ...]] = {
    "Order": (Named("number", "/number"),),
    "OrderPage": (Named("number", "/orders/0/number"),),
    "RuleWithChanges": (Named("rule_id", "/id"),),
    "RuleList": (Named("rule_id", "/rules/0/id"),),
    "Override": (Named("override_id", "/id"),),
    "WholePlan": (Named("plan_id", "/id"),),
    "PlanPage": (Named("plan_id", "/plans/0/id"),),
    "TariffChange": (Named("change_id", "/id"),),
    "ChangePage": (Named("change_id", "/changes/0/id"),),
    "TemplateList": (Named("code", "/templates/0/code"),),
    "CallTask": (Named("task", "/id"),),
    "CallTaskPage": (Named("task", "/tasks/0/id"),),
    "FeeBook": (Named("number", "/number"),),
    "FreeSlots": (Named("number", "/number"),),
    "Checks": (Named("number", "/number"),),
    "EventPage": (Named("number", "/events/0/order"),),
    "OrderFile": (Named("file_id", "/id"),),
    "Webhook": (Named("webhook_id", "/id"),),
    "NewSecret": (Named("webhook_id", "/id"),),
    "Webhooks": (Named("webhook_id", "/webhooks/0/id"),),
    "Delivery": (Named("webhook_id", None), Named("delivery_id", "/id")),
    "DeliveryPage": (Named("webhook_id", None), Named("delivery_id", "/deliveries/0/id")),
    "Subscription": (Named("reference", "/reference"),),
}


@dataclass(frozen=True)
class Target:
    """An operation that a link can lead to."""

    operation_id: str
    parts: frozenset[str]
    wants_version: bool


def links_of(schema: str, sends_etag: bool, targets: Iterator[Target]) -> dict[str, dict[str, Any]]:
    """The links of an answer with this schema, by the operation that each leads to."""
    named = {one.part: one.expression for one in NAMES.get(schema, ())}
    found = {}
    for target in targets:
        # An address with a further part cannot be written down from this answer.
        if not target.parts or not target.parts <= named.keys():
            continue
        given = {f"path.{part}": named[part] for part in sorted(target.parts)}
        if target.wants_version and sends_etag:
            given["header.If-Match"] = "$response.header.ETag"
        found[target.operation_id] = {"operationId": target.operation_id, "parameters": given}
    return found
