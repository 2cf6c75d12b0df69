"""Tables that people bring as files: rows, and what is wrong with them by place."""
