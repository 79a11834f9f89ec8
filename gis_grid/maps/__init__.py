"""What others and our own console draw from: layers, vector tiles, search. Reads across everything."""
