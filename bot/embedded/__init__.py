"""PostgreSQL and Valkey from wheels, for machines without either: they end when the process that started them ends."""
