"""Things I need in more than one assignment."""


def words_of(text):
    return text.split()


def distinct(things):
    return sorted(set(things))
