A = lambda x: x + 1
B = (
    lambda x: x + 2
)

def answer():
    return B(1)
