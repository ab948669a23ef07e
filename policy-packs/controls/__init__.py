"""The controls: pure judgements of resources, what the policy packs and `mlops policy` share.

`item.Item` and `stack.Stack` are what is judged; `control.Control` is the shape of a rule; each family is a folder
with one control a file and a `catalogue`; `catalogue` lists all of them by pack; `configuration` and `settings` say
how they apply; `judge` applies them. Only `sdk` imports Pulumi.

A rule reads everything through `fields.Fields`, which gives a value or says why there is none, so no rule raises.
To add one: a file `<family>/<concept>.py` with its `check`, its `BAD` and `GOOD` examples and its `CONTROL`, and
a line in `<family>/catalogue.py`. What it compares with and users may set is a field of `settings.Settings`.
The message of a part of a control that the catalogue names starts with that name: `route-backend: ...`.
"""
