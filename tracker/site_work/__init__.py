"""What installers record at the customer: arrival, line tests, pictures, the confirmation."""
