"""Heroku: an app per site, built by Heroku from the source.

Facts: the platform API's published schema (devcenter.heroku.com/articles/platform-api-reference), version 3.
"""
