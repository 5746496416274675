"""Vercel: a project per site, whose production deployment is built by Vercel from files.

Facts: the REST API's reference (vercel.com/docs/rest-api), and the `vercel` CLI where that says nothing.
"""
