"""What people see: the shared design, its files, and the staff pages."""
