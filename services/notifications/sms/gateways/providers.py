"""The providers that come along, each as a description. Sources: the providers' public API pages, November 2026."""

from collections.abc import Mapping

from services.notifications.sms.gateways.http import Description, Report, Words

# Kannel's sendsms interface (user guide 1.4.5, chapter 10): 202 takes the text, now or for later; 403 is a wrong
# password, 503 a gateway that has no way to send now. Its `%d` in the address of reports is a sum of bits: 1 arrived,
# 2 not, 4 waits at the centre, 8 taken by the centre, 16 refused by it; 34 is 2 and expired, 66 is 2 and unknown.
KANNEL = Description(
    url="{url}/cgi-bin/sendsms",
    method="GET",
    query={
        "username": "{username}",
        "password": "{password}",
        "from": "{sender}",
        "to": "{to_digits}",
        "text": "{text}",
        "dlr-mask": "19",
        "dlr-url": "{report_url}",
    },
    settings=("url", "username", "password", "sender"),
    accepted=(202,),
    rejected=(400, 404, 405, 413),
    not_sent=(401, 403, 503),
    report=Report("status", delivered=("1",), failed=("2", "16", "34", "66")),
)

# Zenziva, https://console.zenziva.net: answers 200 with a status of its own. It sends no reports.
ZENZIVA = Description(
    url="{url}/reguler/api/sendsms/",
    form={"userkey": "{userkey}", "passkey": "{passkey}", "to": "{to_local}", "message": "{text}"},
    settings=("url", "userkey", "passkey"),
    words=Words("status", accepted=("1",)),
    id="messageId",
)

TWILIO = Description(
    url="{url}/2010-04-01/Accounts/{account}/Messages.json",
    form={"To": "{to}", "From": "{sender}", "Body": "{text}", "StatusCallback": "{report_url}"},
    user="{account}",
    password="{token}",  # noqa: S106
    settings=("url", "account", "token", "sender"),
    accepted=(200, 201),
    words=Words("status", accepted=("queued", "accepted", "sending", "sent"), rejected=("failed", "undelivered")),
    id="sid",
    report=Report("MessageStatus", delivered=("delivered", "read"), failed=("failed", "undelivered", "canceled")),
)

INFOBIP = Description(
    url="{url}/sms/3/messages",
    headers={"Authorization": "App {key}", "Accept": "application/json"},
    body={
        "messages": [
            {
                "sender": "{sender}",
                "destinations": [{"to": "{to_digits}"}],
                "content": {"text": "{text}"},
                "webhooks": {"delivery": {"url": "{report_url}"}},
            }
        ]
    },
    settings=("url", "key", "sender"),
    words=Words("messages.0.status.groupName", accepted=("PENDING",), rejected=("REJECTED", "UNDELIVERABLE")),
    id="messages.0.messageId",
    report=Report(
        "results.0.status.groupName", delivered=("DELIVERED",), failed=("UNDELIVERABLE", "EXPIRED", "REJECTED")
    ),
)

EIGHT = Description(
    url="{url}/api/v1/subaccounts/{subaccount}/messages",
    headers={"Authorization": "Bearer {key}"},
    body={
        "source": "{sender}",
        "destination": "{to}",
        "text": "{text}",
        "encoding": "AUTO",
        "clientMessageId": "{reference}",
        "dlrCallbackUrl": "{report_url}",
    },
    settings=("url", "subaccount", "key", "sender"),
    words=Words("status.state", accepted=("queued", "sent"), rejected=("rejected",)),
    id="umid",
    report=Report("payload.status.state", delivered=("delivered", "read"), failed=("undelivered", "rejected")),
)

PROVIDERS: Mapping[str, Description] = {
    "kannel": KANNEL,
    "zenziva": ZENZIVA,
    "twilio": TWILIO,
    "infobip": INFOBIP,
    "8x8": EIGHT,
}
# What most never change.
USUAL: Mapping[str, Mapping[str, str]] = {
    "kannel": {"sender": ""},
    "zenziva": {"url": "https://console.zenziva.net"},
    "twilio": {"url": "https://api.twilio.com"},
    "8x8": {"url": "https://sms.8x8.com"},
}
