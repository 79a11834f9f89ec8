"""Pictures of people, homes, shops and buildings: checked, stripped, cut to sizes, kept beside the database."""
