"""python -m gis_grid.cli"""

from gis_grid.cli import main

if __name__ == "__main__":
    main()
