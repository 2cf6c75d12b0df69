"""What dispatchers and managers say of teams."""

from tracker.fields import Pattern, StrictSchema, Text
from tracker.teams.rules import LONGEST_NAME


class TeamSchema(StrictSchema):
    """A team: its name, and the county or town that it works in."""

    name = Text(LONGEST_NAME, required=True)
    area = Pattern(r"[0-9]{6}([0-9]{3})?", 9, required=True)
