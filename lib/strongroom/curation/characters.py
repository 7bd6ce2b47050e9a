"""What kind of character each code point is, in one number: a table made once a process, looked up for whole blocks."""

from __future__ import annotations

import sys
import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt

SPACE, BREAK, LETTER, DIGIT, UPPER, SIGN, STOP, EDGE, PUNCTUATION = (1 << place for place in range(9))
"""A blank; the end of a line; a letter, and a capital; a digit; a sign that alone makes no word; one that ends a
sentence; one that belongs to no word it stands before or behind; and Unicode's category P."""

_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_SIGNS = "!/—”:％１〈&(、━\\【#%「」，】；+^]~“《„';’{|∶´[=-`*．（–？！：$～«〉,><》)?）。…@_.\"}►»"
"""What datatrove takes for no word, besides control characters and what ends a sentence."""
_EDGES = (
    "…,:;!?¿؟¡()[]{}<>_#*&。？！，、；：～·।،۔؛٪'\"”“`‘´’‚„»«「」『』（）〔〕【】《》〈〉〈〉⟦⟧§%=—–+"
    "$£€¥฿₽﷼₴₠₡₢₣₤₥₦₧₨₩₪₫₭₮₯₰₱₲₳₵₸₹₺"
)
_ENDS_SENTENCE = """
21 2E 3F 589 61D-61F 6D4 700-702 7F9 837 839 83D-83E 964-965 104A-104B 1362 1367-1368 166E 1735-1736 17D4-17D6 17D9-17DA
1803 1809 1944-1945 1AA8-1AAB 1B5A-1B5B 1B5E-1B5F 1B7D-1B7E 1C3B-1C3C 1C7E-1C7F 203C-203D 2047-2049 2E2E 2E3C 2E53-2E54
3002 A4FF A60E-A60F A6F3 A6F7 A876-A877 A8CE-A8CF A92F A9C8-A9C9 AA5D-AA5F AAF0-AAF1 ABEB FE52 FE56-FE57 FF01 FF0E FF1F
FF61 10A56-10A57 10F55-10F59 10F86-10F89 11047-11048 110BE-110C1 11141-11143 111C5-111C6 111CD 111DE-111DF 11238-11239
1123B-1123C 112A9 1144B-1144C 115C2-115C3 115C9-115D7 11641-11642 1173C-1173E 11944 11946 11A42-11A43 11A9B-11A9C
11C41-11C42 11EF7-11EF8 11F43-11F44 16A6E-16A6F 16AF5 16B37-16B38 16B44 16E98 1BC9F 1DA88
"""
"""Unicode's property Sentence_Terminal (PropList.txt), which Python does not know."""
_TABLE_END = 0x32000
"""Beyond it lie private and unassigned code points and tags: none of these kinds."""


@cache
def kinds() -> npt.NDArray[np.uint16]:
    """The kinds of each code point."""
    stops = frozenset(_points(_ENDS_SENTENCE))
    found = np.zeros(sys.maxunicode + 1, np.uint16)
    found[:_TABLE_END] = [_kind(point, stops=stops) for point in range(_TABLE_END)]
    return found


def _points(ranges: str) -> list[int]:
    ends = [each.partition("-") for each in ranges.split()]
    return [point for first, _, last in ends for point in range(int(first, 16), int(last or first, 16) + 1)]


def _kind(point: int, *, stops: frozenset[int]) -> int:
    character = chr(point)
    category = unicodedata.category(character)
    control = point < 9 or 11 <= point < 32 or 127 <= point < 160
    letter = category[0] == "L"
    found = (SPACE if character.isspace() else 0) | (BREAK if character in _BREAKS else 0)
    found |= (LETTER if letter else 0) | (UPPER if category in ("Lu", "Lt") else 0) | (DIGIT if category == "Nd" else 0)
    found |= STOP if point in stops else 0
    found |= SIGN if control or character in _SIGNS or point in stops else 0
    found |= PUNCTUATION if category[0] == "P" else 0
    return found | (EDGE if character in _EDGES or category == "So" else 0)
