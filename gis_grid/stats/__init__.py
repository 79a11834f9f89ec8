"""Counts by area and any dictionary, on today's boundaries or those of another day."""
