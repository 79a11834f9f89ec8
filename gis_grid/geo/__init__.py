"""Coordinates, shapes, and the one rule that gives a point its area; pure: values in and out."""
