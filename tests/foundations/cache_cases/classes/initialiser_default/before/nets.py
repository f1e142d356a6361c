class Net:
    size = 3

    def __init__(self, depth=2):
        self.depth = depth

    def parameters(self):
        return self.size * self.depth
