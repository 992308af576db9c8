"""The command line: one module an area, each command the headless twin of a screen."""
