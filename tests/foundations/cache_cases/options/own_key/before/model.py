import threading


class Connection:
    def __init__(self, place):
        self.place = place
        self.opened = id(self)

    def __foundations_key__(self):
        return self.place


def answer(connection):
    return connection.place
