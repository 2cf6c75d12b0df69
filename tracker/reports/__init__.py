"""Half-year reports to the regulator: built, reviewed, frozen, and what the regulator sees."""
