"""Who has which plan, at what price, since when."""
