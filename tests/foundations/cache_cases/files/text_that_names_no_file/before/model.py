def answer(text):
    return text.upper()
