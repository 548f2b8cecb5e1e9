"""Django's SQLite, whose threads write in the order in which they came (docs/adr/0101)."""
