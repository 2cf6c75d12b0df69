"""When installers can come: slots that managers open, and the orders that have booked them."""
