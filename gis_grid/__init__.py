"""GIS Grid: which grid is this, and who is responsible?"""

__version__ = "0.1.0"
