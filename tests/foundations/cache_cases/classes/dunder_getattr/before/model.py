class Config:
    def __getattr__(self, name):
        return len(name)


def answer():
    return Config().rate
