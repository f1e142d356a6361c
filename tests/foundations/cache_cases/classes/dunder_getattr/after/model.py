class Config:
    def __getattr__(self, name):
        return len(name) + 1


def answer():
    return Config().rate
