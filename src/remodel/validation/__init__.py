"""A model held against published trials."""
