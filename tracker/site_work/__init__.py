"""What installers do at the customer (装维): arrival, line test, photos, each step; also without signal."""
