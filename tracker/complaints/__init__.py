"""What customers say afterwards: complaints (投诉) with an owner and a due day, and ratings (评价)."""
