"""The SQL store: tables, sessions, bulk rows and every query. SQLite and PostgreSQL are equals."""
