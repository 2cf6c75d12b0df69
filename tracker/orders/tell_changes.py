"""Tell a new customer of changes that were announced for the plan before they took it."""

from tracker.notices.drafts import Wanted
from tracker.orders.check_order import CheckedOrder
from tracker.reference import Reference
from tracker.tariffs.wording import TEMPLATES, change_values, plan_words


def changes_ahead(reference: Reference, order_id: str, one: CheckedOrder) -> list[Wanted]:
    """A warning for each change that the customer will see begin, under the key of the signing.

    `order_id` is what stands for the order in that key.

    It is told when the plan is taken; the subscription that follows is not warned of it again.
    """
    plan, language = one.plan, one.request["language"]
    operator = reference.operators[plan.operator_id]
    texts, before = [], plan
    for change in reference.changes_ahead(plan, one.accepted_on):
        name = plan.name_en if language == "en" else plan.name
        values = change_values(
            change.kind,
            plan_words(name or plan.name, plan.filing_number, language),
            language,
            effective_on=change.effective_on,
            old_fen=before.monthly_fen,
            new_fen=change.plan.monthly_fen,
            summary=change.summary_en if language == "en" else change.summary,
        )
        texts.append(
            Wanted(
                operator_id=operator.id,
                order_id=None,
                template=TEMPLATES[change.kind],
                language=language,
                values=values | {"hotline": operator.hotline, "signature": operator.signature},
                phone=one.request["customer"]["phone"],
                by_call=one.request["notify_by"] == "call",
                dedup_key=f"tariff:{change.id}:order:{order_id}",
            )
        )
        before = change.plan
    return texts
