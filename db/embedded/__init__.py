"""A PostgreSQL of our own: the demo and the tests run on a real server without root, Docker or a port."""
