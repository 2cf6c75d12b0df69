"""What is wrong with a file that people bring."""

from tracker.problems.rule import ProblemRule

RULES = (
    # The file as a whole.
    ProblemRule(
        "file.not_a_table",
        422,
        "不是可读取的表格，须为 .xlsx 或 .csv",
        "This is no table that can be read: it must be .xlsx or .csv.",
    ),
    ProblemRule(
        "file.old_format",
        422,
        "是旧版 .xls，请另存为 .xlsx",
        "This is an old .xls workbook: save it as .xlsx.",
    ),
    ProblemRule(
        "file.password",
        422,
        "文件有密码保护，请去掉密码后再导入",
        "The file is protected by a password: remove it first.",
    ),
    ProblemRule(
        "file.too_large",
        413,
        "文件过大（上限 {megabytes} MB，解压后 {unpacked} MB）",
        "The file is too large: at most {megabytes} MB, and {unpacked} MB when unpacked.",
    ),
    ProblemRule(
        "file.too_many_rows", 422, "超过 {limit} 行，请分成几个文件", "There are more than {limit} rows."
    ),
    ProblemRule("file.no_rows", 422, "表头之下没有数据", "There is nothing below the header."),
    ProblemRule(
        "file.several_sheets",
        422,
        "几张工作表都有内容：{names}；请只留一张",
        "Several sheets have content: {names}. Leave one.",
    ),
    ProblemRule(
        "file.merged_cells",
        422,
        "有合并单元格：{ranges}；请取消合并，每行填全",
        "There are merged cells: {ranges}. Unmerge them and fill each row.",
    ),
    ProblemRule(
        "file.header_cell",
        422,
        "表头 {column} 列不是文字，而是公式或错误值",
        "Column {column} of the header is no text, but a formula or an error.",
    ),
    ProblemRule(
        "file.formula",
        422,
        "是公式，请粘贴为数值",
        "This is a formula: paste it as a value.",
    ),
    ProblemRule("file.error_value", 422, "单元格显示错误：{value}", "The cell shows an error: {value}."),
    ProblemRule(
        "file.hidden_row",
        422,
        "该行被隐藏或筛选掉了，请显示或删除",
        "The row is hidden or filtered out: show it or delete it.",
    ),
    ProblemRule("file.encoding", 422, "文件编码须为 UTF-8 或 GB18030", "The file must be UTF-8 or GB18030."),
    # Its header.
    ProblemRule("file.missing_column", 422, "缺少列：{column}", "The column {column} is missing."),
    ProblemRule("file.unknown_column", 422, "未知的列：{column}", "The column {column} is unknown."),
    ProblemRule("file.repeated_column", 422, "重复的列：{column}", "The column {column} stands twice."),
    # A row.
    ProblemRule(
        "file.row_width", 422, "列数与表头不符", "The row does not have as many cells as the header."
    ),
    # An upload.
    ProblemRule("order_file.not_found", 404, "没有这个文件", "There is no such file."),
    ProblemRule(
        "order_file.not_running", 409, "该文件已处理完毕或已取消", "The file has come to its end already."
    ),
    ProblemRule(
        "order_file.too_large",
        413,
        "文件过大（上限 {megabytes} MB），请分成几个文件",
        "The file is too large: at most {megabytes} MB. Divide it into several.",
    ),
    ProblemRule("order_file.empty", 422, "文件是空的", "The file is empty."),
    ProblemRule(
        "order_file.media_type",
        415,
        "请求体须为 CSV（text/csv）或 XLSX 文件",
        "The body must be a CSV (text/csv) or XLSX file.",
    ),
    ProblemRule(
        "order_file.no_failed_rows",
        404,
        "没有失败行可下载：没有失败的行，或已超过 {days} 天",
        "There are no failed rows to download: none failed, or {days} days have passed.",
    ),
    ProblemRule(
        "order_file.interrupted",
        500,
        "处理多次中断，已停止；可以重新上传，已导入的行不会重复",
        "Work on it broke off again and again and was given up; bring it again, nothing is stored twice.",
    ),
)
