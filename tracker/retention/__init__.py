"""Personal data is forgotten once its time is over."""
