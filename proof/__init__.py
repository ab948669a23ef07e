"""The proof of the permission matrix: every cell asked of the server that enforces it, by a person of that role.

`login` and `people` make real persons with real tokens; `kubernetes`, `vault`, `users`, `data` and `tracking` ask
one server each, in words of their own and not in those that the rights were granted with; `cells` holds the
answers against the matrix; `report` shows them.
"""
