"""When an order must be done: working days, rules, the frozen promise."""
