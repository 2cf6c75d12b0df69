"""Real-name checks (实名核验) of customers: which an operator requires, and what came of each."""
