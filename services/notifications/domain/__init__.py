"""The rules of notifications: what visitors are told (`correspondence`), and how each mall words it (`mall`).

`events` is what was heard and said, `commands` what can be asked; `wording` says which texts fit a phone.
"""
