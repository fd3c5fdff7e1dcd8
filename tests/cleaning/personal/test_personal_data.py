"""Personal data is found where it stands, nothing that looks like it is, and a mask says which value it hides."""

from __future__ import annotations

import re
from hashlib import blake2b
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.cleaning.apply import clean_column, clean_text
from copydesk.cleaning.personal.personal_data import DETECTORS, RULES
from copydesk.cleaning.plan import plan
from copydesk.cleaning.rule import Detector, Rule, Screen, patterns_of
from copydesk.core.config import check_params
from copydesk.text import EditedText

FIND = {detector.kind: detector for detector in DETECTORS}
MASK = {rule.name.removeprefix("mask-"): rule for rule in RULES}
DEFAULTS = check_params({})["clean"]
MASKING = plan({**DEFAULTS, "rules": {rule.name: "probable" for rule in RULES}})

# A text, with what is to be found between guillemets.
EMAILS = [
    "Write to «anna.novak@example.org».",
    "Write to «anna.novak@example.org», or call.",
    "(«anna@example.org»)",
    "<«anna@example.org»>",
    "E-Mail:«anna@example.org»",
    '<a href="mailto:«anna@example.org»?subject=Hello">',
    "mailto:«anna@example.org»",
    "Contact «press_office+news@mail.example.co.uk»!",
    "«o'brien@example.org» and «a@b.example.org»",
    "'«anna@example.org»' or _«anna@example.org»_ or *«anna@example.org»* or `«anna@example.org»`",
    "reach her at «anna@example.org»...",
    "Contact...«anna@example.org»",
    "at «anna@example.org».She said",
    "«ANNA@EXAMPLE.ORG»",
    "«anna@sub-domain.example.museum»-based",
    "联系邮箱«anna@example.org»联系",
    "почта «anna@example.рф», «иван@пример.рф»",
    "«jörg@bücher.example.de»",
    "«a1@b2.example.io»\n«c@d.example.io»",
    "https://example.org/?mail=«anna@example.org»",
    "https://example.org/write/«anna@example.org»",
    "«" + "a" * 64 + "@example.org»",
    "anna@example.org@example.net".replace("anna@example.org", "«anna@example.org»"),
    "«anna@example.org»,«boris@example.org»;«clara@example.org»",
]
NO_EMAILS = [
    "Follow @newsdesk on the network",
    "@anna@example.social",
    "anna@localhost",
    "anna @ example.org",
    "anna [at] example [dot] org",
    "anna@example",
    "anna@.org",
    "anna.@example.org",
    "anna@example..org",
    "anna@-example.org",
    "anna@example.o",
    "anna@8.8.8.8",
    "lodash@4.17.21",
    "logo@2x.png",
    "icons/menu@3x.jpg and photo@640.webp",
    "@example.org",
    "sold 5@3.50 each",
    "see you @ 8 p.m.",
    "https://anna:secret@example.org/",
    "ssh://git@example.org/notes",
    "git@example.org:anna/notes.git",
    "the game is tomorrow@8pm.Then we eat",
    "a" * 65 + "@example.org",
    "anna@" + "a" * 64 + ".org",
    "@@@ and a@@example.org",
    "her account @anna.novak is closed",
]
PHONES = [
    "Call «(212) 555-0100» now.",
    "Call «(212)555-0100».",
    "(Call «212-555-0100»)",
    "For more: «212-555-0100», ext. 5",
    "«212.555.0100»",
    "toll-free «1-800-555-0199» or «1 (800) 555-0199»",
    "the office is at «+1 212 555 0100».",
    "«+1 (212) 555-0100» and «+1-212-555-0101»",
    "«+12125550100»",
    "«+44 20 7946 0958»",
    "«+44 (0)20 7946 0958»",
    "«+49 30 1234567», «+49 (30) 123 45 67»",
    "«+7 495 123-45-67»",
    "«+380 44 123 45 67»",
    "«+420 123 456 789»",
    "«+33 1 42 34 56 78»",
    "«+1.2125550100»",
    "WhatsApp: «+62 812-3456-7890»",
    "«+86 138 0013 8000»",
    "(«+44 20 7946 0958»)",
    "«+1 212 555 0100» 2024-05-01",
    "from «+1 212 555 0100» 10:30 until noon",
    "Tel. «030 1234567»",
    "Tel.: «030/1234567»",
    "TEL «(030) 123 45 67»",
    "Tel:«0301234567»",
    "tel:«+442079460958»",
    "Phone: «555-0100»",
    "The police can be called by phone on «020 7946 0958».",
    "Witnesses should call «0800 555 111»",
    "call us at «0800 555 1111»",
    "her phone number is «2125550100»",
    "Fax «01.42.34.56.78»",
    "Tél. «01 42 34 56 78»",
    "teléfono «91 123 45 67»",
    "Teléfono: «912 345 678»",
    "Telefon «08 123 456 78»",
    "тел. «(044) 123-45-67»",
    "Тел.: «8 495 123-45-67»",
    "Mobile: «07700 900123»",
    "Mobile «07700 900 123»",
    "电话：«010-1234-5678»",
    "☎ «030 123456»",
    "Tel. «030 1234567» / «030 7654321»",
    "Phone: «555-0100», «555-0101» or «555-0102».",
    "Phone:\n«555-0100»",
    "Tel. «0044 20 7946 0958»",
    "The desk answers «0044 20 7946 0958» all day.",
    "«001-212-555-0100» from abroad",
    "Phone: «+44 20 7946 0123», «0044 20 7946 0958».",
    "Rufen Sie uns an unter «030/1234567-8» oder «0171 1234567».",
    "Appelez-nous au «01 42 34 56 78».",
    "Llame al «91 123 45 67»",
    "Bel ons op «020 1234567»",
    "hotline «1-800-555-0199»",
    "Phone no. «555-123-4567»",
    "«212-555-0100».Call now",
    "Reservations:«212-555-0100»",
    "Witnesses are asked to call the police on «020 7946 0958».",
    "Call the Example Line at «0800 555 111» or «0800 555 222».",
]
NO_PHONES = [
    "on 2024-05-01 the",
    "from 2024-05-01 to 2024-05-31",
    "on 01.05.2024 and 02/05/2024",
    "01-05-2024",
    "at 2024-05-01 12:30:45",
    "2024-05-01T12:30:45+01:00",
    "12:30-14:45",
    "the season 2019-2020 and 2019–2020",
    "They call 2019-2020 a lost year",
    "the war of 1939 1945",
    "it costs $1,234,567.89",
    "it costs 12 345 678 euros",
    "+1,500,000 votes and +12 500 000",
    "up +3.14159265 points",
    "ISBN 978-3-16-148410-0",
    "ISBN 0-306-40615-2, ISBN 9783161484100",
    "ISSN 2049-3630",
    "won 101-99, 98-102, 110-108",
    "6-4 6-7 7-6 6-3 10-8",
    "at 40.712776, -74.005974",
    "+40.712776 -74.005974",
    "50° 27' 0\" N, 30° 31' 25\" E",
    "+40.712776123°",
    "1 234 567 votes against 1 198 432",
    "1234567 12345678 123456789 1234567890",
    "order 123-456-7890",
    "Order number 123-456-7890",
    "Case No. 212-555-0100",
    "invoice #123-456-7890",
    "card 4111 1111 1111 1111",
    "IBAN DE89 3704 0044 0532 0130 00",
    "order 0044 20 7946 0958",
    "the codes 0099 1234 5678 and 0012 3456 7890",
    "12 34 56 78 90 11 12 13",
    "GDP 1.234.567.890 in 2024",
    "3.1415926535",
    "the iPhone 12 2020 2021 edition",
    "the phone sold 12 500 000 units",
    "mobile 12 500 000 subscribers",
    "they call 1500000 people",
    "call 911 or 112",
    "a call for strikes on 12 500 000 farms",
    "She took a call. He sold it on 2079460958 shares",
    "a phone found at 40.7127761",
    "a call for protests on 12-13 2024",
    "phone 2024-05-01",
    "phone: 01.05.2024",
    "Tel Aviv 2023 2024 5000",
    "the hotel 1234567",
    "He will recall 1234567 cars",
    "call 8.8.8.8, 192.168.100.200",
    "https://example.org/2024/05/01/212-555-0100.html",
    "https://example.org/post-212-555-0100",
    "social security 123-45-6789",
    "2+15550100199 and C+15550100199",
    "+49 151",
    "+1234567890123456",
    "UTC+0530",
    "DOI 10.1000/123-456-7890",
    "part X212-555-0100 and 212-555-0100B",
    "98-212-555-0100-7",
    "phone revenue of 1 234 567,89",
    "Phone: 1 234 567,89",
    "Phones: 45% in 2020, 2021, 2022",
    "$212-555-0100",
    "1 2 3 4 5 6 7 8 9 10",
    "55-60 61-65 66-70 71-75",
    "Resolution 2334 (2016) 1860 (2009)",
    "flight 370, row 12, seats 1-3",
]
ADDRESSES = [
    "The server at «8.8.8.8» did not answer.",
    "The server is «8.8.8.8».",
    "After the update the DNS server is «8.8.8.8».",
    "Windows could not reach the gateway «9.9.9.9».",
    "the version at «203.1.2.3»",
    "from «93.184.216.34», «1.1.1.1» and «9.9.9.9»...",
    "http://«93.184.216.34»/index.html",
    "«93.184.216.34»:8080",
    "[«93.184.216.34»]",
    "«8.8.8.8»-«8.8.4.4»",
    "IP:«8.8.8.8»",
    "ping «2001:4860:4860::8888».",
    "«2001:4860:4860:0:0:0:0:8888»: no answer",
    "http://[«2606:4700:4700::1111»]:443/",
    "«2606:4700::»",
    "«2A00:1450:4001:81B::200E»",
    "«8.8.8.8» is at the beginning",
    "::ffff:«8.8.8.8»",
]
NO_ADDRESSES = [
    "192.168.0.1 10.0.0.1 172.16.3.4 127.0.0.1 169.254.1.1 0.0.0.0 255.255.255.255",
    "192.0.2.1 198.51.100.7 203.0.113.9",
    "224.0.0.1",
    "version 1.2.3.4",
    "Version: 11.22.33.44",
    "v1.2.3.4",
    "release 8.8.8.8",
    "1.2.3.4.5",
    "version 1.2.3.4.",
    "The version is 1.2.3.4 of the program, and the firmware update to 4.5.6.7 came on Monday.",
    "iOS 17.1.2.1 is out",
    "8.8.8.8.8",
    "256.1.1.1 and 8.8.8.999",
    "08.08.08.08",
    "section 1.2.3.4 and § 8.8.8.8",
    "1.2.3.4 Methods\nWe used",
    "Chrome/91.44.77.12",
    "openssl-1.2.3.4 and 1.2.3.4-beta and 1.2.3.4b",
    "8.8.8",
    "on 12.11.2024",
    "1.234.567.890",
    "OID 1.3.6.1",
    "fe80::1 and ::1 and fc00::7",
    "2001:db8::1",
    "std::dec, add::bad, face::cafe",
    "12:30:45 and 2024:05:01",
    "2024:05:01 12:30:45",
    "ff02::1",
    "00:1b:44:11:3a:b7",
    "2001:4860:4860::8888::1",
    "2001:4860:4860:0:0:0:0:8888:9999",
    "x2001:4860:4860::8888 2001:4860:4860::8888g",
    "anna@8.8.8.8",
]
GOOD = {"email-address": EMAILS, "phone-number": PHONES, "ip-address": ADDRESSES}
OTHER = {"email-address": NO_EMAILS, "phone-number": NO_PHONES, "ip-address": NO_ADDRESSES}
MARKED = [(kind, text) for kind, texts in GOOD.items() for text in texts]
UNMARKED = [(kind, text) for kind, texts in OTHER.items() for text in texts]

kinds = pytest.mark.parametrize("kind", FIND)
pieces = st.sampled_from(
    [*"0123456789", *"  ..-/()+@:;,[]\n_xé", "212", "555", "0100", "8.8.8.8", "2001:4860::8888", "anna", "example.org", "tel", "Tel. ", "phone ", "call ", " or ", "v", "://", "00", "::"]
)  # fmt: skip
tangles = st.lists(pieces, max_size=25).map("".join)


def screened(screen: Screen | None, text: str) -> bool:
    return screen is None or any(
        pc.match_substring_regex(pa.array([text]), pattern)[0].as_py() for pattern in patterns_of(screen)
    )


def found(detector: Detector, text: str) -> list[str]:
    return [text[flag.start : flag.end] for flag in detector.flags(text)]


def masked(rule: Rule, text: str) -> EditedText:
    return EditedText(text).apply(rule.edits(text))


@pytest.mark.parametrize(("kind", "text"), MARKED)
def test_what_is_personal_is_found(kind: str, text: str) -> None:
    plain = text.translate({ord("«"): None, ord("»"): None})
    assert found(FIND[kind], plain) == re.findall("«(.*?)»", text)
    assert screened(FIND[kind].screen, plain)


@pytest.mark.parametrize(("kind", "text"), UNMARKED)
def test_what_only_looks_alike_is_not(kind: str, text: str) -> None:
    assert found(FIND[kind], text) == []


@pytest.mark.parametrize(("kind", "text"), MARKED)
def test_a_mask_is_reversible_and_leaves_nothing_to_find(kind: str, text: str) -> None:
    plain = text.translate({ord("«"): None, ord("»"): None})
    cleaned = clean_text(plain, MASKING)
    assert cleaned.edited.revert() == plain
    assert not {flag.kind for flag in cleaned.flags} & set(FIND)
    once = masked(MASK[kind], plain)
    assert once.revert() == plain
    assert len(re.findall(r"\[(?:e-mail|phone|ip) [0-9a-f]{6}\]", once.text)) == text.count("«")


@pytest.mark.parametrize(
    ("kind", "forms", "value", "word"),
    [
        ("email-address", ["Anna@Example.org", "anna@example.org", "mailto:ANNA@EXAMPLE.ORG"], "anna@example.org", "e-mail"),
        (
            "phone-number",
            ["+44 20 7946 0958", "+44 (0)20 7946 0958", "(+442079460958)", "Tel. 0044-20-7946-0958", "+44.2079460958"],
            "+442079460958",
            "phone",
        ),
        ("phone-number", ["(212) 555-0100", "212-555-0100", "Tel. 212 5550100"], "2125550100", "phone"),
        ("ip-address", ["2001:4860:4860::8888", "2001:4860:4860:0000:0:0:0:8888"], "2001:4860:4860::8888", "ip"),
        ("ip-address", ["8.8.8.8", "at 8.8.8.8."], "8.8.8.8", "ip"),
    ],
)  # fmt: skip
def test_one_value_has_one_mask_in_all_its_forms(kind: str, forms: list[str], value: str, word: str) -> None:
    mask = f"[{word} {blake2b(value.encode()).hexdigest()[:6]}]"
    for form in forms:
        assert mask in masked(MASK[kind], f"One {form} two").text, form


def test_masks_are_off_until_they_are_asked_for() -> None:
    text = "Write to anna@example.org, call +1 212 555 0100, ping 8.8.8.8."
    everything = plan({"apply": ["safe", "probable", "suggest"], "rules": {}})
    assert not set(everything.tiers) & {rule.name for rule in RULES}
    for how in (plan(DEFAULTS), everything):
        cleaned = clean_text(text, how)
        assert (cleaned.edited.text, cleaned.suggestions) == (text, ())
        assert [flag.kind for flag in cleaned.flags] == ["email-address", "phone-number", "ip-address"]
    one = clean_text(text, plan({**DEFAULTS, "rules": {"mask-email-address": "probable"}}))
    assert "anna" not in one.edited.text and "+1 212 555 0100" in one.edited.text
    asked = clean_text(text, plan({**DEFAULTS, "rules": {"mask-ip-address": "suggest"}}))
    assert [s.before for s in asked.suggestions] == ["8.8.8.8"]
    again = clean_text(clean_text(text, MASKING).edited.text, MASKING)
    assert again.edited.edits == ()


@given(tangles)
def test_flags_lie_in_the_text_apart_from_each_other(text: str) -> None:
    for detector in DETECTORS:
        flags = detector.flags(text)
        assert all(0 <= flag.start < flag.end <= len(text) for flag in flags)
        assert all(one.end <= other.start for one, other in pairwise(flags))
        assert not flags or screened(detector.screen, text)


@given(tangles)
def test_nothing_is_found_where_it_was_masked(text: str) -> None:
    for kind, rule in MASK.items():
        after = masked(rule, text)
        assert after.revert() == text
        assert found(FIND[kind], after.text) == []


@given(tangles)
def test_no_kind_appears_where_another_was_masked(text: str) -> None:
    cleaned = clean_text(text, MASKING)
    assert cleaned.edited.revert() == text
    assert not {flag.kind for flag in cleaned.flags} & set(FIND)


@given(st.lists(tangles, min_size=4, max_size=6))
def test_a_column_is_masked_as_its_texts_are(texts: list[str]) -> None:
    together = clean_column(pa.array(texts, pa.string()), MASKING)
    assert [c.edited.text for c in together] == [clean_text(text, MASKING).edited.text for text in texts]


@pytest.mark.parametrize(
    "unit",
    ["@", "a@", "a@a.", "a.", "1.", "8.8.8.8.", "+1 ", "+", "1-", "1", "212-", "(", "1(", ":", "2001:", "2001::", "tel ", "tel. 1", "Tel. 030 1234567 / "],
)  # fmt: skip
@kinds
@pytest.mark.slow
def test_hostile_texts_are_searched_in_time(kind: str, unit: str) -> None:
    # A search that backtracks or is quadratic would not come back from these at all.
    text = unit * (1_000_000 // len(unit))
    flags = FIND[kind].flags(text)
    assert all(one.end <= other.start for one, other in pairwise(flags))
