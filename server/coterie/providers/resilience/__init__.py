"""What makes calls of hosts dependable, in small parts that stand around a provider or beside it.

`policy` says when a failed call is made again and when another model takes over, `breaker` which models are left alone for a while,
`limiter` how fast a model may be called (`headers` reads what hosts say of it), `sharing` and `cache` which calls need not be made at all.
`guard` joins them for the registry. The loop that follows the policy, and tells the person, is in ``agents.model_call``.
"""
