"""What broadband costs: plans, and the fee schedules published from them."""
