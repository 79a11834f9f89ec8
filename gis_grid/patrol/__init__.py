"""Patrol: tracks, their cleaning, what of them fell into which area."""
