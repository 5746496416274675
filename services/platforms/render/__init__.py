"""Render: a web service per site, built by Render from a commit of a repository of the user's.

Facts: api-docs.render.com, Render's own Python SDK (`render` at PyPI), which is made from the API's specification, and
render.com/docs/deploys and /rollbacks.

Render takes no source, so each deployment is a commit, which is also the mark by which its deploy is found. Lines are
asked for by polling: Render's WebSocket drops, and what it missed would have to be asked for anyway.
"""
