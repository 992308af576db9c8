"""Everything about data: connections, queries, plans, changes. Imports neither textual nor rich."""
