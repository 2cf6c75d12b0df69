"""When installers can come: slots (上门时段) with their capacity, and who has booked them."""
