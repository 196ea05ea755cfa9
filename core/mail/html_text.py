"""HTML mail as plain text: quotations become lines with `> `, signature elements go, scripts and styles are not read."""

import html
import re

MOST_CHARACTERS = 300_000
_LONGEST_TAG = 2_000
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]{0,40})((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>")
_SPACE = re.compile(r"[ \t\n\r\f]+")

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "title",
        "tr",
        "ul",
    ]
)
_APART = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "pre", "table"})
_SILENT = frozenset({"script", "style", "head", "template", "xml", "noscript", "svg"})
_EMPTY = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
_QUOTING = re.compile(
    r"(?:class|id)\s*=\s*[\"']?[^\"'>]*(?:gmail_extra_quote|\bgmail_quote\b|yahoo_quoted|moz-email-forward|protonmail_quote|"
    r"tutanota_quote|zmail_extra|OLK_SRC_BODY_SECTION|WM_QUOTE|mail_quote_outer)",
    re.IGNORECASE,
)
_SIGNING = re.compile(
    r"(?:class|id)\s*=\s*[\"']?[^\"'>]*(?:\bgmail_signature(?!_prefix)\b|moz-signature|protonmail_signature_block|composer_signature|AppleMailSignature|"
    r"ms-outlook-mobile-signature|\bSignature\b)|data-signatureblock|data-smartmail\s*=\s*[\"']?gmail_signature",
)
_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)


def as_text(markup: str) -> str:
    """The readable text of an HTML mail. One pass, linear in its length."""
    return _Reader(markup[:MOST_CHARACTERS]).read()


class _Reader:
    def __init__(self, markup: str) -> None:
        self.markup = markup
        self.lines: list[str] = []
        self.line: list[str] = []
        self.open: list[tuple[str, str]] = []
        self.quoting = 0
        self.silent = 0
        self.pre = 0

    def read(self) -> str:
        at, end = 0, len(self.markup)
        while at < end:
            tag = self.markup.find("<", at)
            if tag < 0:
                self._text(self.markup[at:])
                break
            if tag > at:
                self._text(self.markup[at:tag])
            at = self._markup(tag)
        self._break()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self.lines)).strip("\n")

    def _markup(self, at: int) -> int:
        """Handle what begins with `<` there; where to go on."""
        if self.markup.startswith("<!--", at):
            end = self.markup.find("-->", at + 4)
            return len(self.markup) if end < 0 else end + 3
        if self.markup.startswith(("<!", "<?"), at):
            end = self.markup.find(">", at)
            return len(self.markup) if end < 0 else end + 1
        found = _TAG.match(self.markup, at, at + _LONGEST_TAG)
        if found is None:
            self._text("<")
            return at + 1
        closing, name, attributes = found.groups()
        if closing:
            self._close(name.lower())
        else:
            self._begin(name.lower(), attributes)
        return found.end()

    def _begin(self, name: str, attributes: str) -> None:
        if name == "br":
            self._break(even_empty=True)
            return
        if name == "hr":
            self._break()
            if not self.silent:
                self._put("_" * 32)
            self._break()
            return
        if name in _BLOCKS:
            self._break()
            if name in _APART:
                self._blank()
        if name == "td" and self.line:
            self.line.append(" ")
        if name == "li":
            self.line.append("- ")
        if name in _EMPTY or attributes.rstrip().endswith("/"):
            return
        mark = ""
        if name in _SILENT or _HIDDEN.search(attributes):
            mark = "silent"
        elif name == "blockquote" or _QUOTING.search(attributes):
            mark = "quote"
        elif _SIGNING.search(attributes):
            mark = "silent"
        elif name == "pre":
            mark = "pre"
        self._mark(mark, 1)
        if len(self.open) < 400:
            self.open.append((name, mark))

    def _close(self, name: str) -> None:
        if name in _BLOCKS:
            self._break()
            if name in _APART:
                self._blank()
        nearest = next(
            (i for i in range(len(self.open) - 1, max(-1, len(self.open) - 40), -1) if self.open[i][0] == name), -1
        )
        if nearest < 0:
            return
        for _, mark in self.open[nearest:]:
            self._mark(mark, -1)
        del self.open[nearest:]

    def _mark(self, mark: str, by: int) -> None:
        if mark == "silent":
            self.silent += by
        elif mark == "quote":
            if by > 0 and self.line:
                self._break()
            self.quoting += by
        elif mark == "pre":
            self.pre += by

    def _text(self, raw: str) -> None:
        if self.silent:
            return
        text = html.unescape(raw) if "&" in raw else raw
        if self.pre:
            first, *rest = text.replace("\r", "").split("\n")
            self._put(first)
            for line in rest:
                self._break(even_empty=True)
                self._put(line)
            return
        text = _SPACE.sub(" ", text)
        if text == " " and not self.line:
            return
        self._put(text)

    def _put(self, text: str) -> None:
        self.line.append(text)

    def _break(self, *, even_empty: bool = False) -> None:
        text = "".join(self.line).replace("\u00a0", " ")
        text = text.rstrip() if self.pre else text.strip()
        had = bool(self.line)
        self.line = []
        if text or even_empty or (had and not self.silent):
            self.lines.append(("> " * min(self.quoting, 3) + text).rstrip() if self.quoting else text)

    def _blank(self) -> None:
        if self.lines and self.lines[-1].strip("> "):
            self.lines.append(">" if self.quoting else "")
