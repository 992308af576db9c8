from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.masked_text import MASK, masked_emails, masked_json


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ('{"email": "ana@example.com"}', '{"email": "a•••@e•••.com"}'),
        ('{"Customer-Email":"ana@example.com"}', '{"Customer-Email":"a•••@e•••.com"}'),
        ('{"receipt_email": "not an address"}', '{"receipt_email": "•••"}'),
        ('{"name": "Ana Lima", "id": "cus_1"}', '{"name": "•••", "id": "cus_1"}'),
        ('{"name": "Ana ana@example.com"}', '{"name": "•••"}'),
        ('{"email": "@ana"}', '{"email": "•••"}'),
        ('{"phone": 49123450}', '{"phone": "•••"}'),
        ('{"phone": null, "name": "", "ip": true}', '{"phone": null, "name": "", "ip": true}'),
        (
            '{"address": {"city": "Porto", "lines": ["a", 7]}}',
            '{"address": {"city": "•••", "lines": ["•••", "•••"]}}',
        ),
        ('{"address": {"a": 1}, "amount": 1}', '{"address": {"a": "•••"}, "amount": 1}'),
        ('[{"client_ip": "203.0.113.9"}, "name"]', '[{"client_ip": "•••"}, "name"]'),
        ('{"note": "paid by ana@example.com."}', '{"note": "paid by a•••@e•••."}'),
        ('{"note": "x\\u0040example.com"}', '{"note": "x•••@e•••.com"}'),
        ('{"\\u0065mail": "Ana"}', '{"\\u0065mail": "•••"}'),
        ('{"ana@example.com": 1}', '{"a•••@e•••.com": 1}'),
        ('{"url": "/u?e=ana%40example.com"}', '{"url": "/•••@e•••.com"}'),
        ('"ana@example.com"', '"a•••@e•••.com"'),
        ('{"name": "cut', '{"name": "•••"'),
    ],
)
def test_what_names_a_person_is_masked(stored: str, shown: str) -> None:
    assert masked_json(stored) == shown


def test_everything_else_stays_as_it_is_stored() -> None:
    stored = (
        '{"id":"evt_1", "amount" : 9007199254740993.10,\n "rate":1E400, "ok":true,"b":"\\u001b \\"x\\" \\/ü",'
        '"object":{"username":"at @home","lines":[[],{}, 1.00]}, "name_of_plan":"Pro"}'
    )
    assert masked_json(stored) == stored


_KEYS = st.sampled_from(["email", "name", "phone", "address", "ip"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), _VALUES), _KEYS, st.integers(min_value=10), st.booleans())
def test_a_masked_document_is_json_of_the_same_shape(
    rest: dict[str, object], key: str, hidden: int, ascii_only: bool
) -> None:
    document = {**rest, "kept": 12345, "inner": {key: [hidden, {"deep": f"secret {hidden}"}]}}
    shown = json.loads(masked_json(json.dumps(document, ensure_ascii=ascii_only)))
    assert shown["inner"][key] == [MASK, {"deep": MASK}]
    assert shown["kept"] == 12345


def test_a_long_text_without_an_end_is_read_once() -> None:
    # Quadratic reading of these would take minutes.
    for text in ('"' + "a" * 1_000_000, "{" * 300_000, '{"email": [' + "[" * 300_000, "a@" * 500_000):
        masked_json(text)
    assert masked_emails("x" * 1_000_000) == "x" * 1_000_000
