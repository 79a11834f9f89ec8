"""The house-status diagram (房态图): a building read at a glance; data first, then pictures of exactly that data."""
