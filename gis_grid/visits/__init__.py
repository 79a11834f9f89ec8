"""Who looked in where and when, what is stale, and whom to visit today."""
