"""What the cleaner does in other languages than English, and in text that is no prose: labelled examples."""

from __future__ import annotations

import pytest

from copydesk.cleaning.apply import clean_text
from copydesk.cleaning.plan import plan

PLAN = plan({"apply": ["safe", "probable"], "rules": {}})

LEFT_ALONE = {
    "Swedish quotations": "Hon svarade ”kanske i morgon” och gick hem. Boken heter ”Vinterljus” och säljer bra.",
    "Finnish quotations": "Opettaja sanoi ”hyvää huomenta” ja istui. Kirjan nimi on ”Talven valo”.",
    "German quotations": "„Komm bald wieder“, sagte sie, und er nickte: „Ganz bestimmt.“",
    "French quotations and marks": "Il demanda : « Où vas-tu ? » Elle répondit : « Nulle part ! » Puis ce fut tout ; il sortit.",
    "Hebrew abbreviations": 'הוא למד בארה"ב ועבד עם יו"ר הוועד בת"א במשך שנים.',
    "Turkish suffixes": 'Dün “Kırmızı Ev”in önünde "Nehir"i söylediler ve “Bahar”dan söz ettiler.',
    "German nouns behind articles": "Sie verteidigte die These im Seminar, und alle lobten die Arbeit danach.",
    "German compounds": "Das Rathausfenster und die Vorherrschaft der Stadtverwaltung waren vorher kein Thema.",
    "optional parts of German words": "Wir brauchen mehr (Mit)Reden und (Milch)Kannen, sagten die Bauern vom Hof.",
    "German suspended parts behind a dash": "Sie verkaufen Fahrräder oder –Anhänger und reparieren sie auch.",
    "German quotations without a space": "Er sagte „Morgen“und ging nach Hause, ohne sich noch einmal umzusehen.",
    "an ending behind a quotation": 'Das Buch ist mir zu "retro"ish, und das sagt auch meine Schwester.',
    "oxidation numbers": "Im Labor wurden Kupfer(III)-Salze und copper(III) untersucht, mehr war nicht zu sehen.",
    "a brand with an exclamation mark": "Wer eine WURZ!Dose besitzt, kann sie in jedem Laden gegen eine neue tauschen.",
    "Spanish dashes": "Los dos testigos –Raúl y su hermano César– no dijeron nada más en toda la tarde.",
    "Hungarian compounds": "Az elnökhelyettes és a képviselőház vezetője tegnap találkozott a városházán.",
    "Dutch words": "Hieronder staat wat de gemeente vandaag over het fietspad heeft besloten.",
    "Portuguese one-letter words": "A tarde caiu sobre a cidade.\nE se chovesse, ninguém sairia de casa.\nO barco voltou.",
    "Czech one-letter words": "K večeru přišli domů.\nV lese bylo ticho a zima.\nS nimi přišel i starosta.",
    "suspended hyphens": "Die Vor- und Nachteile der Hin- und Rückfahrt, the full- and half-day tickets.",
    "Chinese marks": "他说：“我们明天见。”然后他就走了，没有回头！",
    "Japanese wide digits": "第２章\n２０２４年の夏、私たちは京都へ行きました。",
    "Greek question": "Πού πήγες χθες; Δεν ξέρω, είπε εκείνος.",
    "Spanish verse": "Sube la luna despacio,\nciega de tanto mirar,\nbaja la niebla en silencio,\nlenta, camino del mar.",
    "English verse": "The harbour sleeps beneath the rain,\nthe boats are tied, the nets are in,\nand no one calls their names again,\n"
    "until the morning bells begin.",
    "Python": "def mean(rows):\n    total = sum(row.price for row in rows)\n    return total/len(rows) if rows else 0.0",
    "shell": "$ find . -name '*.txt' -exec wc -l {} +\n$ sort -k1,1n  sizes.txt|head",
    "settings": "[mysqld]\ndatadir=/srv/data\nmax_connections = 200\nsql_mode=ANSI,TRADITIONAL",
    "table": "Ship        Flag     Tons\nAurora      NO        812\nMorgenrot   DE      1,204",
    "menu": "(O)pen a file / (C)lose it / (P)rint / (Q)uit",
    "genotype": "The fetus had the karyotype 47,XY and the mother 46,XX in all cells.",
    "chemistry": "The membrane was made of poly(ethylene oxide) with 2,4-dinitrobenzene.",
    "brand with a dot": "Сервисы Ромашка.Почта и Ромашка.Диск выросли за год.",
    "handles": "@reporter The vote is over and they all went home\n@desk When will the paper come out today",
    "path": "/proc This is where the kernel shows what it knows about processes.",
    "ellipsis with spaces": "The law says that “the tenant . . . shall pay . . . the rent” and nothing else at all.",
    "smiley": "See you on Friday :) and bring the boat ;)",
    "ellipsis at the beginning": '"...Никой не знае какво ще стане утре."',
    "list of addresses": "https://one.example/a.html\nhttps://two.example/b.html\nhttps://three.example/c.html",
    "log": "auth.info;mail.none are sent to rw,noauto,user mounts",
    "Persian joiners": "او می‌خواهد کتاب‌های تازه را بخواند.",
    "Hindi": "उसने कहा कि वह कल आएगा। फिर वह चला गया।",
    "Arabic": "قال الوزير إن الاجتماع سيعقد غدا، ثم غادر القاعة.",
}

REPAIRED = {
    "German text with an ending behind an English stem": (
        "Sie hat ein performantes Programm und ein ambivalentes Bild,so sagte sie(gestern)und schwieg.",
        "Sie hat ein performantes Programm und ein ambivalentes Bild, so sagte sie(gestern)und schwieg.",
    ),
    "Spanish text with a compound of two frequent words": (
        "En el descanso de este entretiempo,dijo el técnico(ayer)y nadie quiso hablar.",
        "En el descanso de este entretiempo, dijo el técnico(ayer)y nadie quiso hablar.",
    ),
    "French text with combining accents": (
        "Une enque\u0302te a e\u0301te\u0301 ouverte,et le maire n’en sait rien,dit-il,pour le moment.",
        "Une enque\u0302te a e\u0301te\u0301 ouverte, et le maire n’en sait rien,dit-il,pour le moment.",
    ),
    "German line hyphens": (
        "Die Verwal-\ntung hat den Haushalt der Gemein-\nde beschlossen.",
        "Die Verwaltung hat den Haushalt der Gemeinde beschlossen.",
    ),
    "German suspended hyphen at a line end": (
        "Sie sprachen über Vor-\nund Nachteile des neuen Gesetzes.",
        "Sie sprachen über Vor- und Nachteile des neuen Gesetzes.",
    ),
    "French line hyphen": (
        "Le gouverne-\nment a présenté son budget devant l’assem-\nblée nationale.",
        "Le gouvernement a présenté son budget devant l’assemblée nationale.",
    ),
    "Russian line hyphen": (
        "Прави-\nтельство утвердило бюджет на следую-\nщий год.",
        "Правительство утвердило бюджет на следующий год.",
    ),
    "Unicode hyphen": (
        "The docu‐\nmentation of the sys‐\ntem is short.",
        "The documentation of the system is short.",
    ),
    "hyphen of a scan": (
        "Der Waren¬\nhandel und die Schiff¬\nfahrt wuchsen.",
        "Der Warenhandel und die Schifffahrt wuchsen.",
    ),
    "misread bytes before the hyphen of a scan": (
        "Das CafÃ© am GroÃŸ¬\nmarkt war seit Jahren geschlossen.",
        "Das Café am Großmarkt war seit Jahren geschlossen.",
    ),
    "soft hyphen at a line end": (
        "The infra\u00ad\nstructure of the town is old.",
        "The infrastructure of the town is old.",
    ),
    "compound at a line end": (
        "They had a long-\nterm plan for real-\ntime data.",
        "They had a long-term plan for real-time data.",
    ),
    "a compound that the document hyphenates": (
        "A sub-system may fail. Each sub-\nsystem has a log of its own.",
        "A sub-system may fail. Each sub-system has a log of its own.",
    ),
    "Hindi": ("वह घर गया.लेकिन कोई नहीं था।", "वह घर गया. लेकिन कोई नहीं था।"),
    "Arabic": (
        "كانت المدينة هادئة.لكن الناس لم يناموا ، كما قال.",
        "كانت المدينة هادئة. لكن الناس لم يناموا، كما قال.",
    ),
    "colours of a terminal": ("\x1b[1mWarning:\x1b[0m the disk is full", "Warning: the disk is full"),
    "Polish": (
        "Kupił chleb,masło i ser , a potem wrócił do domu.Było późno.",
        "Kupił chleb, masło i ser, a potem wrócił do domu. Było późno.",
    ),
}


@pytest.mark.parametrize("text", LEFT_ALONE.values(), ids=LEFT_ALONE.keys())
def test_good_text_is_left_alone(text: str) -> None:
    assert clean_text(text, PLAN).edited.text == text


@pytest.mark.parametrize(("text", "expected"), REPAIRED.values(), ids=REPAIRED.keys())
def test_what_is_broken_is_repaired(text: str, expected: str) -> None:
    assert clean_text(text, PLAN).edited.text == expected


@pytest.mark.parametrize("text", LEFT_ALONE.values(), ids=LEFT_ALONE.keys())
def test_good_text_is_left_alone_between_english_paragraphs(text: str) -> None:
    """The kind and the language are those of a passage, not of a document."""
    english = "The council met on Tuesday and agreed to repair the old bridge before the winter came to the valley."
    assert clean_text(f"{english}\n\n{text}\n\n{english}", PLAN).edited.text == f"{english}\n\n{text}\n\n{english}"
