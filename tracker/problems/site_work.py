"""What is wrong with what an installer records at the customer, or sends from his phone."""

from tracker.problems.rule import ProblemRule

RULES: tuple[ProblemRule, ...] = (
    ProblemRule(
        "job.not_yours",
        409,
        "这个工单已不归您施工",
        "The job is not yours any more.",
    ),
    ProblemRule("job.taken", 409, "这个工单已有人接单", "Somebody has taken the job."),
    ProblemRule(
        "job.changed",
        409,
        "您离线或填写期间，有人改动了这个工单",
        "Somebody changed the order since you were shown it.",
    ),
    ProblemRule(
        "job.on_hold",
        409,
        "工单缓装至{day}，请先由客服或调度恢复办理",
        "The order is on hold until {day_en}: the desk must resume it first.",
    ),
    ProblemRule(
        "job.visit_later",
        409,
        "约的是{day}；今天上门请先改约",
        "The visit is agreed for {day_en}: to come today, change it first.",
    ),
    ProblemRule(
        "job.kept_back",
        409,
        "前一步没有成功，这一步暂未执行",
        "The step before it was refused, so this one was kept back.",
    ),
    ProblemRule(
        "job.not_on_site",
        409,
        "到达现场后才能记录",
        "It can be recorded once you have arrived.",
    ),
    ProblemRule(
        "job.test_first",
        409,
        "请先记录本次上门的线路测试",
        "Record the line test of this visit first.",
    ),
    ProblemRule(
        "job.wrong_digits",
        422,
        "与订单联系电话的后四位不符，请客户重新输入",
        "These are not the last four digits of the order's phone: ask the customer to type them again.",
    ),
    ProblemRule(
        "job.position", 422, "位置不正确", "The position is none: a latitude and a longitude are needed."
    ),
    ProblemRule("line_test.number", 422, "请填写数字", "A number is needed, as the meter shows it."),
    ProblemRule(
        "line_test.range",
        422,
        "须在 {least} 至 {most} 之间，请核对仪表读数和正负号",
        "It must lie between {least} and {most}: check the reading and its sign.",
    ),
    ProblemRule(
        "line_test.reason_required",
        422,
        "测试结果异常（{told}），请填写继续的原因",
        "The test is out of order ({told_en}): say why you go on.",
    ),
    ProblemRule("photo.missing", 422, "没有收到照片，请重新选择", "No photo came: choose it again."),
    ProblemRule(
        "photo.too_large", 413, "照片超过 {megabytes} MB", "The photo is larger than {megabytes} MB."
    ),
    ProblemRule(
        "photo.unreadable",
        422,
        "无法读取这张照片，请用 JPEG 或 PNG 格式重拍",
        "The photo cannot be read: take it again as JPEG or PNG.",
    ),
    ProblemRule(
        "photo.heic",
        422,
        "HEIC 照片无法读取：请在 iPhone 的“设置 › 相机 › 格式”里选“兼容性最佳”后重拍，或发送截图",
        "An iPhone's HEIC photos cannot be read: choose Most Compatible under Settings, Camera, Formats"
        " and take it again, or send a screenshot.",
    ),
    ProblemRule("photo.too_many", 409, "每个工单最多 {limit} 张照片", "A job has at most {limit} photos."),
)
