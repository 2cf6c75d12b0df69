"""Calls to customers whom no text reaches (外呼): the list, who is calling whom, and what came of it."""
