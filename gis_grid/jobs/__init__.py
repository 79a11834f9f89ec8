"""Long work with progress: imports, batch prints, reassignment. Queued in our own PostgreSQL by procrastinate."""
