"""Alembic migrations in two lines: platform (the product) and console (our own schema)."""
