"""The numbered steps from an empty database to this program's tables."""
