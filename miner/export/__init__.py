"""Writes what the database holds into files for others."""
