"""Registered texts (短信模板): what they say, in which version, and which provider has approved them."""
