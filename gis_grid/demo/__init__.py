"""The demo town: an invented district, the same for the same seed, in which nobody real lives."""
