"""Mail that no person wrote: absence notes with their day of return, other answers, complaints, and notices."""

from datetime import date

import pytest

from core.mail.understanding import understand
from tests.core.mail.mails import mail, notice

ANSWER = "Auto-Submitted: auto-replied\n"


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ("I am out of the office and back on 7 December.", date(2026, 12, 7)),
        ("I am away until and including 4 December 2026.", date(2026, 12, 5)),
        ("I will return on Monday, December 14th.", date(2026, 12, 14)),
        ("I'm on leave from 20 November to 2 December.", date(2026, 12, 3)),
        ("Out today, back tomorrow.", date(2026, 11, 25)),
        ("I am travelling and will be back on Friday.", date(2026, 11, 27)),
        ("I am away. My return: 2027-01-04.", date(2027, 1, 4)),
        ("I'll be back in the office on 4 January.", date(2027, 1, 4)),
        ("Ich bin ab dem 7. Dezember wieder erreichbar.", date(2026, 12, 7)),
        ("Ich bin bis einschließlich 4.12. nicht im Büro.", date(2026, 12, 5)),
        ("Je suis absente et de retour le 7 décembre.", date(2026, 12, 7)),
        ("Estoy de vacaciones y vuelvo el 7 de diciembre.", date(2026, 12, 7)),
        ("Sono in ferie e rientro il 7 dicembre.", date(2026, 12, 7)),
        ("Ik ben afwezig en op 7 december weer terug.", date(2026, 12, 7)),
        ("I am out of the office until further notice.", None),
        ("I am away for the whole of December.", None),
        ("I am out of the office. You will find us at the fair from 8 to 10 December.", None),
    ],
)
def test_an_absence_note_states_the_first_day_back(text: str, back: date | None) -> None:
    understood = understand(mail(text, subject="Automatic reply: Offer", headers=ANSWER))
    assert understood.class_ == "out_of_office"
    assert understood.return_date == back
    assert understood.intent.name == "none"


def test_a_date_in_the_quoted_mail_is_no_return_date() -> None:
    text = (
        "I am out of the office.\n\nOn 24 Nov 2026 Nora Feld <nora@pier7.example> wrote:\n> I am back on 7 December.\n"
    )
    assert understand(mail(text, subject="Automatic reply: Offer", headers=ANSWER)).return_date is None


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        (
            "Thank you for contacting us. Your ticket number is 4711. We will get back to you within two working days.",
            "[4711] We have received your request",
        ),
        ("Jo Field no longer works for Fernway. Please write to office@fernway.example.", "Automatic reply: Offer"),
        ("This mailbox is not monitored. Please use the form on our page.", "Automatic reply: Offer"),
    ],
)
def test_other_automatic_answers(text: str, subject: str) -> None:
    assert understand(mail(text, subject=subject, headers=ANSWER)).class_ == "auto_reply"


@pytest.mark.parametrize(
    "headers", ["", "X-Auto-Response-Suppress: All\n", "Auto-Submitted: no\n", "Precedence: list\n"]
)
@pytest.mark.parametrize(
    "text",
    [
        "I'm back from my holiday, sorry for the silence. Let's talk on Monday.",
        "Please ignore my out of office message, I am here and want the offer.",
        "I'll be on leave from 1 to 12 December, can we talk before that?",
    ],
)
def test_a_person_who_speaks_of_an_absence_is_a_person(text: str, headers: str) -> None:
    understood = understand(
        mail(text, subject="Re: Automatic reply: Offer", headers="In-Reply-To: <1@pier7.example>\n" + headers)
    )
    assert understood.class_ == "human"
    assert understood.return_date is None


def test_an_abuse_report_is_a_complaint() -> None:
    raw = (
        b"From: feedback@hill.example\nTo: nora@pier7.example\nSubject: FW: Offer\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n'
        b"--b\nContent-Type: text/plain\n\nThis is an email abuse report.\n\n--b\nContent-Type: message/feedback-report\n\n"
        b"Feedback-Type: abuse\nUser-Agent: Hill/1.0\nVersion: 1\n\n--b\nContent-Type: message/rfc822\n\nSubject: Offer\n\nHello\n--b--\n"
    )
    assert understand(raw).class_ == "complaint"


@pytest.mark.parametrize(
    "raw",
    [
        mail(
            "Ten tips for autumn.",
            sender="Hill <news@hill.example>",
            subject="Our newsletter",
            headers="List-Unsubscribe: <https://hill.example/u>\n",
        ),
        notice(
            "Report domain: pier7.example",
            sender="dmarc@hill.example",
            subject="Report domain: pier7.example Submitter: hill.example",
        ),
        b"From: jo@fernway.example\nSubject: Read: Offer\nMIME-Version: 1.0\nContent-Type: multipart/report; "
        b'report-type=disposition-notification; boundary="b"\n\n--b\nContent-Type: text/plain\n\nYour message was read.\n\n'
        b"--b\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; jo@fernway.example\n"
        b"Disposition: manual-action/MDN-sent-manually; displayed\n--b--\n",
    ],
    ids=["newsletter", "report of a policy", "read"],
)
def test_what_nobody_wrote_and_answers_nothing_is_other(raw: bytes) -> None:
    assert understand(raw).class_ == "other"


@pytest.mark.parametrize(
    ("subject", "text", "classes", "days"),
    [
        (
            "Automatic reply: Offer",
            "Thank you for your message. I'm currently out of the office and will be back on Thursday, 3 December. For urgent matters contact Ida Holm.",
            ["out_of_office"],
            ["2026-12-03"],
        ),
        (
            "Out of office: Re: Offer",
            "Hi,\n\nI'm on annual leave from Monday 23rd November to Friday 4th December inclusive.\n\nKind regards\nTom",
            ["out_of_office"],
            ["2026-12-05", "2026-12-07"],
        ),
        (
            "Automatische Antwort: Angebot",
            "Sehr geehrte Damen und Herren,\n\nich bin bis zum 11.12.2026 im Urlaub. Ihre E-Mail wird nicht weitergeleitet. In dringenden Fällen wenden Sie sich an Frau Lang.\n\nMit freundlichen Grüßen",
            ["out_of_office"],
            ["2026-12-11", "2026-12-12", "2026-12-14"],
        ),
        (
            "Abwesenheitsnotiz: Angebot",
            "Ich bin am Montag, den 30.11. wieder im Büro.",
            ["out_of_office"],
            ["2026-11-30"],
        ),
        (
            "Réponse automatique : Offre",
            "Bonjour,\n\nJe suis en congé jusqu'au 2 décembre inclus. En cas d'urgence, contactez le standard.",
            ["out_of_office"],
            ["2026-12-03"],
        ),
        (
            "Absence : Re: Offre",
            "Je serai de retour au bureau lundi prochain, le 30 novembre.",
            ["out_of_office"],
            ["2026-11-30"],
        ),
        (
            "Respuesta automática: Oferta",
            "Estaré fuera de la oficina del 20 al 27 de noviembre. Para temas urgentes escriba a soporte@torvik.example.",
            ["out_of_office"],
            ["2026-11-28", "2026-11-30"],
        ),
        (
            "Automatisch antwoord: Offerte",
            "Ik ben met vakantie tot en met 6 december. Bij spoed kunt u bellen met kantoor.",
            ["out_of_office"],
            ["2026-12-07"],
        ),
        (
            "Risposta automatica: Offerta",
            "Sarò assente fino al 4 dicembre compreso.",
            ["out_of_office"],
            ["2026-12-05", "2026-12-07"],
        ),
        ("Re: Offer", "I'm away this week. I'll reply when I return on Nov. 30th.", ["out_of_office"], ["2026-11-30"]),
        ("Automatic reply: Offer", "Parental leave! Back March 1, 2027.", ["out_of_office"], ["2027-03-01"]),
        (
            "Automatic reply: Offer",
            "Our office is closed between 24 December and 1 January. We reopen on 4 January 2027.",
            ["out_of_office", "auto_reply"],
            ["2027-01-04"],
        ),
        (
            "Automatic reply: Offer",
            "I work Monday to Wednesday and will answer on my next working day.",
            ["out_of_office", "auto_reply"],
            [None],
        ),
        (
            "Automatic reply: Offer",
            "I'm at a conference until Friday and have limited access to mail.",
            ["out_of_office"],
            ["2026-11-27", "2026-11-28", "2026-11-30"],
        ),
        ("Automatic reply: Offer", "Out sick. No idea when I'll be back.", ["out_of_office"], [None]),
        (
            "Re: Offer [#20261124-7]",
            "Thanks for your mail! We answer within 24 hours. Case number: 20261124-7.",
            ["auto_reply"],
            [None],
        ),
        (
            "Eingangsbestätigung",
            "Wir haben Ihre Anfrage erhalten und melden uns innerhalb von zwei Werktagen.",
            ["auto_reply"],
            [None],
        ),
        (
            "Accusé de réception",
            "Nous avons bien reçu votre message et vous répondrons dans les meilleurs délais.",
            ["auto_reply"],
            [None],
        ),
        (
            "Automatic reply: Offer",
            "This address is no longer in use. Please write to hello@torvik.example from now on.",
            ["auto_reply"],
            [None],
        ),
        (
            "Automatic reply: Offer",
            "Ida Holm has left the company as of 31 October 2026. Please contact Bo Lind.",
            ["auto_reply"],
            [None],
        ),
        (
            "Automatic reply: Offer",
            "Please note that I am no longer with Torvik. My successor is Bo Lind.",
            ["auto_reply"],
            [None],
        ),
        (
            "Automatic reply: Offer",
            "I am out of office today and will be back tomorrow, 25 November.",
            ["out_of_office"],
            ["2026-11-25"],
        ),
        ("Automatic reply: Offer", "I'm out 11/26 through 11/30 for Thanksgiving.", ["out_of_office"], ["2026-12-01"]),
        (
            "Automatic reply: Offer",
            "Away from my desk - returning 12/7/2026.",
            ["out_of_office"],
            ["2026-12-07", "2026-07-12"],
        ),
        ("自動返信: 件名", "私は12月7日まで不在です。", ["out_of_office"], ["2026-12-07", "2026-12-08"]),
        ("Autosvar: Offert", "Jag är på semester och åter den 7 december.", ["out_of_office"], ["2026-12-07"]),
        (
            "Automatyczna odpowiedź: Oferta",
            "Jestem na urlopie do 4 grudnia włącznie.",
            ["out_of_office"],
            ["2026-12-05", "2026-12-07"],
        ),
        (
            "Out of Office",
            "Thank you for reaching out. I will be out of the country starting Friday, returning on the 14th of December. During this time I'll have sporadic access to email. The event on 2 December will be hosted by Ann.",
            ["out_of_office"],
            ["2026-12-14"],
        ),
        (
            "Resposta automática: Proposta",
            "Estou de férias e volto no dia 7 de dezembro.",
            ["out_of_office"],
            ["2026-12-07"],
        ),
        (
            "OOO: Offer",
            "I'm out of the office through December 1 with no access to email.",
            ["out_of_office"],
            ["2026-12-02"],
        ),
    ],
)
def test_notes_of_many_writers(subject: str, text: str, classes: list[str], days: list[str | None]) -> None:
    # Where a note can be read in two ways, either day is right.
    understood = understand(mail(text, subject=subject, headers=ANSWER))
    assert understood.class_ in classes
    assert (understood.return_date and understood.return_date.isoformat()) in days
