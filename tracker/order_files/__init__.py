"""Files of orders that were uploaded: kept sealed, taken in by a worker, told of as they go."""
