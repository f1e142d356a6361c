import codecs

def enc(s, errors='strict'):
    return s.title().encode(), len(s)

codecs.register(lambda n: codecs.CodecInfo(enc, None, name='own') if n == 'own' else None)
