import patch
import string

def answer():
    import mimetypes
    return mimetypes.types_map.get('.own')
