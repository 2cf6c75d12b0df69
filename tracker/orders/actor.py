"""Who changes an order."""

from dataclasses import dataclass

from tracker.reference import ChannelFacts


@dataclass(frozen=True)
class Actor:
    """On whose behalf an order changes: the operator, and "channel:<code>", "staff:<username>",
    "customer:<id of the request>" or "system".
    """

    operator_id: int
    label: str
    channel_id: int | None = None

    @property
    def is_staff(self) -> bool:
        """Whether somebody of the operator's acts, with an account of his own."""
        return self.label.startswith("staff:")

    @classmethod
    def of_channel(cls, channel: ChannelFacts) -> "Actor":
        """A channel's system: it reaches the channel's own orders only."""
        return cls(channel.operator_id, f"channel:{channel.code}", channel.id)
