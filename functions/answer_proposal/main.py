"""POST /answer-proposal: the client accepts an offered slot, declines, or withdraws the request."""

import functions_framework

from visio.adapters import requests
from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows.answer_proposal import AnswerProposal
from visio.flows.answer_proposal import answer_proposal as flow
from visio.views.requests import RequestView


@functions_framework.http
@endpoint("POST", takes=AnswerProposal, needs=("bus",), first=requests.DECIDING)
def answer_proposal(command: AnswerProposal, call: Call) -> RequestView:
    buffer = app().settings.rules.buffer
    with app().acting_for(call) as tx:
        return RequestView.of(flow(command, call, tx, buffer=buffer))
