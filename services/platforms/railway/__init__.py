"""Railway: a project per site with one service, built by Railway from the source.

Facts: the published schema of the public API, and docs.railway.com/integrations/api.

Everything is asked for by polling, with one call for a deployment's state and all its new lines. The API also has
subscriptions; they are left out, since their WebSocket drops and polling would have to be right anyway. A plan allows
100 to 10,000 calls an hour, so the pauses between two looks grow to a quarter of a minute, also while lines come.
"""
