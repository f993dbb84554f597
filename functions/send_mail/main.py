"""POST /send-mail: Pub/Sub pushes the id of one e-mail, which is written and sent."""

import functions_framework

from visio.adapters import mails
from visio.adapters.letters import letter
from visio.bootstrap import app
from visio.edge import Call, endpoint, push
from visio.flows.pushed import Push
from visio.flows.send_mail import send_mail as flow


@functions_framework.http
@endpoint(
    "POST", takes=Push, door=push, status=204, needs=("mail", "links", "bus"), first=(mails.CLAIM,)
)
def send_mail(command: Push, call: Call) -> None:
    mail, links = app().settings.mail, app().personal_links
    flow(
        command,
        call,
        app().database,
        app().mailer,
        lambda order, to: letter(order, to, links, mail.sender, now=call.now),
        subscription=mail.subscription,
    )
