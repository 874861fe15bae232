"""What leaves the database: tables as files, and a benchmark of bugs and their repairs."""
