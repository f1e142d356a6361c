from pkg import thing

def answer():
    return thing.value() if hasattr(thing, 'value') else thing()
