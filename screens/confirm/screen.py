"""Shows a ChangeSet, asks for the reason, applies exactly that once, shows the receipt, offers the undo."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Protocol
from uuid import UUID, uuid4

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Button, Input, Static
from textual.worker import Worker, WorkerState

from db.changes import ChangeSet, Receipt
from db.connection.environment import Kind
from db.errors import NightdeskError, OutcomeUnknown, RowsMoved
from screens.confirm.preview import receipt_fields, records, totals
from screens.confirm.room import FRAME, ROOMY, TOO_SMALL, shortened, too_small
from screens.deaf import DeafDialog
from screens.detail import DetailPane
from screens.failures import UnexpectedFailure
from screens.key_bar import KeyHint
from screens.text import plain
from screens.tone import Tone


class Delivery(Protocol):
    """Applies a plan; blocks, so it runs in a worker."""

    def __call__(self, plan: ChangeSet, *, operation_id: UUID, reason: str) -> Receipt:
        """Apply the plan once under this id."""
        ...


class Stage(StrEnum):
    """Where the dialog stands."""

    PREVIEW = "preview"
    APPLYING = "applying"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True)
class Confirmed:
    """What the dialog leaves behind.

    Args:
        receipt: What was done, None when nothing was.
        undo: The operator wants to take it back.
        unknown: The operation whose outcome nobody knows yet.
    """

    receipt: Receipt | None = None
    undo: bool = False
    unknown: UUID | None = None


class Confirm(DeafDialog[Confirmed]):
    """The confirmation of one ChangeSet.

    Opens with the focus on Cancel and deaf for a moment; the key that opened it confirms nothing. The reason comes
    first, then the Apply button, each by a key of its own. The operation id is made once, so that no second press can
    apply anything twice.

    Args:
        plan: What was planned; exactly this is applied.
        where: The environment and database it changes, in words.
        deliver: Applies it.
        kind: The kind of environment; colours the frame, whose words say it as well.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave"),
        Binding("pagedown", "page(1)", "Scroll", show=False),
        Binding("pageup", "page(-1)", "Scroll", show=False),
        Binding("down", "line(1)", "Scroll", show=False),
        Binding("up", "line(-1)", "Scroll", show=False),
        Binding("left,right", "other_button", "Other button", show=False),
    ]
    # Left to itself the first part that can be scrolled would have the focus, and be scrolled into view.
    AUTO_FOCUS = ""
    KEYS: ClassVar[tuple[KeyHint, ...]] = (
        KeyHint("Tab", "next"),
        KeyHint("Enter", "presses"),
        KeyHint("PgDn", "scrolls"),
        KeyHint("Esc", "closes"),
    )
    HELP = """Read the changes (PgUp, PgDn and the arrows scroll), type the reason, Enter, then Enter on Apply.
    Esc leaves without changing anything. After it is applied, the undo can be planned from the receipt."""
    LINE = "#outcome"

    @dataclass
    class Settled(Message):
        """The worker that applies has an answer."""

        result: Receipt | NightdeskError

    class Applied(Message):
        """A receipt is on screen; whoever knows the actions says which of them are possible with it."""

        def __init__(self, dialog: Confirm) -> None:
            super().__init__()
            self.dialog = dialog

    def __init__(
        self,
        plan: ChangeSet,
        where: str,
        deliver: Delivery,
        *,
        kind: Kind = Kind.PRODUCTION,
    ) -> None:
        super().__init__()
        self.plan = plan
        self._where = where
        self.stage = Stage.PREVIEW
        self._deliver = deliver
        self._operation_id = uuid4()
        self.receipt: Receipt | None = None
        self._kind = kind
        self._may_repeat = False
        self._unknown: UUID | None = None

    def compose(self) -> ComposeResult:
        """What scrolls: what, how much, what to weigh, the diff. What stays: the reason and the two ways out."""
        with Vertical(classes=f"dialog wide -{self._kind.value}") as dialog:
            # In the border: the header lies dimmed behind the dialog, and nobody must forget where this happens.
            dialog.border_title = plain(f" {self._where} ")
            yield Static(plain(f"{TOO_SMALL}   Esc cancels", "$warning"), id="too-small", markup=False)
            with VerticalScroll(id="body", can_focus=False):
                yield Static(
                    plain(self.plan.summary or self.plan.action), classes="dialog--title", markup=False
                )
                yield Static(plain(totals(self.plan)), id="totals", markup=False)
                for warning in self.plan.warnings:
                    yield Static(plain(f"! {warning}", "$warning"), classes="dialog--warning", markup=False)
                yield DetailPane(id="changes")
                yield Static("", id="hash", markup=False)
            with Vertical(id="foot"):
                with Horizontal(id="reason-line"):
                    yield Static("reason ", markup=False)
                    reason = Input(
                        placeholder="why, in your words; kept in the audit",
                        compact=True,
                        select_on_focus=False,
                        id="reason",
                    )
                    reason.cursor_blink = False
                    yield reason
                with Horizontal(id="buttons"):
                    yield Button("Cancel", id="cancel", compact=True)
                    yield Button("Apply", id="apply", compact=True, disabled=True)
                yield Static(
                    "Type the reason, Enter, Enter on Apply   Esc cancels", id="outcome", markup=False
                )

    def on_mount(self) -> None:
        """Show the diff; stand on Cancel."""
        super().on_mount()
        self.query_one("#changes", DetailPane).show(records(self.plan))
        self.query_one("#changes", DetailPane).can_focus = False
        if not self.cramped:
            # Without scrolling to it: the dialog gets its height a moment later, and begins at its beginning.
            self.query_one("#cancel", Button).focus(scroll_visible=False)

    # Room

    def on_resize(self) -> None:
        """Share the height anew; where too little can be seen, nothing can be decided."""
        if not self.query("#foot"):
            return
        small = self.cramped
        was_small = self.has_class("-too-small")
        self.set_class(small, "-too-small")
        self.set_class(self.size.height < ROOMY, "-low")
        if small:
            self.set_focus(None)
        elif was_small:
            # Keys typed while nothing could be seen decide nothing now.
            self.deafen()
            reason = self.query_one("#reason", Input)
            (reason if reason.value and not reason.disabled else self.query_one("#cancel", Button)).focus()
        self.call_after_refresh(self._fit)

    @property
    def cramped(self) -> bool:
        """Whether the terminal is too small to decide here; what was decided already is shown in any room."""
        return too_small(self.app.size) and self.stage is Stage.PREVIEW

    def _fit(self) -> None:
        """Give the body the lines that the foot leaves."""
        foot, body = self.query_one("#foot"), self.query_one("#body")
        body.styles.max_height = max(1, self.size.height - FRAME - foot.outer_size.height)
        text = f"hash {shortened(self.plan.hash, max(16, body.size.width - 6))}"
        self.query_one("#hash", Static).update(plain(text, "$quiet"))

    # Deciding

    @on(Input.Changed, "#reason")
    def _reason_changed(self, event: Input.Changed) -> None:
        self.query_one("#apply", Button).disabled = not event.value.strip() or not self._open

    @on(Input.Submitted, "#reason")
    def _reason_given(self, event: Input.Submitted) -> None:
        if event.value.strip() and self._open and not self.cramped:
            # Enter twice in a row is a habit, not a decision.
            self.deafen()
            self.query_one("#apply", Button).focus()

    def on_key(self, event: events.Key) -> None:
        """Take what is typed on a button for the beginning of the reason; letters press nothing here."""
        typed = event.character
        if typed is None or not event.is_printable or not self._open or self.cramped:
            return
        if isinstance(self.focused, Button):
            event.stop()
            event.prevent_default()
            reason = self.query_one("#reason", Input)
            reason.focus()
            if not typed.isspace() or reason.value:
                reason.insert_text_at_cursor(typed)

    @property
    def _open(self) -> bool:
        """Whether Apply may still be pressed: nothing was sent yet, or what was sent was refused whole."""
        return self.stage is Stage.PREVIEW or (self.stage is Stage.REFUSED and self._may_repeat)

    @on(Button.Pressed, "#cancel")
    def _cancelled(self) -> None:
        self.action_leave()

    @on(Button.Pressed, "#apply")
    def _applied(self) -> None:
        reason = self.query_one("#reason", Input).value.strip()
        if not self._open or self.cramped or not reason:
            return
        self.stage = Stage.APPLYING
        self._lock()
        self.tell(self._applying, Tone.QUIET)
        self.run_worker(
            lambda: self._apply(reason), thread=True, exit_on_error=False, group="write", description="apply"
        )

    @property
    def _applying(self) -> str:
        """Names the operation while its answer is awaited: the line may drop, and the id is all that remains."""
        return f"applying… operation {self._operation_id}"

    def action_other_button(self) -> None:
        """Go from one button to the other."""
        if isinstance(self.focused, Button):
            self.focus_next(Button)

    def action_page(self, direction: int) -> None:
        """Scroll what is read by a screen less one line."""
        body = self.query_one("#body")
        body.scroll_relative(y=direction * max(1, body.size.height - 1), animate=False)

    def action_line(self, direction: int) -> None:
        """Scroll what is read by a line."""
        self.query_one("#body").scroll_relative(y=direction, animate=False)

    # Applying

    def _apply(self, reason: str) -> None:
        result: Receipt | NightdeskError
        try:
            result = self._deliver(self.plan, operation_id=self._operation_id, reason=reason)
        except NightdeskError as error:
            result = error
        self.post_message(self.Settled(result))

    def on_confirm_settled(self, event: Settled) -> None:
        """Show the receipt, or why there is none."""
        result = event.result
        if isinstance(result, Receipt):
            self.stage, self.receipt = Stage.DONE, result
            self.add_class("-done")
            self.query_one("#changes", DetailPane).show(receipt_fields(result))
            self.offer("")
            self.post_message(self.Applied(self))
        else:
            self.stage = Stage.REFUSED
            known = "outcome not known" if isinstance(result, OutcomeUnknown) else "not applied"
            self._unknown = self._operation_id if isinstance(result, OutcomeUnknown) else None
            self.tell(f"{known}: {result}", Tone.BAD)
            if not isinstance(result, OutcomeUnknown | RowsMoved):
                self._unlock()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """The worker failed in a way nobody expected: say that the outcome must be looked up."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.stage, self._unknown = Stage.REFUSED, self._operation_id
            self.tell(f"outcome not known: run `nightdesk resolve {self._operation_id}`", Tone.BAD)
            self.app.post_message(UnexpectedFailure(event.worker.error))

    def offer(self, what_next: str) -> None:
        """Say that it is done, and what can be done with it."""
        if self.receipt is not None:
            done = "was already done" if self.receipt.already_done else "done"
            parts = (f"{self.receipt.code} {done}", what_next, "Esc closes")
            self.tell("   ".join(filter(None, parts)), Tone.GOOD)

    # Leaving

    def action_leave(self) -> None:
        """Close, unless an answer is still to come."""
        if self.stage is Stage.APPLYING:
            self.tell(f"{self._applying}; Esc closes when it is answered", Tone.WARNING)
        else:
            self.dismiss(Confirmed(self.receipt, unknown=self._unknown))

    def undo(self) -> None:
        """Close and plan the undo of what was just applied."""
        if self.receipt is not None:
            self.dismiss(Confirmed(self.receipt, undo=True))

    def _lock(self) -> None:
        self.query_one("#reason", Input).disabled = True
        self.query_one("#apply", Button).disabled = True
        close = self.query_one("#cancel", Button)
        close.label = "Close"
        close.focus()

    def _unlock(self) -> None:
        """Nothing was written: the same operation, under the same id, may be sent once more."""
        self._may_repeat = True
        self.query_one("#reason", Input).disabled = False
        self.query_one("#apply", Button).disabled = False

    def tell(self, sentence: str, tone: Tone = Tone.PLAIN) -> None:
        """Say it under the buttons, which make room for it."""
        super().tell(sentence, tone)
        self.call_after_refresh(self._fit)
