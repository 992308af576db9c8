"""The app: themes, modes, the one dispatcher of actions, and what happens when something fails."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import RenderableType
from textual import events
from textual.actions import SkipAction
from textual.app import App
from textual.binding import BindingType
from textual.filter import LineFilter
from textual.screen import Screen

import screens
from console import actions, signals
from console.exits import CRASHED, HUNG_UP
from console.opening import Opening
from screens.area import AreaScreen
from screens.deaf import DeafDialog
from screens.desk import Desk
from screens.dialog import Dialog
from screens.failures import UnexpectedFailure
from screens.help import Help
from screens.line_filter import DeleteControls
from screens.place_screen import PlaceScreen
from screens.places import Place
from screens.theme import DARK, LIGHT, THEMES
from screens.tone import Tone

if TYPE_CHECKING:
    from console.crash import CrashReport
    from screens.confirm import Confirm
    from screens.overview import OverviewScreen

_TWICE = 2.0
"""Seconds within which a second Ctrl+C counts."""

_WIDE = 110
"""Columns from which details stand beside the list instead of below it."""

_NARROW_CLASS, _WIDE_CLASS = "-narrow", "-wide"


class Console(App[int], inherit_bindings=False):
    """One console at one database.

    Args:
        desk: The database and what is known about it.
        opening: What is being read while the console starts.
    """

    CSS_PATH = Path(screens.__file__).with_name("nightdesk.tcss")
    BINDINGS: ClassVar[list[BindingType]] = [*actions.bindings()]
    ENABLE_COMMAND_PALETTE = False
    ESCAPE_TO_MINIMIZE = False

    def __init__(self, desk: Desk, opening: Opening) -> None:
        # The place to open at is the mode to begin in: an empty screen before it would be laid out and drawn for nobody.
        self.DEFAULT_MODE = opening.place.value  # type: ignore[misc]
        super().__init__()
        self.desk = desk
        self.crash: CrashReport | None = None
        self._styled = False
        self._leaving = False
        self._parted = False
        self._interrupted_at = float("-inf")
        self._opening = opening
        self._delete_controls = DeleteControls()
        self.HORIZONTAL_BREAKPOINTS = [(0, _NARROW_CLASS), (_WIDE, _WIDE_CLASS)]
        # Nothing moves by itself: every repaint goes over the operator's line.
        self.animation_level = "none"
        for theme in THEMES:
            self.register_theme(theme)
        # Set without being watched: nothing is styled yet, and every style sheet would be read once more for it.
        self.set_reactive(App.theme, DARK.name)
        self.stylesheet.set_variables(self.get_css_variables())
        for place in Place:
            self.add_mode(place.value, partial(self._open_place, place))

    def _open_place(self, place: Place) -> Screen[Any]:
        from console.place_screens import open_place

        screen = open_place(place, self.desk, self._opening)
        # As Textual would do once it has laid it out for the other width.
        screen.add_class(_WIDE_CLASS if self.size.width >= _WIDE else _NARROW_CLASS, update=False)
        return screen

    # Running

    def on_load(self) -> None:
        """Be ready for signals before the terminal is taken over."""
        signals.install(self.leave_with, self.farewell)

    def on_mount(self) -> None:
        """From now on there are widgets to style anew."""
        self._styled = True
        signals.redraw_after_suspension(self)

    def refresh_css(self, animate: bool = True) -> None:
        """Style everything anew; before the first place stands there is nothing, and its widgets style themselves."""
        if self._styled:
            super().refresh_css(animate)

    def leave_with(self, code: int) -> None:
        """End the console with an exit code, from a signal or a vanished terminal."""
        if not self._leaving:
            self._leaving = True
            self.desk.leave()
            self.exit(code, return_code=code)

    def farewell(self) -> str:
        """What the shell's screen must keep, once: how to ask for operations whose answer nobody has seen."""
        if self._parted:
            return ""
        self._parted = True
        return "".join(
            f"nightdesk: operation {operation} was sent; its outcome: nightdesk resolve {operation}\n"
            for operation in (*self.desk.in_flight, *self.desk.unresolved)
        )

    async def on_event(self, event: events.Event) -> None:
        """Hand events on as Textual does, except what a dialog that just opened must not hear."""
        dialog = self.screen_stack[-1] if self.screen_stack else None
        if isinstance(dialog, DeafDialog) and dialog.drops(event):
            return
        await super().on_event(event)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Every drawn line passes the guard that deletes control characters."""
        return [*super().get_line_filters(), self._delete_controls]

    # Actions

    @property
    def place_screen(self) -> PlaceScreen | None:
        """The root screen of the current mode, below any dialog."""
        root = self.screen_stack[0] if self.screen_stack else None
        return root if isinstance(root, PlaceScreen) else None

    @property
    def situation(self) -> actions.Situation | None:
        """Where the operator is; None while the console starts."""
        screen = self.place_screen
        if screen is None:
            return None
        return actions.Situation(self, self.desk, screen, self._receipt_dialog)

    @property
    def _receipt_dialog(self) -> Confirm | None:
        dialog = self.screen_stack[-1]
        if not isinstance(dialog, DeafDialog):
            return None
        from screens.confirm import Confirm

        return dialog if isinstance(dialog, Confirm) and dialog.receipt is not None else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let a key pass on where its action does not exist."""
        if action != "perform":
            return super().check_action(action, parameters)
        situation = self.situation
        return situation is not None and actions.BY_ID[str(parameters[0])].exists_in(situation)

    async def action_perform(self, action_id: str) -> None:
        """Run an action, or say why not: the one path by which anything happens.

        Args:
            action_id: Id in the registry.
        """
        situation = self.situation
        if situation is None:
            return
        action = actions.BY_ID[action_id]
        reason = action.reason_against(situation)
        if reason is not None:
            self.say(f"{action.title}: {reason}", Tone.WARNING)
            return
        running = action.run(situation)
        if inspect.isawaitable(running):
            await running

    def go(self, place: Place) -> None:
        """Show a place as it was left."""
        self.switch_mode(place.value)

    def on_overview_screen_place_asked(self, event: OverviewScreen.PlaceAsked) -> None:
        """Show the rows behind a finding of the overview."""
        self.go(event.place)
        screen = self.place_screen
        if isinstance(screen, AreaScreen) and event.filter:
            self.call_after_refresh(screen.show_filter, event.filter)

    def show_help(self) -> None:
        """Show the keys that work now."""
        situation = self.situation
        if situation is not None:
            self.push_screen(Help(situation.screen, actions.help_sections(situation)))

    def leave(self) -> None:
        """End the console; reads under way are cancelled in the server, so that nobody waits for them."""
        self.desk.leave()
        Thread(target=self.desk.database.cancel, name="cancel", daemon=True).start()
        self.leave_with(0)

    def interrupt(self) -> None:
        """End the console when asked twice in a row; a selected text is copied instead."""
        if self.screen.get_selected_text():
            raise SkipAction
        now = monotonic()
        if now - self._interrupted_at < _TWICE:
            self.leave()
        else:
            self._interrupted_at = now
            pending = "".join(
                f" {operation} is being applied; `nightdesk resolve {operation}` tells its outcome."
                for operation in self.desk.in_flight
            )
            self.say(f"Ctrl+C again ends the console.{pending}", Tone.WARNING)

    def suspend_console(self) -> None:
        """Give the terminal back to the shell until `fg`."""
        self.action_suspend_process()

    def switch_looks(self) -> None:
        """Change between dark and light."""
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name

    def say(self, sentence: str, tone: Tone = Tone.PLAIN) -> None:
        """Tell the operator something: on the line of the dialog that stands there, else on the status line."""
        if isinstance(self.screen, Dialog):
            self.screen.tell(sentence, tone)
        elif self.place_screen is not None:
            self.place_screen.status.say(sentence, tone)

    def on_place_screen_situation_changed(self, event: PlaceScreen.SituationChanged) -> None:
        """Show the keys that work now."""
        event.stop()
        situation = self.situation
        if situation is not None:
            situation.screen.key_bar.show(actions.hints(situation))

    def on_confirm_applied(self, event: Confirm.Applied) -> None:
        """Say in a receipt what can be done with it."""
        situation = self.situation
        if situation is not None and situation.receipt is event.dialog:
            event.dialog.offer(actions.undo_offer(situation))

    # Failing

    def on_unexpected_failure(self, event: UnexpectedFailure) -> None:
        """Write the report of a worker that failed; the console goes on."""
        if isinstance(event.error, Exception):
            from console.crash import report_crash

            self.say(report_crash(event.error).sentence, Tone.BAD)

    def _handle_exception(self, error: Exception) -> None:
        # Textual would print the traceback with local variables, among them passwords.
        self._return_code = CRASHED
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._crashed(error)

    def _fatal_error(self) -> None:
        error = sys.exc_info()[1]
        self._return_code = CRASHED
        self._crashed(error if error is not None else RuntimeError("the console ended without an error"))

    def panic(self, *renderables: RenderableType) -> None:
        """End because the library gave up, mostly because reading the terminal failed."""
        if signals.terminal_is_gone():
            self.leave_with(HUNG_UP)
        else:
            self._return_code = CRASHED
            self._crashed(RuntimeError("reading the terminal failed"))

    def _crashed(self, error: BaseException) -> None:
        from console.crash import report_crash

        if self.crash is None:
            self.crash = report_crash(error)
        self._close_messages_no_wait()

    def _print_error_renderables(self) -> None:
        self._exit_renderables.clear()
