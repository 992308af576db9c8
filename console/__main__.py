"""Entry point: runs a command and turns whatever happens into one sentence and an exit code."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.exits import CRASHED, INTERRUPTED, PIPE_CLOSED
from console.start import bare_choice, open_console
from db.errors import ExitCode, NightdeskError

if TYPE_CHECKING:
    import click

NAME = "nightdesk"
# The variable by which a shell asks click for completions.
COMPLETION = "_NIGHTDESK_COMPLETE"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run nightdesk with the process's arguments and exit."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code.

    Args:
        arguments: What follows the program's name.
    """
    # Imports make many objects that live as long as the process: collecting among them is wasted time.
    gc.disable()
    try:
        choice = None if COMPLETION in os.environ else bare_choice(arguments)
        return _run_command(arguments) if choice is None else open_console(choice)
    except NightdeskError as error:
        return _refuse(str(error), error.exit_code)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _leave_pipe()
    except Exception as error:  # the last line of defence: a crash shows no traceback, and so no data
        return _refuse_or_crash(error)


def _run_command(arguments: Sequence[str]) -> int:
    import click

    from console.cli.main import cli

    if COMPLETION in os.environ:
        cli.main(prog_name=NAME)
    try:
        # Not cli.main: it ends with 1, our "refused", when the reader of a pipe leaves.
        with cli.make_context(NAME, list(arguments)) as context:
            outcome = cli.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stderr.write(f"{error.format_message()}\n")
        return int(ExitCode.USAGE)
    except click.UsageError as error:
        hint = f" See `{error.ctx.command_path} --help`." if error.ctx is not None else ""
        return _refuse(f"{_one_line(error)}{hint}", ExitCode.USAGE)
    except click.ClickException as error:
        return _refuse(_one_line(error), ExitCode.USAGE)
    except click.Abort:
        return INTERRUPTED
    return outcome if isinstance(outcome, int) else ExitCode.DONE


def _one_line(error: click.ClickException) -> str:
    """A message of click as one line: it lists choices below each other."""
    return " ".join(error.format_message().split())


def _refuse(sentence: str, code: int) -> int:
    from db.visible import visible

    sys.stderr.write(f"nightdesk: {visible(sentence)}\n")
    return int(code)


def _refuse_or_crash(error: Exception) -> int:
    """Say what PostgreSQL refused, or that nobody expected this error."""
    if "psycopg" in sys.modules:
        import psycopg

        from db.connection.failure import translate

        if isinstance(error, psycopg.Error):
            known = translate(error)
            return _refuse(str(known), known.exit_code)
    from console.crash import report_crash

    return _refuse(report_crash(error).sentence, CRASHED)


def _leave_pipe() -> int:
    """Let the interpreter flush into nothing: the reader (head, less) has gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return PIPE_CLOSED


if __name__ == "__main__":
    main()
