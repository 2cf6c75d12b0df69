"""An order's life: taken in, moved through its stages, seen."""
