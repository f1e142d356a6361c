import ctypes


class Handle:
    def __init__(self, value):
        self.buffer = ctypes.create_string_buffer(value)
        self.pointer = ctypes.pointer(self.buffer)


def load():
    return Handle(b"one")


def answer(handle):
    return handle.buffer.value
