"""What invented people say about invented purchases: the words of the sample lake.

Names, products and sentences are our own. Nobody real is meant: mail domains are those of RFC 2606, telephone numbers
those that Ofcom (GB) and NANPA (US, 555-01xx) keep for fiction.
"""

from __future__ import annotations

PRODUCTS = {
    "pair of headphones": ("audio", ("sound", "bass", "headband", "battery", "microphone", "ear cushions")),
    "pair of earbuds": ("audio", ("sound", "fit", "charging case", "battery", "connection", "touch controls")),
    "radio": ("audio", ("reception", "speaker", "alarm", "display", "antenna", "volume knob")),
    "kettle": ("kitchen", ("handle", "lid", "spout", "boiling time", "limescale filter", "cord")),
    "blender": ("kitchen", ("motor", "blades", "jug", "lid", "noise", "cleaning programme")),
    "coffee grinder": ("kitchen", ("burrs", "hopper", "grind setting", "motor", "timer", "dosing cup")),
    "frying pan": ("kitchen", ("coating", "handle", "heat distribution", "weight", "rim")),
    "toaster": ("kitchen", ("browning", "crumb tray", "lever", "slots", "cable")),
    "backpack": ("travel", ("straps", "zips", "laptop sleeve", "rain cover", "stitching", "side pockets")),
    "suitcase": ("travel", ("wheels", "shell", "lock", "handle", "lining", "zip")),
    "tent": ("outdoor", ("poles", "pegs", "groundsheet", "seams", "ventilation", "porch")),
    "head torch": ("outdoor", ("beam", "strap", "battery", "switch", "red light")),
    "pair of hiking boots": ("outdoor", ("soles", "laces", "ankle support", "lining", "grip", "insole")),
    "rain jacket": ("clothing", ("hood", "cuffs", "zip", "lining", "pockets", "membrane")),
    "sweater": ("clothing", ("wool", "sleeves", "collar", "colour", "seams", "sizing")),
    "pair of running shoes": ("clothing", ("cushioning", "laces", "sole", "toe box", "heel", "mesh")),
    "desk lamp": ("home", ("arm", "dimmer", "brightness", "base", "colour temperature", "switch")),
    "office chair": ("home", ("armrests", "lumbar support", "castors", "seat", "gas lift", "assembly")),
    "mattress": ("home", ("firmness", "cover", "edges", "smell", "springs", "delivery")),
    "vacuum cleaner": ("home", ("suction", "dust bin", "hose", "brush", "noise", "cord length")),
    "keyboard": ("computing", ("keys", "layout", "backlight", "switches", "cable", "wrist rest")),
    "webcam": ("computing", ("picture", "autofocus", "microphone", "clip", "privacy shutter", "driver")),
    "monitor": ("computing", ("panel", "stand", "brightness", "ports", "viewing angle", "menu")),
    "router": ("computing", ("range", "setup", "firmware", "antenna", "app", "ports")),
    "phone case": ("phones", ("corners", "grip", "buttons", "cut-outs", "finish", "clip")),
    "power bank": ("phones", ("capacity", "ports", "weight", "charging speed", "indicator", "cable")),
    "smart watch": ("phones", ("strap", "screen", "step counter", "battery", "heart rate sensor", "app")),
    "puzzle": ("toys", ("pieces", "picture", "box", "cut", "colours")),
    "board game": ("toys", ("rules", "pieces", "artwork", "board", "playing time", "cards")),
    "garden hose": ("garden", ("nozzle", "couplings", "reel", "length", "flexibility")),
}  # fmt: skip

GOOD = (
    "excellent", "wonderful", "brilliant", "superb", "great", "lovely", "fantastic", "perfect", "solid", "impressive",
    "delightful", "flawless", "outstanding", "reliable", "sturdy", "beautifully made", "comfortable", "crisp", "clever",
    "generous", "first class", "spot on", "remarkably good", "a joy to use", "better than expected", "well designed",
)  # fmt: skip
BAD = (
    "terrible", "awful", "disappointing", "poor", "useless", "flimsy", "horrible", "cheap", "unreliable", "faulty",
    "dreadful", "annoying", "a waste of money", "badly made", "broken", "worse than expected", "uncomfortable",
    "shoddy", "a joke", "unacceptable", "a constant worry", "misleading", "scratched", "wobbly", "dangerous",
    "barely usable",
)  # fmt: skip
FAIR = (
    "average", "okay", "acceptable", "ordinary", "as described", "standard", "fine for the price", "nothing special",
    "adequate", "unremarkable", "decent enough", "what one would expect", "neither here nor there", "passable",
)  # fmt: skip

SENTENCES = {
    "positive": (
        "The {part} {are} {word} and the {other} {are2} {word2}.",
        "I love this {product}, above all the {part}.",
        "Honestly the best {product} I have owned in {years} years.",
        "Would buy it again without thinking twice.",
        "My {kin} borrowed it and will not give it back, the {part} {are} so {word}.",
        "Highly recommended to anyone who needs a {product}.",
        "After {weeks} weeks of daily use the {part} {are} still {word}.",
        "Worth every penny, and the {part} alone would justify the price.",
        "It arrived early, it works, and I am very happy with it.",
        "Customer service answered within {hours} hours and solved it.",
        "Five stars: the {part} {are} simply {word}.",
        "I was sceptical, but the {part} {are} {word}.",
        "Thank you for a {product} that just works.",
    ),
    "negative": (
        "The {part} {are} {word} and the {other} {are2} {word2}.",
        "I regret buying this {product}, mainly because of the {part}.",
        "It broke after {weeks} weeks and nobody wants to refund it.",
        "Do not waste your money on this {product}.",
        "My {kin} warned me, and the {part} really {are} {word}.",
        "Sent it back: the {part} stopped working on day {days}.",
        "Customer service ignored me for {days} days, and the {part} {are} {word} still.",
        "One star is one too many for such a {part}.",
        "I hate that the {part} {are} {word}, and all of it smells of glue.",
        "The worst {product} I have had in {years} years.",
        "The photos are misleading, the real {part} {are} {word}.",
        "Never again, the {other} failed first and then the {part}.",
        "Avoid it unless you enjoy returning parcels.",
    ),
    "neutral": (
        "The {part} {are} {word}, the {other} {are2} {word2}.",
        "It does what the box says, no more and no less.",
        "For people who need a {product} now and then it is {word}.",
        "I have used it for {weeks} weeks and have no strong opinion.",
        "The {part} could be larger, the {other} could be smaller.",
        "Bought it for my {kin}, who has not said much about it.",
        "Some will like the {part}, some will not.",
        "Delivery took {days} days, which was announced.",
        "For this price the {part} {are} {word}.",
        "I compared it with two others and they were much the same.",
    ),
}  # fmt: skip
OPENINGS = (
    "Bought this {product} in {month}.", "Ordered on a {weekday}, here by {weekday2}.", "A gift for my {kin}.",
    "Second {product} from this brand.", "I read all the reviews first.", "Short version:",
    "Update after {weeks} weeks:",
    "We needed a {product} for the holidays.", "Replaced my old {product} with this one.", "Colour: {colour}.",
)  # fmt: skip
CLOSINGS = (
    "Hope this helps.", "Make of that what you will.", "I might update this review later.", "Photos attached.",
    "Size up if in doubt.", "The box was {colour} and full of paper.", "Shipping was free.", "No more to say.",
    "Used with the {colour} one from the same series.", "Tested in {month} at home and at work.",
)  # fmt: skip
FILL = {
    "kin": ("sister", "brother", "mother", "father", "partner", "daughter", "son", "neighbour", "flatmate", "boss"),
    "month": ("January", "March", "April", "June", "July", "September", "October", "December"),
    "weekday": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"),
    "weekday2": ("Saturday", "Sunday"),
    "colour": ("black", "dark blue", "grey", "green", "red", "white", "orange", "teal", "burgundy", "sand"),
    "years": ("two", "three", "five", "ten", "12", "15"),
    "weeks": ("two", "three", "four", "six", "8", "10"),
    "days": ("two", "three", "9", "11", "14", "21"),
    "hours": ("two", "four", "12", "24"),
}  # fmt: skip
WORDS = {"positive": GOOD, "negative": BAD, "neutral": FAIR}
RATINGS = {"positive": (4, 5, 5), "negative": (1, 1, 2), "neutral": (3,)}

FOREIGN = {
    "positive": (
        "とても気に入りました。音質が素晴らしいです。", "Отличный товар, очень доволен покупкой! Всем советую.",
        "منتج رائع وجودة ممتازة، أنصح به بشدة.", "Εξαιρετικό προϊόν, δουλεύει τέλεια κάθε μέρα.",
        "बहुत बढ़िया उत्पाद है, मुझे पसंद आया। 👍",
    ),
    "negative": (
        "质量很差,用了两天就坏了,不推荐。", "Ужасное качество, сломалось через неделю.", "מוצר גרוע, לא שווה את הכסף.",
        "품질이 너무 나빠서 실망했어요.", "สินค้าคุณภาพแย่มาก ใช้ได้สองวันก็พัง",
    ),
    "neutral": (
        "普通です。値段相応だと思います。", "Обычный товар, ничего особенного.",
        "제품은 보통이에요. 배송은 빨랐습니다.",
        "Κανονικό προϊόν, τίποτα ιδιαίτερο.", "المنتج عادي والسعر مناسب.",
    ),
}  # fmt: skip

FIRST_NAMES = (
    "Ada", "Amir", "Ana", "Anneli", "Aoife", "Bartek", "Bilal", "Birgit", "Camille", "Chidi", "Clara", "Daniela",
    "Dmitri", "Edith", "Elif", "Emeka", "Enzo", "Farah", "Finn", "Freya", "Giulia", "Grace", "Hana", "Harold", "Ines",
    "Ivo", "Jamal", "Jonas", "Kaito", "Karin", "Lars", "Leila", "Linh", "Lucia", "Magnus", "Maren", "Mei", "Mirela",
    "Nadia", "Noor", "Olga", "Omar", "Oskar", "Petra", "Priya", "Rafael", "Rosa", "Samuel", "Selin", "Sofia", "Tariq",
    "Tomas", "Ulla", "Viktor", "Wanjiru", "Yara", "Yusuf", "Zofia", "Øystein", "Łukasz", "José", "Zoë", "玲子", "Мария",
)  # fmt: skip
LAST_NAMES = (
    "Abara", "Almeida", "Anders", "Bakker", "Beaumont", "Bergqvist", "Bianchi", "Carrow", "Castellan", "Choudry",
    "Demirel", "Dvorsky", "Eastgate", "Eriksen", "Fairweather", "Farkas", "Ferrante", "Gallowhill", "Grunwaldt",
    "Haddadi", "Hartwell", "Holmgaard", "Ibanescu", "Ishikami", "Jansma", "Kallio", "Kowalak", "Kumaran", "Lindqvist",
    "Lockyer", "Marchetti", "Mbekela", "Moreau", "Nakagami", "Novotna", "O'Dunne", "Oyelami", "Pellegrin", "Petrovan",
    "Quillfeather", "Rasmusen", "Rosenthaler", "Saarinen", "Sandoval", "Schreiberlin", "Takemori", "Tanaguchi",
    "Thorne", "Ueberfeld", "Vandermeer", "Varga", "Whitlocke", "Xiong", "Yamazato", "Zielinska", "Østberg",
    "Müllerhof", "Niño",
)  # fmt: skip
NOTES = (
    "Spoke to {name} about the delayed parcel, promised to call back on {phone}.",
    "{name} asked us to write to {email} only, never by post.",
    "Invoice goes to {name} at the old address until {month}.",
    "Called twice, {other} answered and said {name} is away until {month}.",
    "Complaint about the {product}; {name} sent photos from {email}.",
    "Wants a credit note. Agreed with {other} in accounts.",
    "Prefers to be called {first}. Deaf in one ear, please speak slowly.",
    "Married name was {other} before {month}, keep both on file.",
    "Regular customer, no remarks.",
    "Asked for a copy of everything we store; {other} handles it.",
)
COUNTRIES = {"GB": 40, "US": 25, "DE": 12, "FR": 8, "SE": 5, "ES": 5, "JP": 3, "NG": 2}
"""Country → its share of customers in percent."""
