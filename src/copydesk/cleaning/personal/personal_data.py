"""Personal data: e-mail addresses, phone numbers and public IP addresses are flagged, and masked on demand.

The detectors run on every corpus. The rules that mask are off until params.yaml names them::

    clean:
      rules: {mask-email-address: probable, mask-phone-number: probable, mask-ip-address: probable}

A mask is a function of the value alone: an address has the same mask in every document, so persons remain
distinguishable. It hides a value from readers of the text only: the table of edits keeps the value, and whoever knows
a value can compute its mask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import blake2b

from copydesk.cleaning.personal.email_addresses import _EMAIL_SCREEN, _email_value, _emails
from copydesk.cleaning.personal.ip_addresses import _ADDRESS_SCREEN, _address_value, _addresses
from copydesk.cleaning.personal.phone_numbers import _PHONE_SCREEN, _phone_value, _phones
from copydesk.cleaning.personal.spans import Span
from copydesk.cleaning.rule import Detector, Found, Rule


def _mask(
    word: str, find: Callable[[str], Iterator[Span]], value: Callable[[str], str]
) -> Callable[[str], Iterator[Found]]:
    """Return a function that replaces each match by a word and a fingerprint of its value."""

    def masked(text: str) -> Iterator[Found]:
        for start, end in find(text):
            fingerprint = blake2b(value(text[start:end]).encode()).hexdigest()[:6]
            yield Found(start, end, f"[{word} {fingerprint}]")

    return masked


RULES = (
    Rule(
        "mask-email-address",
        "off",
        _EMAIL_SCREEN,
        _mask("e-mail", _emails, _email_value),
        repairs=(
            "Write to Anna.Novak@example.org or anna.novak@EXAMPLE.org.",
            "Write to [e-mail b9f9bd] or [e-mail b9f9bd].",
        ),
        leaves="Follow @anna_novak, or log in as anna@localhost",
    ),
    Rule(
        "mask-phone-number",
        "off",
        _PHONE_SCREEN,
        _mask("phone", _phones, _phone_value),
        repairs=(
            "Call (212) 555-0100 or, from abroad, +1 212 555-0100.",
            "Call [phone 60d8b7] or, from abroad, [phone f4068a].",
        ),
        leaves="From 2019-2020 it sold 12 500 000 phones, ISBN 978-3-16-148410-0",
    ),
    Rule(
        "mask-ip-address",
        "off",
        _ADDRESS_SCREEN,
        _mask("ip", _addresses, _address_value),
        repairs=("The attack came from 8.8.8.8.", "The attack came from [ip f8f49a]."),
        leaves="The router at 192.168.0.1 runs version 2.4.8.16 since 12:30:45",
    ),
)

DETECTORS = (
    Detector(
        "email-address",
        _EMAIL_SCREEN,
        _emails,
        marks="The editors can be reached at newsdesk@example.org.",
        leaves="Follow @newsdesk, seats@home and logo@2x.png",
    ),
    Detector(
        "phone-number",
        _PHONE_SCREEN,
        _phones,
        marks="Witnesses are asked to call the police on 020 7946 0958.",
        leaves="They call 2023-2024 the worst season: 1 234 567 fans, 101-99, 40.712776",
    ),
    Detector(
        "ip-address",
        _ADDRESS_SCREEN,
        _addresses,
        marks="The server at 8.8.8.8 did not answer.",
        leaves="The server at 10.0.0.1 runs v1.2.3.4, see section 1.2.3.4",
    ),
)
