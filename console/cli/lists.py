"""How every list command asks for a page and prints it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from console.cli.context import json_option, page_options
from console.cli.output import emit_fields, emit_json, emit_table, remark
from db.page import Cursor, Page, Term, fetch_page, parse_terms

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from db.capabilities import Capabilities
    from db.connection.database import Connection, Database
    from db.page import Listing

Row = TypeVar("Row")
Command = TypeVar("Command", bound=Callable[..., Any])
Cells = Mapping[str, Callable[[Row], object]]


@dataclass(frozen=True)
class Asked:
    """What the command line asks of a list."""

    limit: int
    after: str | None
    before: str | None
    from_end: bool
    sort: str | None
    terms: tuple[Term, ...]


def list_options(*shortcuts: str) -> Callable[[Command], Command]:
    """Add paging, --sort, --where and --json to a list command; it gets `asked` and `as_json`.

    Args:
        shortcuts: Filters of the list that have an option of their own (`--status failed`).
    """

    def decorate(function: Command) -> Command:
        @wraps(function)
        def collected(
            *args: Any,
            limit: int,
            after: str | None,
            before: str | None,
            last: bool,
            sort: str | None,
            where: str | None,
            **kwargs: Any,
        ) -> Any:
            named = {name: kwargs.pop(name.replace("-", "_")) for name in shortcuts}
            terms = tuple(Term(name, value) for name, value in named.items() if value is not None)
            asked = Asked(limit, after, before, last, sort, terms + parse_terms(where or ""))
            return function(*args, asked=asked, **kwargs)

        for name in reversed(shortcuts):
            collected = click.option(f"--{name}", metavar="VALUE", help=f"Only this {name}.")(collected)
        return json_option(page_options(_order_options(collected)))  # type: ignore[return-value]

    return decorate


def _order_options(function: Command) -> Command:
    function = click.option(
        "--where", metavar="TERMS", help='Filters as in the console: "status:failed !type:invoice.* age:>2h".'
    )(function)
    function = click.option("--sort", metavar="NAME", help="Declared sort; -NAME turns it round.")(function)
    function = click.option("--last", is_flag=True, help="The last page instead of the first.")(function)
    return click.option("--before", metavar="CURSOR", help="The page in front of this position.")(function)


def print_list(
    database: Database,
    declare: Callable[[Capabilities], Listing[Row]],
    asked: Asked,
    cells: Cells[Row],
    *,
    as_json: bool,
) -> None:
    """Read one page of a list and print it; where it goes on is said beside it.

    Args:
        database: Where.
        declare: The area's list for a role.
        asked: Page, order and filters.
        cells: Heading → value, for people.
        as_json: Print a document for programs.
    """
    from db.capabilities import read_capabilities

    with database.reading() as connection:
        page = fetch_page(
            connection,
            declare(read_capabilities(connection)),
            where=asked.terms,
            sort=asked.sort,
            after=Cursor.decode(asked.after) if asked.after is not None else None,
            before=Cursor.decode(asked.before) if asked.before is not None else None,
            from_end=asked.from_end,
            limit=asked.limit,
        )
    if as_json:
        emit_json(_document(page))
    else:
        _print_page(page, cells)


def print_record(
    database: Database,
    find: Callable[[Connection, Capabilities], DataclassInstance],
    *,
    as_json: bool,
    recorded: bool = False,
) -> None:
    """Read one record and print its fields.

    Args:
        database: Where.
        find: Reads the record.
        as_json: Print a document for programs.
        recorded: That somebody looks is put on record, so the connection must be one that may write.
    """
    from db.capabilities import read_capabilities

    with database.writing() if recorded else database.reading() as connection:
        record = find(connection, read_capabilities(connection))
    if as_json:
        emit_json(record)
    else:
        emit_fields({name.replace("_", " "): value for name, value in asdict(record).items()})


def _print_page(page: Page[Row], cells: Cells[Row]) -> None:
    emit_table(tuple(cells), [[cell(row) for cell in cells.values()] for row in page.rows])
    if page.note:
        remark(f"note: {page.note}")
    if not page.rows:
        remark((page.veil or "nothing matches") if page.after is None else "nothing matches so far")
    if page.after is not None:
        remark(f"more: --after {page.after.encode()}")


def _document(page: Page[Row]) -> dict[str, object]:
    return {
        "rows": page.rows,
        "before": page.before.encode() if page.before is not None else None,
        "after": page.after.encode() if page.after is not None else None,
        "as_of": page.as_of,
        "elapsed_ms": round(page.elapsed_ms, 3),
        "note": page.note if page.rows or not page.veil else "; ".join(filter(None, (page.veil, page.note))),
    }


def words(values: Sequence[object]) -> str | None:
    """Several words as one cell, nothing as a dash."""
    return ", ".join(str(value) for value in values) or None
