"""Real-name checks (实名核验) of a customer, by the operator."""
