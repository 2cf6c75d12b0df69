"""Published fee schedules (收费标准公示): what is on sale, and each plan by itself."""

from typing import Any

from flask import Flask, abort, render_template, request

from public_status import queries
from public_status.runtime import PublicRuntime
from tracker import clock
from tracker.orders.standing import N_

AUDIENCE_WORDS = {"home": N_("家庭宽带"), "enterprise": N_("企业宽带")}

_EXAMPLE = "示例"


def register(app: Flask, run: PublicRuntime) -> None:
    """The two pages."""

    @app.get("/fees")
    def fees() -> str:
        audience = request.args.get("audience")
        audience = audience if audience in AUDIENCE_WORDS else None
        operator = next((o for o in run.operators.all() if o.code == request.args.get("operator")), None)
        plans = queries.read(
            run.db,
            lambda c: queries.plans_on_sale(
                c, clock.today(), audience=audience, operator_id=operator.id if operator else None
            ),
        )
        return render_template(
            "fees.html",
            groups={
                word: chosen
                for key, word in AUDIENCE_WORDS.items()
                if (chosen := [plan for plan in plans if plan.audience == key])
            },
            audience=audience or "",
            operator_code=operator.code if operator else "",
            audience_words=AUDIENCE_WORDS,
            is_example=is_example,
            today=clock.today(),
        )

    @app.get("/fees/<int:plan_id>")
    def plan(plan_id: int) -> str:
        found = (
            queries.read(run.db, lambda c: queries.published_plan(c, plan_id)) if plan_id < 2**31 else None
        )
        if found is None:
            abort(404)
        today = clock.today()
        return render_template(
            "plan.html",
            plan=found,
            audience_word=AUDIENCE_WORDS[found.audience],
            is_example=is_example,
            announced=found.on_sale_from > today,
            ended=found.on_sale_to is not None and found.on_sale_to < today,
        )


def is_example(plan: Any) -> bool:
    """Whether the plan's own data says that it is an example and no operator's offer."""
    return _EXAMPLE in plan.remark
