"""JSON by the letter: a small machine written from the grammar of RFC 8259, the independent reader of the tests.

It goes over bytes, knows nothing of Python's json, and refuses what RFC 7493 (I-JSON) forbids as well: doubled names
and lone surrogates. A number is its text.
"""

BLANKS = b" \t\n\r"
HEX = b"0123456789abcdefABCDEF"
ESCAPES = {ord('"'): '"', ord("\\"): "\\", ord("/"): "/", ord("b"): "\b", ord("f"): "\f", ord("n"): "\n",
           ord("r"): "\r", ord("t"): "\t"}  # fmt: skip
DEEPEST = 200


class No(Exception):
    """These bytes are no JSON text."""


class Number(str):
    __slots__ = ()


class Machine:
    def __init__(self, data):
        self.data, self.at, self.depth = data, 0, 0

    def peek(self):
        return self.data[self.at] if self.at < len(self.data) else -1

    def take(self, word):
        if self.data[self.at : self.at + len(word)] != word:
            raise No
        self.at += len(word)

    def blanks(self):
        while self.at < len(self.data) and self.data[self.at] in BLANKS:
            self.at += 1

    def text(self):
        self.blanks()
        value = self.value()
        self.blanks()
        if self.at != len(self.data):
            raise No
        return value

    def value(self):
        first = self.peek()
        if first in (ord("{"), ord("[")):
            self.depth += 1
            if self.depth > DEEPEST:
                raise No
            value = self.object() if first == ord("{") else self.array()
            self.depth -= 1
            return value
        if first == ord('"'):
            return self.string()
        for word, value in ((b"true", True), (b"false", False), (b"null", None)):
            if self.data.startswith(word, self.at):
                self.at += len(word)
                return value
        return self.number()

    def object(self):
        self.take(b"{")
        found = {}
        self.blanks()
        if self.peek() == ord("}"):
            self.at += 1
            return found
        while True:
            self.blanks()
            name = self.string()
            self.blanks()
            self.take(b":")
            self.blanks()
            if name in found:
                raise No
            found[name] = self.value()
            self.blanks()
            if self.peek() == ord("}"):
                self.at += 1
                return found
            self.take(b",")

    def array(self):
        self.take(b"[")
        found = []
        self.blanks()
        if self.peek() == ord("]"):
            self.at += 1
            return found
        while True:
            self.blanks()
            found.append(self.value())
            self.blanks()
            if self.peek() == ord("]"):
                self.at += 1
                return found
            self.take(b",")

    def digits(self):
        begin = self.at
        while 0x30 <= self.peek() <= 0x39:
            self.at += 1
        if self.at == begin:
            raise No

    def number(self):
        begin = self.at
        if self.peek() == ord("-"):
            self.at += 1
        if self.peek() == ord("0"):
            self.at += 1
        else:
            self.digits()
        if self.peek() == ord("."):
            self.at += 1
            self.digits()
        if self.peek() in (ord("e"), ord("E")):
            self.at += 1
            if self.peek() in (ord("+"), ord("-")):
                self.at += 1
            self.digits()
        return Number(self.data[begin : self.at].decode())

    def hexadecimal(self):
        digits = self.data[self.at : self.at + 4]
        if len(digits) < 4 or any(digit not in HEX for digit in digits):
            raise No
        self.at += 4
        return int(digits, 16)

    def escaped(self):
        sign = self.peek()
        self.at += 1
        if sign in ESCAPES:
            return ESCAPES[sign]
        if sign != ord("u"):
            raise No
        code = self.hexadecimal()
        if 0xD800 <= code < 0xDC00:
            self.take(b"\\u")
            low = self.hexadecimal()
            if not 0xDC00 <= low < 0xE000:
                raise No
            return chr(0x10000 + ((code - 0xD800) << 10) + low - 0xDC00)
        if 0xDC00 <= code < 0xE000:
            raise No
        return chr(code)

    def character(self):
        first = self.peek()
        length = 1 if first < 0x80 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4
        sequence = self.data[self.at : self.at + length]
        if len(sequence) < length or any(not 0x80 <= byte < 0xC0 for byte in sequence[1:]) or 0x80 <= first < 0xC0:
            raise No
        code = first if length == 1 else first & (0x7F >> length)
        for byte in sequence[1:]:
            code = code << 6 | byte & 0x3F
        shortest = (0, 0, 0x80, 0x800, 0x10000)[length]
        if code < shortest or 0xD800 <= code < 0xE000 or code > 0x10FFFF or first >= 0xF8:
            raise No
        self.at += length
        return chr(code)

    def string(self):
        self.take(b'"')
        found = []
        while (first := self.peek()) != ord('"'):
            if first < 0x20:  # the end as well
                raise No
            if first == ord("\\"):
                self.at += 1
                found.append(self.escaped())
            else:
                found.append(self.character())
        self.at += 1
        return "".join(found)


def parse(data):
    """The value of a JSON text; No when it is none."""
    return Machine(data).text()


def record(data):
    """An object, or None when the bytes are not exactly one."""
    try:
        found = parse(data)
    except No:
        return None
    return found if isinstance(found, dict) else None
