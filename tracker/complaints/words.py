"""What complaints are about, in words: one truth for every page.

They are the Chinese message ids of the pages' catalogues.
"""

from tracker.complaints.rules import Topic
from tracker.orders.standing import N_

TOPIC_WORDS = {
    Topic.OVERDUE: N_("安装超期"),
    Topic.ATTITUDE: N_("服务态度"),
    Topic.FEES: N_("收费"),
    Topic.WORKMANSHIP: N_("施工质量"),
    Topic.SPEED: N_("网速"),
    Topic.OTHER: N_("其他"),
}
