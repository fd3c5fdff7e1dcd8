"""Spaces lost at file names, addresses, keys and quotations, in several languages, and what looks like it."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from copydesk.cleaning.rule import Analyses
from copydesk.cleaning.rules import glued_terms
from copydesk.cleaning.split_probability import Evidence, probability
from copydesk.cleaning.word_splitting import Split, cut
from copydesk.language.blocks import Block, Blocks
from copydesk.language.vocabularies import vocabulary
from copydesk.text import EditedText

(RULE,) = glued_terms.RULES

REPAIRED = [
    (
        "fr",
        "Il est dans le dossier/usr/share/doc et sous/etc/mais pas ailleurs.",
        "dossier /usr/share/doc et sous /etc/ mais",
    ),
    ("es", "Los directorios están en/usrpara todos.", "en /usr para todos"),
    ("da", "De ligger på/homeeller/srv på denne maskine.", "på /home eller /srv på"),
    ("it", "Si trova nella cartella/etc/apt/sources.listche segue.", "sources.list che segue"),
    ("es", "Escriba la línea en el archivo de su casa, el~/.muttrc de siempre.", "el ~/.muttrc de"),
    (
        "ru",
        "Прочтите файл/etc/adduser.confвключает и зонуfalcot.com, затем.",
        "файл /etc/adduser.conf включает и зону falcot.com",
    ),
    ("id", "Silakan tekanF9atau tombol lain.", "tekan F9 atau tombol"),
    ("de", "Sie sind bei uns als„Flavours“ bekannt geworden.", "als „Flavours“ bekannt"),
    ("it", "Il parametro è di tipo«rete»per tutti.", "tipo «rete» per tutti"),
    ("de", "Schreiben Sie an<debian-boot@lists.debian.org>oder uns.", "an <debian-boot@lists.debian.org> oder"),
    ("de", "Die Adresse 192.168.1.42ist ein Beispiel.", "192.168.1.42 ist ein"),
    (
        "en",
        "The ports are listed in/etc/services and in the/var/log/directory of it.",
        "in /etc/services and in the /var/log/directory",
    ),
]
LEFT = [
    ("es", "El directorio /home/usuario y chroot/etc/passwd, la carpeta data/var/tmp."),
    ("cs", "Nebo lépe /etc/cron.d/cokoliv, a potom /usr/lib64 a /devel."),
    ("en", "The gene MacF1 and the model F150, a debian/usr/share tree, and/or data/home/files."),
    ("de", "Die 2te Auflage, 100km weit, 20jährige und 3fach, der F1-Fahrer, «falsch»herum."),
    ("fr", "La 2ème fois, 1er étage, 12h30, 100km, et/ou, l’« initrd » et le C++."),
    ("ru", "Сайт www.сайт.рф, IP-адрес, web-сервер, Debian 12 и C4."),
    ("nl", "De 2de en de 1ste, 10km, A4tje."),
]


def repaired(language: str, text: str) -> str:
    analyses = Analyses(text, lambda text: Blocks([Block(0, len(text), "prose", language)]))
    return EditedText(text).apply(RULE.edits(text, analyses)).text


@pytest.mark.parametrize(("language", "text", "right"), REPAIRED)
def test_a_term_is_set_apart_from_the_words_around_it(language: str, text: str, right: str) -> None:
    assert right in repaired(language, text)
    assert repaired(language, repaired(language, text)) == repaired(language, text)


@pytest.mark.parametrize(("language", "text"), LEFT)
def test_what_is_one_token_stays_one(language: str, text: str) -> None:
    assert repaired(language, text) == text


@pytest.mark.parametrize("text", [text for _, text, _ in REPAIRED])
def test_the_screen_matches_whatever_is_repaired(text: str) -> None:
    assert pc.match_substring_regex(pa.array([text]), RULE.screen)[0].as_py()


def test_a_cut_is_likelier_where_more_of_a_page_is_glued() -> None:
    words = vocabulary("pl")
    split = cut("serwerzeliczba", words)
    assert isinstance(split, Split)
    seldom, often = (Evidence(split.glued - split.whole + rate, rate, 0.0, 0, 0) for rate in (-3.5, -1.0))
    assert probability(split, seldom, words) < probability(split, often, words)


def test_a_prefix_of_many_words_is_less_likely_a_word_than_one_of_few() -> None:
    words = vocabulary("pl")
    evidence = Evidence(1.0, -1.0, 0.0, 0, 0)
    prefix, word = (probability(Split((first, "serwerze"), -8.0, -10.0), evidence, words) for first in ("na", "tego"))
    assert prefix < word
