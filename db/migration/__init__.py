"""Migrating a database and telling where it stands."""
