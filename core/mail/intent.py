"""What a person wants, read from what he or she newly wrote. A refusal is never turned into interest."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from core.mail.phrases import flattened, plain, table

Name = Literal["interested", "question", "meeting", "referral", "later", "not_interested", "unsubscribe", "none"]

_MOST_CHARACTERS = 4_000
_GREETING = re.compile(
    r"\A\s*(?:(?:hi|hello|hey|dear|hallo|guten (?:tag|morgen|abend)|liebe[rs]?|sehr geehrte[rs]?|moin|servus|grüezi|bonjour|bonsoir|salut|ch[eè]re?|madame|monsieur|hola|estimad[oa]s?|"
    r"buen[oa]s (?:d[ií]as|tardes)|ciao|gentile|buongiorno|salve|ol[áa]|prezad[oa]s?|bom dia|boa tarde|beste|geachte|dag|hej|hei|kära|kære|kjære|dzień dobry|witam|szanown\w+|dobrý den|здравствуйте|"
    r"добрый день|уважаем\w+|merhaba|sayın|good (?:morning|day|afternoon|evening))\b[^\n,.!?:]{0,50}[,.!:\n]|[^\W\d_][\w.'-]{1,20}(?: [^\W\d_][\w.'-]{1,20})?,\s*\n)",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"\n[ \t]*(?:(?:with |kind|best|warm|many|sincere|sincerely|yours|regards|cheers|thanks|thank you|thx|tenderly|warmly|respectfully|cordially|all the best|have a (?:nice|good|great)|greetings|"
    r"mit (?:freundlichen|besten|herzlichen|vielen)|freundliche|viele|beste|liebe|herzliche|schöne|sch[öo]nen? (?:tag|gr)|gru(?:ß|ss)|lg|vg|mfg|danke|vielen dank|cordialement|bien (?:cordialement|à vous|à toi)|sinc[èe]res|salutations|amicalement|merci|"
    r"respectueusement|saludos|un saludo|atentamente|cordialmente|gracias|un abrazo|saluti|cordiali|distinti|grazie|atenciosamente|cumprimentos|com os|abraços|obrigad|met vriendelijke|vriendelijke|groet|"
    r"pozdrawiam|z powa[żz]aniem|med v[äa]nlig|med venlig|vennlig|mvh|hilsen|hälsningar|yst[äa]v[äa]llisin|terveisin|s pozdravem|с уважением|сайгыларымла|sayg[ıi]lar|敬具|よろしく|此致|顺祝)[^\n]{0,45})"
    r"\s*(?:,|\.|!)?\s*(?:\n|\Z)",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"confidential|intended (?:only )?for|vertraulich|confidentiel|confidencial|please consider the environment|registered (?:in|office)|disclaimer|"
    r"originated (?:from )?outside|external (?:e-?mail|sender|mail)|do not click|unless you recogni[sz]e",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?\n。！？]+(?:(?:\.(?=[\w@])|[^.!?\n。！？])+)*[.!?。！？]*")
_CLOCK = re.compile(
    r"(?<![\d.:/])(?:[01]?\d|2[0-3])(?:[:.][0-5]\d(?![\d.])|\s?(?:am|pm|a\.m\.|p\.m\.|uhr|h\b(?:\s?[0-5]\d)?|o'clock))|\b(?:at|alle|a las|las|às|kl\.?|klo|om|um|o|v|в|saat) (?:[01]?\d|2[0-3])(?![.,]?\d|\s?%)\b|\b(?:noon|midday|half past|quarter (?:to|past)|las (?:[01]?\d|2[0-3]))\b|\d{1,2}[時点點]",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")


@dataclass(frozen=True, slots=True)
class Intent:
    """What is wanted, and the words that said so."""

    name: Name
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    asks: bool
    raw: str = ""


_APART = frozenset({"whole", "negated", "about", "kept", "turn", "told", "weak", "named", "invite"})
_WRITTEN_TOGETHER = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def _any_of(phrases: Iterable[str], *, whole: bool = False) -> re.Pattern[str]:
    """The phrases at the beginning of a word, and with `whole` to its end; where words are not parted, anywhere."""
    parted: list[str] = []
    unparted: list[str] = []
    for phrase in phrases:
        (unparted if _WRITTEN_TOGETHER.search(phrase) else parted).append(phrase)
    # The look-behind stands once before all phrases: inside a word no phrase is tried.
    shapes = [rf"(?<![^\W\d_])(?:{'|'.join(parted)})" + (r"(?![^\W\d_])" if whole else "")] if parted else []
    return re.compile("|".join(shapes + unparted))


@cache
def _words(path: str) -> re.Pattern[str]:
    """The phrases of one list, such as `_words("later.weak")`."""
    name, key = path.split(".")
    return _any_of(table(f"intent/{name}")[key], whole=True)


@cache
def _of(name: str) -> re.Pattern[str]:
    """All languages' phrases for an intent."""
    lists = table(f"intent/{name}").items()
    return _any_of(phrase for key, phrases in lists if key not in _APART for phrase in phrases)


def intent_of(own: str, *, subject: str = "", sender: str = "") -> Intent:
    """What the writer wants. `own` is the new text alone, without quotations; `sender` the writer's own address."""
    text = _body(plain(own)[:_MOST_CHARACTERS])
    sentences = _sentences(text)
    if not sentences:
        sentences = _sentences(plain(subject)) if _whole("unsubscribe", plain(subject).lower().strip()) else []
    if not sentences:
        return Intent("none")
    if found := _unsubscribes(sentences):
        return Intent("unsubscribe", found)
    rest = [one for one in sentences if not _words("unsubscribe.kept").search(one.text)]
    return _without_unsubscribe(rest, _other_address(text, sender)) if rest else Intent("none")


def _body(text: str) -> str:
    """The text between greeting and sign-off."""
    text = "\n".join(line for line in text.strip().split("\n") if not _ASIDE.search(line)).strip()
    for _ in range(2):
        text = _GREETING.sub("", text, count=1)
    closing = None
    for found in _CLOSING.finditer("\n" + text):
        rest = ("\n" + text)[found.end() :]
        if found.start() > 0 and rest.count("\n") <= 6 and len(rest) < 300 and ("\n" + text)[: found.start()].strip():
            closing = found
            break
    if closing:
        text = ("\n" + text)[: closing.start()]
    return text.strip()


def _sentences(text: str) -> list[_Sentence]:
    paragraphs = re.split(r"\n\s*\n|\n(?=\s*[-*•]\s)", text)
    found = []
    for paragraph in paragraphs:
        for match in _SENTENCE.finditer(paragraph.replace("\n", " ")):
            sentence = re.sub(r"\s+", " ", match[0]).strip()
            if sentence.strip(" .!?,;:-"):
                found.append(_Sentence(sentence.lower(), sentence.rstrip().endswith(("?", "？")), sentence))
    return found


def _whole(name: str, sentence: str) -> bool:
    bare = re.sub(r"[^\w\s',-]", "", sentence).strip(" ,.-")
    return bool(re.fullmatch("|".join(f"(?:{one})" for one in table(f"intent/{name}")["whole"]), bare))


_ABOUT_THE_WORD = re.compile(r"unsubscrib|opt|abmeld|abbestell|désinscri|désabonn|baja|remove (?:the|that|this)")
_ABOUT_ME = re.compile(r"\b(?:me|us|my|mich|uns|moi|nous|mi)\b")


def _unsubscribes(sentences: list[_Sentence]) -> str:
    for sentence in sentences:
        if _whole("unsubscribe", sentence.text):
            return sentence.text
        found = _of("unsubscribe").search(sentence.text)
        if not found or _words("unsubscribe.negated").search(sentence.text):
            continue
        if (
            _words("unsubscribe.about").search(sentence.text)
            and _ABOUT_THE_WORD.search(found[0])
            and not _ABOUT_ME.search(found[0])
        ):
            continue
        return found[0]
    return ""


def _other_address(text: str, sender: str) -> str:
    """An address of somebody else that the writer gives."""
    return next((one for one in _ADDRESS.findall(text) if one.lower().strip(".") != sender.lower()), "")


def _without_unsubscribe(sentences: list[_Sentence], address: str) -> Intent:
    refusal, meeting, referral = _first_refusal(sentences), _first("meeting", sentences), _first_referral(sentences)
    wish, wish_weak = _first("interested", sentences), _first("interested", sentences, weak=True)
    later, later_weak = _first("later", sentences), _first("later", sentences, weak=True)
    if refusal:
        if turned := _turned(sentences, refusal, address):
            return turned
        return Intent("not_interested", refusal[1])
    timed = _names_a_time(sentences)
    if timed or (meeting and not (later and later[0] >= meeting[0])):
        return Intent("meeting", timed or (meeting[1] if meeting else ""))
    if referral and not (wish and wish[0] < referral[0]):
        return Intent("referral", referral[1])
    if later and not _outlived(later, wish, sentences):
        return Intent("later", later[1])
    if wish:
        return Intent("interested", wish[1])
    if address and not any(one.asks for one in sentences):
        return Intent("referral", address)
    if weak := _first("refusal", sentences, weak=True):
        return Intent("not_interested", weak[1])
    if later_weak and not any(one.asks for one in sentences):
        return Intent("later", later_weak[1])
    asked = _asks(sentences)
    if asked.name == "none" and wish_weak:
        return Intent("interested", wish_weak[1])
    return asked


def _first(name: str, sentences: list[_Sentence], start: int = 0, *, weak: bool = False) -> tuple[int, str] | None:
    words = _words(f"{name}.weak") if weak else _of(name)
    for at in range(start, len(sentences)):
        if found := words.search(sentences[at].text):
            return at, found[0]
    return None


def _first_refusal(sentences: list[_Sentence]) -> tuple[int, str] | None:
    for at, sentence in enumerate(sentences):
        if _whole("refusal", sentence.text):
            return at, sentence.text
        for found in _of("refusal").finditer(sentence.text):
            if sentence.asks and _OPEN_QUESTION.match(sentence.text):
                continue
            if not _REPORTED.search(sentence.text[: found.start()]) and not _only_for_now(sentence.text, found):
                return at, found[0]
    return None


_OPEN_QUESTION = re.compile(
    r"(?:and |but |or |so |then |also )?(?:do|does|did|is|are|was|were|can|could|would|will|should|have|has|what|which|how|when|where|who|why|if|whether|gibt|ist|sind|kann|können|est-ce|y a|hay|es|puede)\b"
)
# Somebody else's refusal, told: "he kept telling me why we should not buy".
_REPORTED = re.compile(
    r"\b(?:tell(?:ing|s)? (?:me|us)|told (?:me|us)|sa(?:ys|id|ying) (?:that )?|why (?:i|we|you)\b|if (?:we|you|i|it)\b|thought|used to|would have|unless)\b[^,;]{0,60}$"
)


_FOR_NOW = re.compile(
    r"\b(?:until|till|at the moment|right now|for now|for the moment|just now|just yet|yet|before (?:the|we|our|next|q[1-4])|derzeit|momentan|im moment|zurzeit|zur zeit|vorerst|noch nicht|vor dem|"
    r"pour (?:le moment|l'instant)|avant|por ahora|de momento|por el momento|hasta|per ora|al momento|por enquanto|op dit moment|momenteel|na razie|just nu|lige nu|сейчас|пока)\b"
)
_FOR_GOOD = re.compile(
    r"interes|intéress|thank|danke|merci|gracias|grazie|decided|renew|cancel|terminat|kündig|declin|pass\b|another|competitor|happy|satisf|content|zufrieden|cambiar|chang"
)


def _only_for_now(sentence: str, found: re.Match[str]) -> bool:
    """A refusal that says itself for how long: a "later"."""
    return bool(_FOR_NOW.search(sentence)) and not _FOR_GOOD.search(found[0])


_BARE_NO = re.compile(r"\W*(?:no|nein|non|nope|nee|nej|nei)\b.{0,20}")


def _outlived(later: tuple[int, str], wish: tuple[int, str] | None, sentences: list[_Sentence]) -> bool:
    """Whether a wish or a question behind a word of time outweighs it."""
    if _words("later.invite").search(" ".join(one.text for one in sentences)):
        return False
    return bool((wish and wish[0] > later[0]) or (sentences[-1].asks and len(sentences) - 1 > later[0]))


def _turned(sentences: list[_Sentence], refusal: tuple[int, str], address: str) -> Intent | None:
    """What the writer turns to behind a refusal of one thing; None where the refusal stands."""
    refused, words = refusal
    behind_it = sentences[refused + 1 :]
    if _BARE_NO.fullmatch(words) and (timed := _names_a_time(behind_it)):
        return Intent("meeting", timed)
    if not _FOR_GOOD.search(words):
        for one in behind_it:
            if found := _words("later.invite").search(one.text):
                return Intent("later", found[0])
    for at in range(refused, len(sentences)):
        text = sentences[at].text
        turn = _words("interested.turn").search(text)
        if not turn:
            continue
        behind = [
            _Sentence(text[turn.start() :] if at == refused else text, asks=sentences[at].asks),
            *sentences[at + 1 :],
        ]
        if _first_refusal(behind):
            continue
        if talk := _first("meeting", behind):
            return Intent("meeting", talk[1])
        if wish := _first("interested", behind):
            return Intent("interested", wish[1])
        if named := _first_referral(behind):
            return Intent("referral", named[1])
        if address:
            return Intent("referral", address)
        if later := _first("later", behind):
            return Intent("later", later[1])
    return None


def _first_referral(sentences: list[_Sentence]) -> tuple[int, str] | None:
    named = re.compile("|".join(table("intent/referral")["named"]))
    for at, sentence in enumerate(sentences):
        if found := _of("referral").search(sentence.text) or named.search(sentence.raw):
            return at, found[0]
    return None


_AGREES = re.compile(
    r"\b(?:yes|yep|ok|okay|sure|fine|works|perfect|say|make it|(?:uk|us|my|your|local|our) time|c?est|cet|gmt|utc|[ecmp]st|[ecmp]dt|ist|bst|ja|oui|sí|sì)\b"
)


def _names_a_time(sentences: list[_Sentence]) -> str:
    """A day with a clock time, or a clock time beside words of a meeting: somebody proposes or accepts it."""
    for sentence in sentences:
        clock = _CLOCK.search(sentence.text)
        if clock and len(sentences) == 1 and len(sentence.text.split()) < 8:
            return sentence.text
        if clock and (
            _day_word().search(sentence.text) or _of("meeting").search(sentence.text) or _AGREES.search(sentence.text)
        ):
            return sentence.text[max(0, clock.start() - 20) : clock.end()]
    return ""


@cache
def _day_word() -> re.Pattern[str]:
    calendar = table("calendar")
    days = [
        *flattened(calendar["weekday"]),
        *calendar["relative"]["tomorrow"],
        *flattened(calendar["month"]),
        "today",
        "heute",
        "aujourd'hui",
        "hoy",
        "oggi",
        "hoje",
        "vandaag",
        "dzisiaj",
        "idag",
        "i dag",
        "сегодня",
        "the \\d{1,2}(?:st|nd|rd|th)",
    ]
    return _any_of((day for day in days if len(day) > 2), whole=True)


def _asks(sentences: list[_Sentence]) -> Intent:
    for sentence in sentences:
        if sentence.asks or _words("question.told").search(sentence.text):
            return Intent("question", sentence.text)
    return Intent("none")
