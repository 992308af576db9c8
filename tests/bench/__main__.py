"""`make bench`: run the benches named on the command line, all without any; each prints its own ratios.

A bench is a module bench_NAME.py beside this file with a function `main()`.
"""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path


def main() -> None:
    """Import each chosen bench and run it."""
    known = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(known) or 'none yet'}")
    for name in parser.parse_args().names or known:
        if name not in known:
            parser.error(f"there is no bench {name}; known: {', '.join(known)}")
        print(f"== {name}", flush=True)
        importlib.import_module(f"tests.bench.bench_{name}").main()


if __name__ == "__main__":
    main()
