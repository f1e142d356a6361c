class Net:
    """A net."""

    size = 3  # small

    def parameters(self):
        """Count."""
        return self.size


def answer():
    return Net().parameters()
