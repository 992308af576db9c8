"""Guards taken away one at a time: the test that each names must fail without it."""
