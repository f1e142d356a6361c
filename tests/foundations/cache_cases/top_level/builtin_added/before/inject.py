import builtins

def shout(x):
    return x + '!'

builtins.shout = shout
