"""What git calls a content."""

import hashlib


def blob_sha(content: bytes) -> str:
    """Return the name of a blob (git-scm.com/book, Git Internals, Git Objects)."""
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()
