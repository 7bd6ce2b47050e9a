"""Whether a few words are a person's name or somebody's address: by first names of several languages, by forms of
address, by words for streets.

Made for small sets of values and for names of columns, where one such value is one too many. What is no known first
name is not found here: who keeps a value must know more of it than that.
"""

from __future__ import annotations

import re
import unicodedata


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FIRST = _words(
    """
    aaron abigail ada adam adele adrian agnes ahmed aisha alain alan albert alejandro alessandro alex alexander
    alexandra alfred ali alice alicia alina alma amanda amelia amir amy ana anders andre andrea andreas andrew
    angela angelika anita anja ann anna anne annette annika anthony anton antonia antonio ariane arthur astrid
    aurelie axel barbara beate beatrice ben benedikt benjamin bernard bernd bettina bianca birgit bjorn bob
    boris brian brigitte bruno camille carla carlo carlos carmen carol caroline carsten catherine cecile chantal
    charles chiara chris christa christian christiane christina christine christof christoph christophe
    christopher claire clara claudia claus cornelia cristina dagmar daniel daniela daniele dave david deborah
    denis denise dennis diana diego dieter dirk dominik dominique donald donna doris dorothea dorothy dylan
    edgar eduard eduardo edward eleanor elena elias elif elisa elisabeth elizabeth elke ella ellen elsa emil
    emilia emilie emily emma emmanuel eric erik erika erwin esther etienne eva evelyn fabian fabio fatima
    federico felix fernando finn florian francesca francesco francis francisco francois frank frederic friedrich
    fritz gabriel gabriela gabriele georg george gerald gerard gerd gerhard gertrud gianni gilles giovanni
    gisela giulia giuseppe grace greta grzegorz guenter guenther guido guillaume gunter gustav hanna hannah
    hannes hans harald harry hassan heike heiko heinrich heinz helen helena helene helga henri henrik henry
    herbert hermann hilde holger horst howard hubert hugo ian ibrahim ida ilse ines ingo ingrid irene irina iris
    isabel isabelle ivan jack jacob jacques jakob james jamie jane janet jasmin jason jean jeff jeffrey jennifer
    jens jeremy jerome jessica jesus jim joachim joan joana joanna joao jochen joe joerg johan johann johanna
    johannes john jonas jonathan jorg jorge jose josef joseph joshua joyce juan juana judith juergen jules julia
    julian julie julien juliette jurg jurgen justin jutta kai karen karin karl karla karsten katarina katharina
    katherine kathleen kathrin katja kenneth kerstin kevin khalid kim klara klaus knut konrad kristian kristin
    kurt lars laura laurent lea lena leo leon leonardo lina linda linus lisa lorenzo lotte louis louise luca
    lucas lucia lucie luis luisa luise luka lukas lydia magdalena maja manfred manuel manuela marc marcel marco
    marcus margaret margarete maria marianne marie marina mario marion marisa markus marta martha martin martina
    mary mateo mathias mathieu mathilde mats matteo matthew matthias maurice max maximilian mehmet melanie mia
    michael michaela michel michele michelle miguel mike mikhail mila mohamed mohammed monica monika monique
    moritz muhammad mustafa nadine nadja nancy natalia natalie nathalie nathan nicholas nick nicolas nicole
    nikolai nils nina noah nora norbert olaf ole olga oliver olivia olivier oscar oskar otto pablo paolo pascal
    patricia patrick paul paula paulo pavel pedro peer peggy peter petra philip philipp philippe pia pierre
    pietro pilar piotr rachel rafael rainer ralf ralph ramon raphael raul rebecca regina reinhard renate rene
    ricardo richard rita robert roberto robin roger roland rolf roman ronald rosa rosemarie rudolf ruth ryan
    sabine sabrina salvatore samuel sandra sara sarah sebastian sepp serge sergio sharon silke silvia simon
    simone sofia sofie sonja sophia sophie stefan stefanie stefano steffen stephan stephanie stephen steve
    steven susan susanne svea sven sylvia tanja tatjana teresa theo theodor theresa thomas thorsten tim timo
    tina tobias tom tomas toni tony torsten tyler udo ulrich ulrike ursula ute uwe valentin valentina valerie
    vanessa vera veronica veronika victor viktor vincent viola vladimir volker walter waltraud wanda werner
    wilhelm william wolfgang xavier yannick yasmin yusuf yves yvonne zoe
    """
)
_MORE = _words(
    """
    april august austin bill charlotte chelsea daisy dean dick faith florence gene georgia hope jan jasper
    jordan joy june madison mark may paris pat ray rose summer victoria virginia will
    """
)
"""First names that are words, too: of a person only before a family name."""
_ADDRESSED = re.compile(
    r"(?i)^(?:mr|mrs|ms|miss|dr|prof|herr|herrn|frau|hr|fr|mme|mlle|monsieur|madame|sig|signor|signora|señor|señora|sra|"
    r"dhr|mevr)\.? [^\W\d_]"
)
_WORD = r"[^\W\d_](?:[^\W\d_]|['’.-])*"
_TURNED = re.compile(rf"^({_WORD}(?: {_WORD})?), ({_WORD})(?: {_WORD})?\.?$")
_WORDS = re.compile(rf"^{_WORD}(?: {_WORD}){{0,4}}$")
_AFTER = r"street|st\.?|avenue|ave\.?|road|rd\.?|lane|ln\.?|drive|dr\.?|boulevard|blvd\.?|court|rue|all[ée]e|chemin"
_BEFORE = (
    r"platz|weg|ufer|street|avenue|ave\.?|road|lane|drive|boulevard|blvd\.?|rue|calle|avenida|via|viale|piazza|plaza|"
    r"rua|straat|laan|vej|gatan|ulica|ul\."
)
_GERMAN = r"weg|platz|damm|ring|gasse|allee|stieg|graben|ufer"
_STREET = re.compile(
    rf"(?i)(?:stra(?:ß|ss)e|str\.|gasse|allee|\b(?:{_BEFORE}))\b.*\b[0-9]{{1,5}}\b"
    rf"|^[0-9]{{1,5}}[a-z]?,? .*\b(?:{_AFTER})(?:\b|$)"
    rf"|(?:\b|[a-zäöüß])(?:{_GERMAN}) [0-9]{{1,4}} ?[a-z]?$"
)


_CAPITALS = re.compile(r"^[^\W\d_][\w'’.-]+(?: [^\W\d_][\w'’.-]+){1,3}$")


def capitals_like(text: str) -> bool:
    """Whether words are written as a whole name is, each with a capital: `Xiang Petrović`, and `High School`."""
    return bool(_CAPITALS.match(text)) and all(word[0].isupper() for word in text.split(" ") if word not in _SMALL)


def person_like(text: str) -> str:
    """`name` or `address`, where the text is one; else nothing."""
    text = " ".join(text.split())
    if _STREET.search(text):
        return "address"
    if _ADDRESSED.match(text):
        return "name"
    turned = _TURNED.match(text)
    words = f"{turned[2]} {turned[1]}" if turned else text
    if not _WORDS.match(words):
        return ""
    first, *others = (_plain(word) for word in words.split(" "))
    if others:
        upper = all(word[0].isupper() for word in words.split(" ") if word.lower() not in _SMALL)
        return "name" if first.split("-")[0] in _FIRST or (first in _MORE and upper) else ""
    return "name" if first.split("-")[0] in _FIRST else ""


_SMALL = frozenset(("de", "da", "di", "van", "von", "der", "den", "la", "le", "du", "y", "e"))


def _plain(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.lower().replace("ß", "ss"))
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign)).strip(".'’")
