"""One query language for every register: what a caller may ask, compiled to SQL within his scope; saved and shared queries."""
