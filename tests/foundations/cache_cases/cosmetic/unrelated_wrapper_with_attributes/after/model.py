import functools

def counted(f):
    @functools.wraps(f)
    def wrapper(*a):
        wrapper.calls += 1
        return f(*a)
    wrapper.calls = 0
    f.is_counted = True
    return wrapper

@counted
def other():
    return 3

def answer():
    return 2
