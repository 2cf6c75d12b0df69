"""RQ jobs and their schedule: each job opens the process's runtime and calls one use case."""
