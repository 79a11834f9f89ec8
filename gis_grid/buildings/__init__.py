"""Estates, buildings, units and rooms; laying out floors."""
