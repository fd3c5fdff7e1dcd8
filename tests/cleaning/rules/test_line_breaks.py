"""Lines of lists and tables that look filled stay, wrapped paragraphs beside headings are joined."""

import pytest

from copydesk.cleaning.apply import clean_text
from copydesk.cleaning.plan import plan

PLAN = plan({"apply": ["probable"], "rules": {"line-hyphen": "off"}})

ITEMS = {
    "two items, no mark behind them": """Was fehlt noch:

kurze Halterung und langes Rohr schränken die Bewegung im Sitzen ein
dünne Decke am Hinterrad

Mehr dazu steht auf der Seite des Herstellers.""",
    "items before and behind": """Am Strand nicht zu vergessen:

Mütze oder ein Hut mit einer Krempe
Federball
Pflaster (wegen der Kratzer von Muscheln oder von spitzen Steinen)
ein Buch
ein Fächer

Wer noch mehr braucht, der findet die ganze Liste in unserem Heft.""",
    "rows of a table": """Lohn im Monat 3.380 € 2.194 €
darauf anfallende Beiträge zur Pflegeversicherung 317 € 299 € 17 € 17 €
darauf anfallende Beiträge zur Arbeitslosenversicherung 355 € 335 € 20 €
37 € 37 €""",
    "the last line is wider": """This could occur:

if the first charity of the two is more cost-effective than all others, or
if the second one is similarly cost-effective, in which case the grant would be spent on a study of what it does for whom""",
    "Japanese sentences, one a line": """改造した電話を販売すると、その商標を持つ会社の権利を侵害することになるのでしょうか。同じ商標が付された商品。
商標には、同じ商標が付された商品は同じ提供元のものであるという、商品の出所を表示する機能があります。
また、商品の品質を保証する機能もあります。""",
}
PARAGRAPHS = {
    "two lines behind a heading": """Background
Coron is the name of the largest town on the island and also of a small
island that belongs to it.""",
    "three lines that end in a word": """1 Introduction

The decorators of this language enable you to modify the behaviour of
existing functions, and those of the other one have done so since they
came to it in the summer of that year, in a module of its own""",
    "a short line before an address that does not fit": """Please see the terms and conditions of the general public
license of this work at
<https://www.example.org/licenses/the-third-version-of-it.html>
for all that is not stated here or in the files that come with it.""",
}


@pytest.mark.parametrize("name", ITEMS)
def test_items_and_rows_stay_lines(name: str) -> None:
    assert clean_text(ITEMS[name], PLAN).edited.text == ITEMS[name]


@pytest.mark.parametrize("name", PARAGRAPHS)
def test_a_wrapped_paragraph_is_joined(name: str) -> None:
    text = PARAGRAPHS[name]
    joined = clean_text(text, PLAN).edited.text
    assert joined.count("\n") < text.count("\n")
    assert joined.replace("\n", " ") == text.replace("\n", " ")
