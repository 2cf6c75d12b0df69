"""What customers ask for on their own: a code, another appointment, a hold, a withdrawal, a complaint."""
