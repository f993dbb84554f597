"""Foxeo visio: a consultant and his clients agree on a time, wait in a lobby and meet by video.

    request   pending ──accept──▶ accepted ──▶ completed | cancelled
                 ├──reject──▶ rejected
                 ├──propose─▶ countered ──client accepts──▶ accepted
                 │               │ └──propose─▶ countered        three rounds at most
                 │               └──client declines or withdraws──▶ withdrawn
                 ├──withdraw▶ withdrawn
                 └──sweep───▶ expired          every slot on offer has passed, countered or not
    meeting   scheduled ──operator_joined──▶ in_progress ──▶ completed    scheduled ──▶ cancelled
              a meeting whose end plus grace has passed is completed by the sweep
    knock     waiting ──operator_joined──▶ admitted ──back_to_lobby──▶ waiting
                 │ └──entry_denied──▶ denied      └──client_left, remove──▶ left
                 └──client_left, remove, a lapsed lease──▶ left

A terminal state never changes. Every change is settled by the database.
"""

from visio import loading

loading.begins()
