from .impl import scale, shift
