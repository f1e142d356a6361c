import os

def helper(x=os.environ.get('X', '')):
    return x

def answer():
    return helper()
