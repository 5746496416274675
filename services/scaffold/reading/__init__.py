"""Reading descriptions: from the words of a text to the things that an app keeps, their qualities and relations."""
