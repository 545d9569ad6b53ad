"""BotServer, a farm of agents on another machine that does whole tasks there and changes no file here.

`provider` is what ``providers.kinds`` builds. `routing` says which agent a model's name means, `work` reads what a task tells of itself,
`feed` is the WebSocket on which it does. The settings' side of it, with the variables that people have, is ``config.facade``.
"""
