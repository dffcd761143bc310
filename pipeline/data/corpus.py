"""Texts to prove a tokenizer on, made from a seed: sentences in many languages, and texts written to be hostile."""

import unicodedata
from collections.abc import Callable

import numpy as np

# Who, does what, with what, where: joined by the language's own space.
LANGUAGES: dict[str, tuple[str, list[list[str]]]] = {
    "English": (" ", [["The nurse", "My neighbour", "Nobody", "A tired engineer", "The committee's chair", "Dr. Okonkwo-Smith", "Your cat"],
                      ["doesn't trust", "rewrites", "tokenizes", "can't unsubscribe from", "overestimated", "paid for", "sings about"],
                      ["the old contract", "state-of-the-art embeddings", "3 of 4 invoices", "an unbelievably long queue", "jazz", "rain"],
                      ["in Reykjavík", "at 09:30", "before breakfast", "on the mezzanine", "every other Tuesday", "with gusto", "again"]]),
    "German": (" ", [["Der Bürgermeister", "Niemand", "Die Straßenbahnfahrerin"], ["übersieht", "verkauft", "größer macht"],
                     ["das Donaudampfschiff", "die Äpfel", "zwölf Maßbänder"], ["in Köln", "während der Prüfung", "heute früh"]]),
    "French": (" ", [["L'élève", "Ma sœur", "Le maître d'hôtel"], ["n'a jamais vu", "préfère", "s'étonne de"],
                     ["la forêt", "l'œuvre complète", "ce garçon naïf"], ["à Noël", "où qu'il soit", "déjà"]]),
    "Spanish": (" ", [["¿Quién", "El niño", "La cigüeña"], ["añadió", "soñó con", "leyó"], ["un jalapeño", "la canción", "el pingüino"],
                      ["en Málaga?", "mañana", "¡ahora!"]]),
    "Polish": (" ", [["Źdźbło", "Książę", "Łódź"], ["mieści", "żąda", "śpi"], ["gęślą jaźń", "ćwierć chleba"], ["w Gdańsku", "jutro"]]),
    "Turkish": (" ", [["İstanbul'da", "Irmak", "ışık"], ["güzel", "İYİ", "ığdır"], ["şeker", "çağrı"], ["değil", "mi?"]]),
    "Vietnamese": (" ", [["Chúng tôi", "Người ấy"], ["không hiểu", "đã đọc"], ["tiếng Việt", "những quyển sách"], ["ở Huế", "hôm qua"]]),
    "Russian": (" ", [["Учёный", "Мой сосед", "Никто"], ["не видел", "съел"], ["ещё один йод", "объявление"], ["в Москве", "утром"]]),
    "Ukrainian": (" ", [["Її брат", "Ґава"], ["п'є", "єднає"], ["їжу", "каву"], ["у Києві", "щодня"]]),
    "Greek": (" ", [["Ο δάσκαλος", "Η θάλασσα"], ["είδε", "ΆΚΟΥΣΕ"], ["τους φίλους", "ένα ποίημα"], ["στην Αθήνα", "χθες"]]),
    "Arabic": (" ", [["الكاتبُ", "صديقي"], ["قَرَأَ", "لا يحبّ"], ["كتابًا جديدًا", "القهوة"], ["في القاهرة", "أمس"]]),
    "Hebrew": (" ", [["הַיֶּלֶד", "אף אחד"], ["אָכַל", "לא ראה"], ["את התפוח", "ספר ישן"], ["בירושלים", "אתמול"]]),
    "Persian": (" ", [["پدربزرگ", "آن‌ها"], ["می‌خواند", "دید"], ["کتاب‌ها", "چای"], ["در تهران", "دیروز"]]),
    "Hindi": (" ", [["लड़की", "मेरा दोस्त"], ["पढ़ती है", "नहीं जानता"], ["हिन्दी", "क़लम"], ["दिल्ली में", "कल।"]]),
    "Tamil": (" ", [["அவன்", "ஆசிரியர்"], ["படித்தான்", "பார்த்தார்"], ["புத்தகம்", "கொடி"], ["சென்னையில்", "நேற்று"]]),
    "Thai": ("", [["ครู", "เพื่อนของฉัน"], ["ไม่เห็น", "อ่าน"], ["หนังสือ", "น้ำ"], ["ที่กรุงเทพฯ", "เมื่อวาน"]]),
    "Chinese": ("", [["老师", "我的朋友", "没有人"], ["看见了", "不喜欢"], ["北京大学", "龍與豈"], ["在上海。", "明天！"]]),
    "Japanese": ("", [["先生は", "がっこうで", "ﾊﾝｶｸ"], ["東京の", "パソコンの"], ["プログラムを", "ひらがなを"], ["読みます。", "（笑）"]]),
    "Korean": (" ", [["선생님은", "아무도"], ["한국어를", "커피를"], ["읽었다", "좋아하지 않는다"], ["서울에서", "어제"]]),
    "Georgian": (" ", [["მასწავლებელი", "ᲗᲑᲘᲚᲘᲡᲘ"], ["კითხულობს"], ["წიგნს"], ["დღეს"]]),
    "Armenian": (" ", [["Ուսուցիչը", "և"], ["կարդում է"], ["գիրքը"], ["այսօր։"]]),
}  # fmt: skip

# What people put around and into sentences.
DECORATIONS: list[Callable[[str, int], str]] = [
    lambda text, _: text,
    lambda text, _: text.upper(),
    lambda text, _: text.swapcase(),
    lambda text, _: f"{text}.",
    lambda text, n: f"{text}, {n:,} times!?",
    lambda text, n: f"({text}) [{n}] {{x}}",
    lambda text, n: f'"{text}" — said #{n}…',
    lambda text, n: f"{text} https://example.org/a_{n}?q=x&y=%C3%A9#top",
    lambda text, n: f"{text} <me+{n}@example.org>",
    lambda text, n: f"{text} ${n / 100:.2f} €{n} £{n} ¥{n} {n}%",
    lambda text, n: f"\t{text}\r\n{n}\n",
    lambda text, n: f"{text} 🎉👩‍👩‍👧‍👦🇫🇷 {chr(0x1F600 + n % 80)}",
    lambda text, n: f"{n}°C ±{n / 7:.3f} {text} x²+y₃ ½ №{n}",
    lambda text, n: f"2026-0{1 + n % 9}-1{n % 9}T0{n % 9}:00Z {text} v{n}.0.1-beta_{n}",
    lambda text, _: unicodedata.normalize("NFD", text),
    lambda text, _: unicodedata.normalize("NFC", text),
    lambda text, _: "".join(character + "\u0301\u0323" for character in text),
    lambda text, _: text.replace(" ", "\u00a0"),
    lambda text, _: text.replace(" ", "\u200b"),
    lambda text, _: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
]

# A sentence of which long texts are made, and how often it stands in one of HOSTILE.
LONG_SENTENCE, LONG_TEXT = "the quick brown fox ", 150

HOSTILE = [
    "",
    " ",
    "\t\r\n\v\f",
    "\0",
    "\0\0a\0b\0",
    "NUL \0 inside",
    "\ufffd\ufffe\uffff",
    "\ufeffbyte order mark",
    "".join(map(chr, range(0x20))),
    "".join(map(chr, range(0x7F, 0xA1))),
    "a\u0085b\u2028c\u2029d\u1680e\u2000f\u202fg\u205fh\u3000i\u180ej",
    "soft\u00adhyphen zero\u200bwidth\u200cjoin\u200dners\u2060 left\u200eright\u200f \u202eoverride\u202c",
    "...!!!???",
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    "¡¿«»‹›„“”‘’‚‛–—―‖‥…‰′″※⁂§¶†‡•",
    "。、「」『』【】〈〉《》〜・！？：；",
    "don't can't won't it's 'tis rock'n'roll O'Neill’s",
    "[CLS] [SEP] [MASK] [PAD] [UNK]",
    "[CLS][SEP]a[MASK]b [cls] [Sep] [MASK",
    "##ing ## # ##",
    "a" * 100,
    "a" * 101,
    "é" * 100,
    "e\u0301" * 101,
    "x" * 5000,
    "pneumonoultramicroscopicsilicovolcanoconiosis" * 3,
    "\U00010330" * 60,
    "\U0001d400\U0001d41a\U0001d7d8 \U00020000\U0002a6d6 \U0001f9ff\U0001fae8",
    "👍🏽👩🏾‍🚀🏳️‍🌈1️⃣#️⃣ ☺️☹︎",
    "İIıi ẞß ǅǄǆ ſ ŉ ǰ ΐ Ω Å K ℵ ﬁ ﬀ ﷺ ①Ⅷⅷ",
    "ΑΣ ΑΣΑ ς Σ σ",
    "中a文b字 漢字ひらがなカタカナ 한국어",
    "豈更車 㐀㒨 𠀀𪚥 ⼀ 々〆 ㈱ ㍿",
    "각ᄀᆨ가\u11a8 \u1100\u1161\u11a8 힣",
    "ą́ą̣́ ọ́ ợ ậ a\u0323\u0301 a\u0301\u0323 \u0301start",
    "क़ क\u093c ড় ড\u09bc ਲ਼ ଡ଼ நொ ෝ ೋ ൊ",
    "\u302e\u302f a\u302f\u302eb \u1b44\u1baa",
    "ﬃ\u0300 \u0344 \u0340\u0341 \u1e9b\u0323",
    "\ue000\uf8ff\U000f0000 private \u0378\u0530\U000e0001 unassigned",
    "1,234.56 -7e-3 0x1F 1/2 3–5 10⁻³ ١٢٣ १२३ １２３",
    "C:\\Users\\me\\file.txt && rm -rf / ; DROP TABLE users; --",
    "<b>bold</b> &amp; &#x41; {{ template }} $name %s %(x)d",
    "user@example.org http://ä.example/π?q=%20 ftp://a.b:21/~c",
    "line one\nline two\r\nline three\rline four\ttab",
    "MiXeD CaSe aNd CamelCase snake_case kebab-case",
    "naïve café façade Ångström coöperate Zoë",
    "שלום, עולם! مرحبا، بالعالم؟ \u202bRTL\u202c",
    "🎉" * 120,
    "一" * 600,
    LONG_SENTENCE * LONG_TEXT,
    "counterintuitively, internationalization deinstitutionalizes " * 60,
]


def make_sentences(count: int, rng: np.random.Generator) -> list[str]:
    """`count` sentences, every other one in English, the rest in the other languages in turn."""
    english, *others = LANGUAGES.values()
    texts = []
    for place in range(count):
        space, parts = others[place // 2 % len(others)] if place % 2 else english
        texts.append(space.join(str(rng.choice(words)) for words in parts))
    return texts


def make_corpus(rng: np.random.Generator, count: int = 1100, random_texts: int = 250, longest: int = 0) -> list[str]:
    """HOSTILE, `count` sentences as people write them, and `random_texts` texts of characters drawn from all of Unicode; each once.

    Where none of HOSTILE has `longest` words, one of as many is added.
    """
    words = len(LONG_SENTENCE.split())
    long_text = LONG_SENTENCE * max(LONG_TEXT, -(-longest // words))
    decorated = [
        DECORATIONS[int(rng.integers(len(DECORATIONS)))](text, int(rng.integers(10_000)))
        for text in make_sentences(count, rng)
    ]
    return list(dict.fromkeys([*HOSTILE, *decorated, *(_random_words(rng) for _ in range(random_texts)), long_text]))


def _random_words(rng: np.random.Generator) -> str:
    """Words of a few characters each: of Latin, of the first blocks, of the plane of most scripts, of all planes."""
    highest = (0x250, 0x3000, 0xFFFF, 0x10FFFF)
    words = []
    for _ in range(int(rng.integers(1, 12))):
        drawn = rng.integers(1, highest[int(rng.integers(4))], size=int(rng.integers(1, 6)))
        words.append("".join(chr(code) for code in drawn.tolist() if not 0xD800 <= code < 0xE000))
    return " ".join(words)
