"""The city's divisions: city, counties, towns, communities (reference data, one CSV a city)."""
