"""What customers are owed for days that an operator was late."""
