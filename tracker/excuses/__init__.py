"""Delays that are to be excused (免责): asked for by one person, decided on by another manager."""
