"""A form that somebody filled in becomes a signal: the signature is checked, the texts are kept exactly as given."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from core.inquiry import FORM_SUBMITTED, Consent, Inquiry
from core.signal import Signal
from integrations.forms.body import MAX_BODY_BYTES, BadForm, Content, Value, header, read, shown
from integrations.forms.mapping import FormMapping, FormMappings

TIMESTAMP_HEADER = "X-CaseyOS-Timestamp"
SIGNATURE_HEADER = "X-CaseyOS-Signature"
WINDOW = timedelta(seconds=300)
MAX_TEXT = 20_000  # characters in one field
MAX_ID = 200

_SECONDS = re.compile(r"[0-9]{1,12}")
_AMOUNT = re.compile(r"([0-9]{1,3}(?:[, ][0-9]{3})+|[0-9]{1,12})(\.[0-9]{1,2})?")
_SIGN = re.compile(r"(?P<before>[A-Za-z]{3}|[$€£])?\s*(?P<amount>[0-9., ]*[0-9])\s*(?P<after>[A-Za-z]{3}|[$€£])?")
TICKED = frozenset({"on", "true", "yes", "y", "1", "checked"})
"""What a box that was ticked says; whatever else it says, nobody has agreed to anything."""
_CURRENCY_OF = {"$": "USD", "€": "EUR", "£": "GBP"}

__all__ = ["MAX_BODY_BYTES", "BadForm", "check_signature", "parse", "sign"]


def sign(body: bytes, *, timestamp: int, secret: str) -> str:
    """The value of the signature header for these bytes."""
    mac = hmac.new(secret.encode(), str(timestamp).encode() + b"." + body, hashlib.sha256)
    return f"v1={mac.hexdigest()}"


def check_signature(body: bytes, headers: Mapping[str, str], *, secret: str, now: datetime) -> None:
    """Raises BadForm unless whoever knows the secret signed exactly these bytes within WINDOW."""
    if not secret:
        raise ValueError("a secret that is empty proves nothing")
    timestamp, signature = header(headers, TIMESTAMP_HEADER), header(headers, SIGNATURE_HEADER)
    if timestamp is None or signature is None:
        missing = TIMESTAMP_HEADER if timestamp is None else SIGNATURE_HEADER
        raise BadForm("missing_signature", f"The header {missing} is missing.", status=401)
    if not _SECONDS.fullmatch(timestamp):
        raise BadForm("bad_timestamp", f"{TIMESTAMP_HEADER} is a time in whole Unix seconds.", status=400)
    # Signed as it was written: leading zeros are part of what was signed.
    expected = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(f"v1={expected}".encode(), signature.encode("utf-8", "replace")):
        raise BadForm("bad_signature", "The signature does not belong to this body and timestamp.", status=401)
    if abs(now.timestamp() - int(timestamp)) > WINDOW.total_seconds():
        raise BadForm("stale_timestamp", f"The timestamp is more than {WINDOW.seconds} seconds off.", status=401)


def parse(form: str, body: bytes, headers: Mapping[str, str], mapping: FormMappings, now: datetime) -> Signal:
    """The signal in a delivery whose signature was checked. Raises BadForm."""
    known = mapping.get(form)
    if known is None:
        raise BadForm("unknown_form", "There is no form of that name.", status=404)
    content = read(body, headers)
    texts = {name: _text(name, value, ours=name in known.fields.values()) for name, value in content.fields.items()}
    inquiry = _inquiry(known, texts)
    return Signal(
        source=f"form:{form}",
        kind=FORM_SUBMITTED,
        dedup_key=_dedup_key(content),
        payload=inquiry.model_dump(mode="json"),
        occurred_at=_occurred_at(content.submitted_at, now),
    )


def _inquiry(known: FormMapping, texts: dict[str, str]) -> Inquiry:
    ours = {name: texts.get(theirs, "") for name, theirs in known.fields.items()}
    if not ours["email"].strip():
        field = known.fields["email"]
        raise BadForm("missing_field", f"The form has no “{field}”: nobody could be answered.", field=field)
    written = ours.pop("budget", "")
    budget = _budget(written, known.currency)
    box = known.consent
    consent = None
    if box is not None and (ticked := texts.get(box.field, "").strip()).lower() in TICKED:
        consent = Consent(field=box.field, value=ticked, wording=box.wording)
    used = {*known.fields.values(), *([box.field] if consent and box else [])}
    other = {name: text for name, text in texts.items() if name not in used}
    if written.strip() and budget is None:
        other[known.fields["budget"]] = written  # words, perhaps a range: for people to read
    return Inquiry(
        form=known.form,
        **ours,
        budget=budget,
        currency=known.currency,
        owner=known.owner,
        announce=known.announce,
        consent=consent,
        prices=dict(known.prices),
        other=other,
    )


def _text(name: str, value: Value, *, ours: bool) -> str:
    """The field as one text. Several values are a list of choices; no field that we know has any."""
    if isinstance(value, list):
        if ours and len(value) > 1:
            raise BadForm("duplicate_field", f"The field “{shown(name)}” is there more than once.", field=name)
        text = ", ".join("" if one is None else one for one in value)
    else:
        text = value or ""
    if len(text) > MAX_TEXT:
        sentence = f"The field “{shown(name)}” is longer than {MAX_TEXT} characters."
        raise BadForm("too_long", sentence, field=name, status=413)
    return text


def _budget(text: str, currency: str) -> Decimal | None:
    """An amount such as `18,500`, `$18500.00` or `20 000 USD`; None for another currency, and where it is not plain."""
    parts = _SIGN.fullmatch(text.strip())
    amount = _AMOUNT.fullmatch(parts["amount"]) if parts else None
    if parts is None or amount is None:
        return None
    signs = [sign.upper() for sign in (parts["before"], parts["after"]) if sign]
    if any(_CURRENCY_OF.get(sign, sign) != currency for sign in signs):
        return None
    return Decimal(re.sub(r"[, ]", "", amount[1]) + (amount[2] or ""))


def _dedup_key(content: Content) -> str:
    """The sender's own id of the submission, or else a digest of what it says."""
    id = content.submission_id
    if id is None or id == "":
        canonical = json.dumps([content.submitted_at, content.fields], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()
    if len(id) > MAX_ID or not id.isprintable():
        sentence = f"submission_id is up to {MAX_ID} printable characters."
        raise BadForm("bad_submission_id", sentence, field="submission_id")
    return id


def _occurred_at(text: str | None, now: datetime) -> datetime:
    """When the form was sent, never later than now; without a zone it is UTC."""
    if text is None or text == "":
        return now
    try:
        if _SECONDS.fullmatch(text):
            moment = datetime.fromtimestamp(int(text), UTC)
        else:
            moment = datetime.fromisoformat(text)
            moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        sentence = "submitted_at is a moment such as 2026-11-23T09:38:00Z."
        raise BadForm("bad_time", sentence, field="submitted_at") from error
    return min(moment, now)
