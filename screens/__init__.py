"""Screens and widgets; they receive dataclasses from db and know no SQL."""
