"""Personal data inside stored text and JSON: masked piece by piece, everything else left digit for digit.

JSON is never parsed into values and printed again: that would round large numbers and lose how they were written.
Only the pieces that name a person are replaced. What Stripe's objects do not keep under a key of its own, such as a
name in a free description, is not recognised; e-mail addresses are, wherever they stand.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

MASK: Final = "•••"

# Keys under which Stripe's objects name a person, in lower case and without underscores: objects Charge, Customer,
# Invoice, Checkout Session, Source owner, Dispute evidence and Person of https://docs.stripe.com/api.
_PERSONAL_KEYS: Final = frozenset(
    [
        "accountholdername",
        "address",
        "billingaddress",
        "cardholdername",
        "clientip",
        "customeraddress",
        "customeremail",
        "customeremailaddress",
        "customername",
        "customerphone",
        "customerpurchaseip",
        "dob",
        "email",
        "emailaddress",
        "firstname",
        "fullname",
        "idnumber",
        "ip",
        "ipaddress",
        "lastname",
        "maidenname",
        "name",
        "phone",
        "phonenumber",
        "receiptemail",
        "shippingaddress",
        "ssnlast4",
        "verifiedaddress",
        "verifiedemail",
        "verifiedname",
        "verifiedphone",
    ]
)
_PIECES: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^"{}\[\]:,\s]+|\s+|".*\Z', re.DOTALL)
_WORDS: Final = re.compile(r"[^\s\"'<>(),;\[\]]+")
_AT: Final = re.compile(r"@|%40|\N{FULLWIDTH COMMERCIAL AT}")
_TELLS_NOTHING: Final = frozenset({"null", "true", "false", '""'})


@dataclass
class _Container:
    """An object or array that is open where the text is being read.

    Args:
        closes: The bracket that ends it.
        personal: Whether everything in it is about a person.
        key: Whether a key comes next.
        named: Whether the last key names a person.
    """

    closes: str
    personal: bool
    key: bool
    named: bool = False

    @property
    def hides(self) -> bool:
        """Whether the next value must not show."""
        return self.personal or self.named


def masked_json(text: str) -> str:
    """Mask the personal data in a JSON document.

    Args:
        text: The document as the database prints it; what is no JSON is masked as far as it can be read.

    Returns:
        The same text with the values under personal keys, whole objects such as an address included, and every
        e-mail address replaced.
    """
    opened = [_Container("", personal=False, key=False)]
    return "".join(_piece(piece, opened) for piece in _PIECES.findall(text))


def masked_emails(text: str) -> str:
    """Mask every e-mail address in a text, as lists mask them (`a•••@e•••.com`)."""
    if not _AT.search(text):
        return text
    return _WORDS.sub(lambda word: _masked_word(word[0]), text)


def _piece(piece: str, opened: list[_Container]) -> str:
    inside = opened[-1]
    if piece in ("{", "["):
        opened.append(_Container("}" if piece == "{" else "]", inside.hides, key=piece == "{"))
    elif piece == inside.closes:
        opened.pop()
    elif piece == ",":
        inside.key = inside.closes == "}"
        inside.named = False
    elif piece == ":":
        inside.key = False
    elif piece.startswith('"'):
        return _string(piece, inside)
    elif inside.hides and not piece.isspace() and piece not in _TELLS_NOTHING:
        return f'"{MASK}"'
    return piece


def _string(piece: str, inside: _Container) -> str:
    try:
        value = json.loads(piece, strict=False) if "\\" in piece else piece[1:-1]
    except ValueError:
        return f'"{MASK}"'
    if not piece.endswith('"') or len(piece) == 1:
        return f'"{MASK}"'
    if inside.key:
        inside.named = value.lower().replace("_", "").replace("-", "") in _PERSONAL_KEYS
        shown = masked_emails(value)
    elif inside.hides and piece not in _TELLS_NOTHING:
        email = masked_emails(value) if _WORDS.fullmatch(value) else value
        shown = MASK if email == value else email
    else:
        shown = masked_emails(value)
    return piece if shown == value else json.dumps(shown, ensure_ascii=False)


def _masked_word(word: str) -> str:
    at = _AT.search(word)
    if at is None or at.start() == 0 or at.end() == len(word):
        return word
    domain = word[at.end() :]
    dot = domain.rfind(".")
    return f"{word[0]}{MASK}@{domain[0]}{MASK}{domain[dot:] if dot > 0 else ''}"
