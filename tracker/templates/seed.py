"""The texts that the product knows: code, version, parameters, Chinese and English, how they are sent.

A text names no person, address or link, and none of the characters that carriers refuse (¥, ★). The
signature in 【】 and the hotline are the operator's and are filled in like any parameter. A manager may
save another wording of each (`tracker.templates.save_template`); what it is for, when it may leave and in
what lane stays with its code.
"""

from tracker.templates.rules import Category, Template
from tracker.templates.staff_texts import STAFF_TEXTS

SEED = {
    template.code: template
    for template in (
        Template(
            "order_accepted",
            1,
            ("number", "deadline", "hotline", "signature"),
            "您的宽带订单{number}已受理，承诺{deadline}前装通。"
            "进度可在官网或公众号查询，咨询{hotline}。【{signature}】",
            "Broadband order {number} accepted; installed by {deadline}. Help: {hotline}【{signature}】",
            "progress",
            any_hour=True,
            always_new=True,
        ),
        Template(
            "resource_needs_building",
            1,
            ("number", "hotline", "signature"),
            "订单{number}所在地址需先建设线路，装维人员将与您联系说明安排。咨询{hotline}。【{signature}】",
            "Order {number}: a line must be built first; we will contact you. Help: {hotline}【{signature}】",
            "progress",
            coalesces=True,
        ),
        Template(
            "dispatched",
            1,
            ("number", "hotline", "signature"),
            "订单{number}已派单，装维人员将在2小时内与您联系预约。咨询{hotline}。【{signature}】",
            "Order {number}: an installer will call you within 2 hours. Help: {hotline}【{signature}】",
            "progress",
            coalesces=True,
        ),
        Template(
            "appointed",
            1,
            ("number", "slot", "installer", "hotline", "signature"),
            "订单{number}已约定{slot}上门，装维员{installer}。改约请拨{hotline}。【{signature}】",
            "Order {number}: visit on {slot}, installer {installer}. To change: {hotline}【{signature}】",
            "progress",
            coalesces=True,
        ),
        Template(
            "appointment_changed",
            1,
            ("number", "slot", "installer", "hotline", "signature"),
            "订单{number}上门时间现定为{slot}，装维员{installer}。改约请拨{hotline}。【{signature}】",
            "Order {number}: your visit is now on {slot}, installer {installer}."
            " To change: {hotline}【{signature}】",
            "progress",
            any_hour=True,
            coalesces=True,
        ),
        Template(
            "appointment_cancelled",
            1,
            ("number", "slot", "hotline", "signature"),
            "订单{number}原定{slot}的上门已取消，装维人员将与您另约时间。咨询{hotline}。【{signature}】",
            "Order {number}: the visit on {slot} is off; we will agree another with you."
            " {hotline}【{signature}】",
            "progress",
            any_hour=True,
            coalesces=True,
        ),
        Template(
            "on_hold",
            1,
            ("number", "day", "hotline", "signature"),
            "订单{number}已按您的要求缓装至{day}，期间不计入承诺时限。恢复请拨{hotline}。【{signature}】",
            "Order {number} on hold until {day} as you asked; that time is not counted."
            " To resume: {hotline}【{signature}】",
            "progress",
            any_hour=True,
        ),
        Template(
            "paused",
            1,
            ("number", "reason", "day", "deadline", "hotline", "signature"),
            "订单{number}因{reason}暂停施工至{day}，新期限{deadline}。咨询{hotline}。【{signature}】",
            "Order {number} paused until {day} ({reason}); new date {deadline}. {hotline}【{signature}】",
            "progress",
        ),
        Template(
            "resumed",
            1,
            ("number", "deadline", "hotline", "signature"),
            "订单{number}已恢复办理，承诺{deadline}前装通。咨询{hotline}。【{signature}】",
            "Order {number} resumed; installed by {deadline}. Help: {hotline}【{signature}】",
            "progress",
            any_hour=True,
        ),
        Template(
            "repromised",
            1,
            ("number", "finding", "deadline", "hotline", "signature"),
            "订单{number}经核查{finding}，承诺期限调整为{deadline}。咨询{hotline}。【{signature}】",
            "Order {number}: {finding}; to be installed by {deadline}. Help: {hotline}【{signature}】",
            "progress",
            coalesces=True,
        ),
        Template(
            "delayed",
            1,
            ("number", "reason", "deadline", "contact", "phone", "signature"),
            "抱歉，订单{number}因{reason}顺延，新期限{deadline}。跟进人{contact}，电话{phone}。【{signature}】",
            "Sorry, order {number} is delayed ({reason}); new date {deadline}. Contact: {contact}, {phone}"
            "【{signature}】",
            "progress",
        ),
        Template(
            "promise_recounted",
            1,
            ("number", "deadline", "hotline", "signature"),
            "国务院节假日安排已公布，订单{number}承诺期限更新为{deadline}。咨询{hotline}。【{signature}】",
            "Public holidays announced: order {number} is now due by {deadline}. {hotline}【{signature}】",
            "progress",
        ),
        Template(
            "promises_recounted",
            1,
            ("count", "hotline", "signature"),
            "国务院节假日安排已公布，您有{count}个宽带订单的承诺期限更新，可在官网或公众号查询。"
            "咨询{hotline}。【{signature}】",
            "Public holidays announced: {count} of your orders have new dates; see the website."
            " {hotline}【{signature}】",
            "progress",
        ),
        Template(
            "completed",
            1,
            ("number", "day", "hotline", "signature"),
            "订单{number}已于{day}竣工。问题请拨{hotline}。我们不会索要您的验证码。【{signature}】",
            "Order {number} completed on {day}. Problems: {hotline}. We never ask for codes.【{signature}】",
            "progress",
            coalesces=True,
        ),
        Template(
            "contact_changed",
            1,
            ("number", "hotline", "signature"),
            "订单{number}的联系电话已更改，今后通知发往新号码。如非本人要求请速拨{hotline}。【{signature}】",
            "The contact phone of order {number} was changed. If you did not ask for this, call {hotline}"
            "【{signature}】",
            "progress",
            any_hour=True,
        ),
        Template(
            "real_name_failed",
            1,
            ("number", "reason", "hotline", "signature"),
            "订单{number}实名核验未通过：{reason}。可携有效证件到营业厅复核，或拨{hotline}申诉。【{signature}】",
            "Order {number}: real-name check failed ({reason}). Bring your ID to a shop, or appeal: {hotline}"
            "【{signature}】",
            "progress",
        ),
        Template(
            "withdrawn",
            1,
            ("number", "hotline", "signature"),
            "订单{number}已按您的要求撤销。预付款将在7个工作日内原路退回，咨询{hotline}。【{signature}】",
            "Order {number} withdrawn as you asked; prepayments return within 7 working days."
            " {hotline}【{signature}】",
            "progress",
            any_hour=True,
        ),
        Template(
            "cancelled",
            1,
            ("number", "reason", "hotline", "signature"),
            "订单{number}已退单，原因：{reason}。预付款将在7个工作日内原路退回，咨询{hotline}。【{signature}】",
            "Order {number} cannot be done: {reason}. Prepayments return within 7 working days."
            " {hotline}【{signature}】",
            "progress",
        ),
        Template(
            "visit_reminder",
            1,
            ("number", "hours", "hotline", "signature"),
            "提醒：订单{number}装维员将于明日{hours}上门，请留人在家并备好有效证件。改约请拨{hotline}。【{signature}】",
            "Reminder: visit tomorrow {hours} for order {number}; have your ID ready."
            " To change: {hotline}【{signature}】",
            "progress",
        ),
        # What is said in a call that staff ask for; sent only where nobody can be reached.
        Template(
            "visit_to_agree",
            1,
            ("number", "deadline", "hotline", "signature"),
            "您的宽带订单{number}承诺{deadline}前装通，现需与您确认上门安排，回电请拨{hotline}。【{signature}】",
            "Order {number}, due {deadline}: please agree the visit with us. Call {hotline}【{signature}】",
            "progress",
        ),
        Template(
            "complaint_received",
            1,
            ("complaint", "day", "hotline", "signature"),
            "您的投诉已受理，编号{complaint}，专人跟进，最迟{day}答复。咨询{hotline}。【{signature}】",
            "Complaint {complaint} received; you have an answer by {day}. Help: {hotline}【{signature}】",
            "progress",
            any_hour=True,
            always_new=True,
        ),
        Template(
            "complaint_retracted",
            1,
            ("complaint", "hotline", "signature"),
            "您的投诉{complaint}已按您的要求撤回。需要帮助请拨{hotline}。【{signature}】",
            "Complaint {complaint} taken back as you asked. Help: {hotline}【{signature}】",
            "progress",
            any_hour=True,
            always_new=True,
        ),
        Template(
            "complaint_closed",
            1,
            ("complaint", "result", "hotline", "signature"),
            "您的投诉{complaint}已办结：{result}。不满意请拨{hotline}，也可向12300申诉。【{signature}】",
            "Complaint {complaint} answered: {result}. Not content? Call {hotline} or 12300【{signature}】",
            "progress",
            must_arrive=True,
            always_new=True,
        ),
        Template(
            "rating_received",
            1,
            ("number", "hotline", "signature"),
            "您对订单{number}的评价已收到，谢谢。需要帮助请拨{hotline}。【{signature}】",
            "Your rating of order {number} was received, thank you. Help: {hotline}【{signature}】",
            "progress",
            any_hour=True,
        ),
        Template(
            "rating_retracted",
            1,
            ("number", "hotline", "signature"),
            "您对订单{number}的评价已撤回，可重新评价。需要帮助请拨{hotline}。【{signature}】",
            "Your rating of order {number} was taken back; you may rate again. {hotline}【{signature}】",
            "progress",
            any_hour=True,
        ),
        Template(
            "tariff_change",
            1,
            ("plan", "effective", "old_fee", "new_fee", "hotline", "signature"),
            "您的{plan}自{effective}起月费由{old_fee}调为{new_fee}。"
            "详情见营业厅或官网资费公示，不同意可于此前免费改退，咨询{hotline}。【{signature}】",
            "From {effective} the monthly fee of your plan {plan} changes from {old_fee} to {new_fee}."
            " Details in our halls or fee schedule; you may change or leave free of charge before."
            " {hotline}【{signature}】",
            "bulk",
            Category.TARIFF,
            must_arrive=True,
        ),
        Template(
            "tariff_terms",
            1,
            ("plan", "effective", "summary", "hotline", "signature"),
            "您的{plan}自{effective}起有变动：{summary}。"
            "详情见营业厅或官网资费公示，不同意可于此前免费改退，咨询{hotline}。【{signature}】",
            "From {effective} your plan {plan} changes: {summary}."
            " Details in our halls or fee schedule; you may change or leave free of charge before."
            " {hotline}【{signature}】",
            "bulk",
            Category.TARIFF,
            must_arrive=True,
        ),
        Template(
            "tariff_term_end",
            1,
            ("plan", "until", "effective", "old_fee", "new_fee", "hotline", "signature"),
            "您的{plan}约定资费于{until}到期，{effective}起月费由{old_fee}恢复为{new_fee}。"
            "详情见营业厅或官网资费公示，可免费改退，咨询{hotline}。【{signature}】",
            "The agreed fee of your plan {plan} ends on {until}; from {effective} the monthly fee is"
            " {new_fee} instead of {old_fee}. You may change or leave free of charge."
            " {hotline}【{signature}】",
            "bulk",
            Category.TARIFF,
            must_arrive=True,
        ),
        Template(
            "tariff_withdrawn",
            1,
            ("plan", "effective", "hotline", "signature"),
            "此前通知您的{plan}自{effective}起的资费变动已取消，仍按原资费和约定执行，"
            "您无需办理任何手续，咨询{hotline}。【{signature}】",
            "The change of your plan {plan} announced for {effective} is cancelled: fee and terms stay as"
            " they are, and you need do nothing. {hotline}【{signature}】",
            "bulk",
            Category.TARIFF,
            must_arrive=True,
        ),
        Template(
            "outage_plan",
            1,
            ("window", "area", "duration", "hotline", "signature"),
            "因光缆割接，{window}{area}宽带将中断约{duration}，敬请谅解，咨询{hotline}。【{signature}】",
            "Cable works: no broadband in {area}, {window}, for about {duration}."
            " Sorry. {hotline}【{signature}】",
            "bulk",
            Category.OUTAGE,
        ),
        Template(
            "one_time_code",
            1,
            ("code", "signature"),
            "验证码{code}，用于查询宽带进度，10分钟内有效，请勿告知他人。【{signature}】",
            "Code {code} to look up your order, valid for 10 minutes. Tell nobody.【{signature}】",
            "urgent",
            Category.CODE,
            any_hour=True,
            always_new=True,
        ),
        Template(
            "staff_code",
            1,
            ("code", "duration", "signature"),
            "验证码{code}，用于设置工作台登录密码，{duration}内有效，请勿告知他人。【{signature}】",
            "Code {code} to set your staff password, valid for {duration}. Tell nobody.【{signature}】",
            "urgent",
            Category.CODE,
            any_hour=True,
            always_new=True,
        ),
        *STAFF_TEXTS,
        Template(
            "order_numbers",
            1,
            ("numbers", "hotline", "signature"),
            "您的在途宽带订单：{numbers}。查询请用订单号和手机号后四位，咨询{hotline}。【{signature}】",
            "Your open broadband orders: {numbers}. Look up with number and last 4 digits of this phone."
            " {hotline}【{signature}】",
            "urgent",
            any_hour=True,
        ),
        Template(
            "compensation_fixed",
            1,
            ("number", "count", "amount", "hotline", "signature"),
            "抱歉，订单{number}超过承诺期限{count}天装通，应付您违约金{amount}，"
            "付款时另行告知。咨询{hotline}。【{signature}】",
            "Sorry: order {number} was connected {count} day(s) late. We owe you {amount}"
            " and will tell you when it is paid. Help: {hotline}【{signature}】",
            "progress",
        ),
        Template(
            "compensation_corrected",
            1,
            ("number", "amount", "reason", "hotline", "signature"),
            "订单{number}的违约金更正为{amount}，原因：{reason}。有疑问请拨{hotline}。【{signature}】",
            "Order {number}: the compensation is now {amount}, because {reason}."
            " Help: {hotline}【{signature}】",
            "progress",
        ),
        Template(
            "compensation_paid",
            1,
            ("number", "amount", "day", "hotline", "signature"),
            "订单{number}的违约金{amount}已于{day}支付，如未收到请拨{hotline}。【{signature}】",
            "Order {number}: compensation of {amount} was paid on {day}."
            " Not received? {hotline}【{signature}】",
            "progress",
        ),
        Template(
            "request_refused",
            1,
            ("number", "reason", "hotline", "signature"),
            "抱歉，订单{number}未能按您的申请撤销：{reason}。需要帮助请拨{hotline}。【{signature}】",
            "Sorry, order {number} could not be withdrawn as you asked: {reason}."
            " Help: {hotline}【{signature}】",
            "progress",
            any_hour=True,
        ),
    )
}
