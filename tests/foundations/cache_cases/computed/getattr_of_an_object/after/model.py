class Steps:
    def run_first(self):
        return 1

    def run_second(self):
        return 3


def answer():
    return [getattr(Steps(), "run_" + name)() for name in ("first", "second")]
