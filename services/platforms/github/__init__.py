"""GitHub: a repository of the user's takes the files of an archive, as one commit for each push.

Facts: GitHub's REST API (docs.github.com/rest), version 2022-11-28.
"""
