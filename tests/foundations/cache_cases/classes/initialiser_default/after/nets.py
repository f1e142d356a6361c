class Net:
    size = 3

    def __init__(self, depth=5):
        self.depth = depth

    def parameters(self):
        return self.size * self.depth
