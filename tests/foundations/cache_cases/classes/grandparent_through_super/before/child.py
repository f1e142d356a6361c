import parent


class Child(parent.Parent):
    def value(self):
        return super().value() + 1
