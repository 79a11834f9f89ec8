"""Excel and CSV in and out for every register."""
