from parent import Parent


class Child(Parent):
    pass
