"""Mails invented for the tests, built from their parts."""


def mail(
    text: str, *, subject: str = "Re: Offer", sender: str = "Jo Field <jo@fernway.example>", headers: str = ""
) -> bytes:
    """A plain mail to us, written on Tuesday, 24 November 2026."""
    head = f"From: {sender}\nTo: Nora Feld <nora@pier7.example>\nDate: Tue, 24 Nov 2026 09:00:00 +0000\nSubject: {subject}\n"
    return f"{head}{headers}MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n{text}\n".encode()


def report(
    said: str,
    *,
    action: str = "failed",
    status: str = "5.0.0",
    diagnostic: str = "",
    recipient: str = "bo@hill.example",
) -> bytes:
    """A delivery status notification in the form of RFC 3464."""
    fields = f"Final-Recipient: rfc822; {recipient}\nAction: {action}\nStatus: {status}\n"
    fields += f"Diagnostic-Code: smtp; {diagnostic}\n" if diagnostic else ""
    return (
        "Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@mx.pier7.example>\nTo: nora@pier7.example\n"
        "Subject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        f"--b\nContent-Type: text/plain\n\n{said}\n\n--b\nContent-Type: message/delivery-status\n\n"
        f"Reporting-MTA: dns; mx.pier7.example\n\n{fields}\n"
        "--b\nContent-Type: message/rfc822\n\nFrom: nora@pier7.example\nTo: bo@hill.example\nSubject: Offer\n\nHello\n--b--\n"
    ).encode()


def notice(
    text: str, *, sender: str = "Mail Delivery System <Mailer-Daemon@mx.pier7.example>", subject: str, headers: str = ""
) -> bytes:
    """A notice that is one text, as older servers write it."""
    head = f"Return-Path: <>\nFrom: {sender}\nTo: nora@pier7.example\nSubject: {subject}\n{headers}"
    return f"{head}Content-Type: text/plain\n\n{text}\n".encode()
