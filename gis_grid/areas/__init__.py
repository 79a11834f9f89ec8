"""Areas: identity, boundaries, who is responsible, and which area a point lies in."""
