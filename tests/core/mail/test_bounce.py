"""Why a mail came back: reason, kind and recipient, from reports and from notices of many kinds of servers."""

import pytest

from core.mail.understanding import understand
from tests.core.mail.mails import mail, notice, report

RETURNED = (
    "\n------ This is a copy of your message, including all the headers. ------\n\nReturn-Path: <nora@pier7.example>\n"
    "Received: from pc ([192.0.2.7]) by mx.pier7.example\nFrom: nora@pier7.example\nTo: bo@hill.example\nSubject: Offer\n\nHello\n"
)


@pytest.mark.parametrize(
    ("diagnostic", "status", "kind", "reason"),
    [
        (
            "550 5.1.1 <bo@hill.example>: Recipient address rejected: User unknown in virtual mailbox table",
            "5.1.1",
            "hard",
            "userunknown",
        ),
        (
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
            "5.1.10",
            "hard",
            "userunknown",
        ),
        ("550-5.1.1 The email account that you tried to reach does not exist.", "5.1.1", "hard", "userunknown"),
        (
            "554 delivery error: dd This user doesn't have a hill.example account (bo@hill.example)",
            "5.0.0",
            "hard",
            "userunknown",
        ),
        ("550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", "5.4.1", "hard", "userunknown"),
        (
            "Host or domain name not found. Name service error for name=hill.example type=AAAA: Host not found",
            "5.4.4",
            "hard",
            "hostunknown",
        ),
        ("550 5.1.2 <bo@hill.example>: Recipient address rejected: Domain not found", "5.1.2", "hard", "hostunknown"),
        ("556 5.1.10 Domain does not accept mail (nullMX)", "5.1.10", "hard", "notaccept"),
        ("551 5.7.18 User has moved; please try <bo@dale.example>", "5.1.6", "hard", "hasmoved"),
        (
            "552 5.2.2 <bo@hill.example>: Mailbox is full / Blocks limit exceeded / Inode limit exceeded",
            "5.2.2",
            "soft",
            "mailboxfull",
        ),
        ("452-4.2.2 The email account that you tried to reach is over quota.", "4.2.2", "soft", "mailboxfull"),
        ("550 5.2.1 The email account that you tried to reach is disabled.", "5.2.1", "soft", "suspend"),
        ("552 5.3.4 Message size exceeds fixed maximum message size (10485760)", "5.3.4", "soft", "mesgtoobig"),
        ("connect to mx.hill.example[192.0.2.9]:25: Connection timed out", "4.4.1", "soft", "expired"),
        (
            "421 4.7.0 Too many concurrent SMTP connections from this IP address; please try again later",
            "4.7.0",
            "soft",
            "toomanyconn",
        ),
        (
            "421 4.7.28 Our system has detected an unusual rate of unsolicited mail originating from your IP address.",
            "4.7.28",
            "soft",
            "speeding",
        ),
        ("451 4.3.0 Error: queue file write error", "4.3.0", "soft", "systemerror"),
        (
            "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
            "5.7.1",
            "policy",
            "blocked",
        ),
        (
            "550 5.7.26 This mail is unauthenticated, which poses a security risk. DMARC: fail",
            "5.7.26",
            "policy",
            "authfailure",
        ),
        ("550 5.7.1 <bo@hill.example>: Relay access denied", "5.7.1", "policy", "norelaying"),
        ("450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]", "4.7.25", "policy", "requireptr"),
        ("554 5.7.1 Message rejected as spam by Content Filtering", "5.7.1", "policy", "spamdetected"),
        (
            "552 5.7.0 Our system detected an illegal attachment: virus Eicar-Test-Signature",
            "5.7.0",
            "policy",
            "virusdetected",
        ),
        (
            "550 5.7.1 Message rejected due to the poor reputation of a domain in the message",
            "5.7.1",
            "policy",
            "badreputation",
        ),
    ],
)
def test_the_servers_words_decide(diagnostic: str, status: str, kind: str, reason: str) -> None:
    grade = "delayed" if status.startswith("4") else "failed"
    understood = understand(report("This is the mail system.", action=grade, status=status, diagnostic=diagnostic))
    assert understood.class_ == "bounce"
    assert understood.bounce
    if grade == "failed":
        assert understood.bounce.kind == kind
    assert understood.bounce.reason == reason
    assert understood.bounce.recipient == "bo@hill.example"
    assert understood.bounce.evidence


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("5.1.1", "userunknown"),
        ("5.2.2", "mailboxfull"),
        ("5.3.4", "mesgtoobig"),
        ("5.7.509", "authfailure"),
        ("4.4.7", "expired"),
    ],
)
def test_without_words_the_status_decides(status: str, reason: str) -> None:
    understood = understand(report("", status=status))
    assert understood.bounce
    assert understood.bounce.reason == reason


def test_a_late_delivery_is_a_soft_bounce() -> None:
    understood = understand(
        report("Your message is delayed.", action="delayed", status="4.4.1", diagnostic="no answer from host")
    )
    assert understood.bounce
    assert understood.bounce.kind == "soft"


def test_a_delivered_mail_is_no_bounce() -> None:
    assert understand(report("Delivered.", action="delivered", status="2.0.0")).class_ == "other"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (
            notice(
                "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of "
                "its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  bo@hill.example\n    host mx.hill.example [192.0.2.9]\n"
                "    SMTP error from remote mail server after RCPT TO:<bo@hill.example>:\n    550 No such user here\n"
                + RETURNED,
                subject="Mail delivery failed: returning message to sender",
            ),
            "userunknown",
        ),
        (
            notice(
                "Hi. This is the qmail-send program at mx.pier7.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n"
                "This is a permanent error; I've given up. Sorry it didn't work out.\n\n<bo@hill.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
                "--- Below this line is a copy of the message.\n\nReturn-Path: <nora@pier7.example>\nSubject: Offer\n\nHello\n",
                sender="MAILER-DAEMON@mx.pier7.example",
                subject="failure notice",
            ),
            "userunknown",
        ),
        (
            notice(
                "Ihre Nachricht konnte nicht zugestellt werden.\n\nEmpfänger: bo@hill.example\nGrund: 552 Postfach voll\n",
                sender="Postmaster <postmaster@hill.example>",
                subject="Unzustellbar: Angebot",
            ),
            "mailboxfull",
        ),
        (
            notice(
                "Le message n'a pas pu être remis au destinataire suivant :\n\nbo@hill.example\n550 5.1.1 Utilisateur inconnu\n",
                sender="postmaster@hill.example",
                subject="Non remis : Offre",
            ),
            "userunknown",
        ),
    ],
)
def test_a_notice_without_a_report_is_read_from_its_text(raw: bytes, reason: str) -> None:
    understood = understand(raw)
    assert understood.class_ == "bounce"
    assert understood.bounce
    assert (understood.bounce.reason, understood.bounce.recipient) == (reason, "bo@hill.example")


@pytest.mark.parametrize(
    "text",
    [
        "Your mail to Bo came back to me:\n\n> 550 5.1.1 User unknown\n\nTry bo@dale.example.",
        "Look what I got:\n\n---------- Forwarded message ----------\nFrom: MAILER-DAEMON@hill.example\nDate: Tue, 24 Nov 2026\n"
        "Subject: Undelivered Mail Returned to Sender\nTo: nora@pier7.example\n\nThe mail could not be delivered.",
    ],
)
def test_a_person_who_speaks_of_a_bounce_is_a_person(text: str) -> None:
    understood = understand(mail(text, subject="Fwd: Undelivered Mail Returned to Sender"))
    assert understood.class_ == "human"
    assert understood.bounce is None
