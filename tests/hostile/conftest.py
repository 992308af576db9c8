from __future__ import annotations

from tests.coroutines import pytest_pyfunc_call

__all__ = ["pytest_pyfunc_call"]
